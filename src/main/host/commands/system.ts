import { StudioError } from '#shared/errors.ts';
import { ensureRuntime } from '../../tensorflow/setup/ensure-runtime.ts';
import { ProgressMeter } from '../../jobs/progress.ts';
import { type GoldenResult, runGoldens } from '../goldens.ts';
import { formatTable } from './output.ts';
import type { Register } from './register.ts';

/** setup, doctor, goldens. */
export const registerSystemCommands: Register = (program, action) => {
  program
    .command('setup')
    .description('get the TensorFlow runtime, build its binding and check it')
    .option('--gpu', 'the GPU runtime', false)
    .option('--cpu', 'the CPU runtime', false)
    .action(
      action(async (context, { gpu, cpu }: { gpu: boolean; cpu: boolean }) => {
        if (gpu && cpu) throw new StudioError('usage', 'Choose --gpu or --cpu, or neither to let the studio choose.');
        const abort = new AbortController();
        context.onInterrupt = () =>
          abort.abort(new StudioError('cancelled', 'Set-up was stopped.', { hint: 'Run it again to continue.' }));
        const meter = new ProgressMeter();
        const runtime = await ensureRuntime({
          device: gpu ? 'gpu' : cpu ? 'cpu' : 'auto',
          signal: abort.signal,
          onProgress: ({ done, total, message }) =>
            context.progress.update({ label: message, unit: 'bytes', ...meter.read(done, total) }),
        });
        context.result({ runtime, ok: true }, `TensorFlow ${runtime.version} is ready on ${runtime.deviceName}.`);
      }),
    );

  program
    .command('doctor')
    .description('check node, runtime, devices, sqlite, sharp, electron, browser and disk')
    .action(
      action(async (context) => {
        const connection = await context.connect();
        const report = await connection.client.system.doctor.query();
        const lines = report.checks.map(
          (check) =>
            `${check.ok ? '✓' : check.optional ? '–' : '✗'} ${check.name}: ${check.detail}${check.fix === '' ? '' : `\n    ${check.fix}`}`,
        );
        context.result(report, lines.join('\n'));
        if (!report.ok) process.exitCode = 1;
      }),
    );

  program
    .command('goldens')
    .description('run every golden case in a folder')
    .argument('<folder>')
    .option('--group <group...>', 'only these groups')
    .action(
      action(async (context, options: { group?: string[] }, folder) => {
        const cases: GoldenResult[] = await runGoldens(folder!, options.group, (line) => context.progress.line(line));
        const failed = cases.filter((result) => !result.ok).length;
        const rows = cases.map((result) => [
          result.ok ? 'ok' : 'FAILED',
          result.name,
          result.maxError.toExponential(2),
          result.tolerance.toExponential(0),
          result.detail ?? '',
        ]);
        context.result(
          { cases, passed: cases.length - failed, failed },
          `${formatTable(['', 'case', 'largest error', 'tolerance', ''], rows)}\n${cases.length - failed} passed, ${failed} failed`,
        );
        if (failed > 0) process.exitCode = 1;
      }),
    );
};
