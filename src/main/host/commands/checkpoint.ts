import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import { NETWORKS, type NetworkName } from '#shared/training.ts';
import { checkCheckpointFile } from '../../interchange/checkpoint-file.ts';
import type { CheckpointFormat } from '../../training/checkpoint-export.ts';
import type { CheckpointReport } from '../../training/checkpoint-report.ts';
import { importedNetwork, openWorkspace } from '../workspace.ts';
import type { CommandContext } from './context.ts';
import { findRun } from './find-run.ts';
import { formatTable } from './output.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

const FORMATS = ['safetensors', 'pytorch', 'onnx', 'saved-model'] as const satisfies readonly CheckpointFormat[];
const USUAL_IMAGE_SIZE = 224;
/** Names listed of a long account; --json has them all. */
const LISTED_NAMES = 10;

interface ImportOptions {
  readonly as?: string;
  readonly classes?: string;
  readonly imageSize: number;
  readonly releaseCrop: boolean;
}

interface ExportOptions {
  readonly network?: NetworkName;
  readonly format?: CheckpointFormat;
  readonly to: string;
}

/** checkpoint inspect, import, export. What maps networks is loaded once a file proved to be one. */
export const registerCheckpointCommands: Register = (program, action) => {
  const checkpoint = program
    .command('checkpoint')
    .description('weights in and out: PyTorch, safetensors, ONNX, TensorFlow SavedModel');

  checkpoint
    .command('inspect')
    .description('what a file holds, and how its networks fit torchvision’s names; nothing in it is run')
    .argument('<file>')
    .action(
      action(async (context, _options, file) => {
        const path = weightsOf(resolve(file!));
        await checkCheckpointFile(path);
        const { inspectCheckpoint } = await import('../../training/checkpoint-report.ts');
        const report = await inspectCheckpoint(path);
        context.result(report, reportText(report));
      }),
    );

  checkpoint
    .command('import')
    .description('take the networks of a file into the workspace; predict and evaluate use them by --checkpoint NAME')
    .argument('<file>')
    .option('--as <name>', 'the name to give it (default: the file’s)')
    .option('--classes <names>', 'its classes in its order, with commas between (default: the studio’s)')
    .option('--image-size <pixels>', 'side of the image it was trained on', positiveInteger, USUAL_IMAGE_SIZE)
    .option('--release-crop', 'it was trained on crops out of 256 pixels, whatever the image size', false)
    .action(
      action(async (context, { as, classes, imageSize, releaseCrop }: ImportOptions, file) => {
        const path = weightsOf(resolve(file!));
        await checkCheckpointFile(path);
        const name = as ?? basename(resolve(file!)).replace(/(\.(pth|pt|bin|ckpt|tar|safetensors|onnx))+$/i, '');
        const target = importedNetwork(openWorkspace(context.workspace), name);
        const { importCheckpoint } = await import('../../training/checkpoint-import.ts');
        const names = classes?.split(',').map((one) => one.trim());
        const settings = { imageSize, releaseCrop, ...(names !== undefined && { classes: names }) };
        const report = await importCheckpoint(path, target, settings);
        context.result(
          { name, ...report },
          `${reportText(report)}\nIt is ${report.file}; use it with --checkpoint ${name}.`,
        );
      }),
    );

  checkpoint
    .command('export')
    .description('write a network of a run, an imported network or a checkpoint file for other programs')
    .argument('<source>', 'a run, an imported network’s name, or a checkpoint’s path')
    .addOption(
      new Option(
        '--network <network>',
        'which network (default: the one validation chose; with pytorch, the whole run, which the released program resumes)',
      ).choices([...NETWORKS]),
    )
    .addOption(new Option('--format <format>', 'what to write (default: as the path ends)').choices([...FORMATS]))
    .requiredOption('--to <path>', 'the file to write; saved-model: the folder')
    .action(
      action(async (context, { network, format: wanted, to }: ExportOptions, source) => {
        const format = wanted ?? formatOf(to);
        const found = await findSource(context, source!, network);
        const { exportNetwork, exportRun } = await import('../../training/checkpoint-export.ts');
        const isWhole = format === 'pytorch' && network === undefined && found.last !== null;
        const report = isWhole
          ? await exportRun(found.last!, resolve(to))
          : await exportNetwork(found.checkpoint(), found.network, format, resolve(to));
        const what = report.network === null ? 'the whole run' : `the network ${report.network}`;
        context.result(report, `${reportText(report)}\nWrote ${what} as ${format}; it was read back and is equal.`);
      }),
    );
};

function formatOf(path: string): CheckpointFormat {
  if (/\.safetensors$/i.test(path)) return 'safetensors';
  if (/\.(pth|pt|pth\.tar)$/i.test(path)) return 'pytorch';
  if (/\.onnx$/i.test(path)) return 'onnx';
  throw new StudioError('usage', `What ${path} should be cannot be told from its name.`, {
    hint: `Say it: --format ${FORMATS.join(', ')}.`,
  });
}

/** A checkpoint of the studio is a folder with its weights in a file. */
function weightsOf(path: string): string {
  const weights = join(path, 'weights.safetensors');
  return existsSync(weights) ? weights : path;
}

interface ExportSource {
  readonly network: NetworkName;
  /** The folder or file that holds it. @throws StudioError 'not-found'. */
  readonly checkpoint: () => string;
  /** The newest checkpoint of a run. */
  readonly last: string | null;
}

async function findSource(context: CommandContext, name: string, network?: NetworkName): Promise<ExportSource> {
  const path = resolve(name);
  const imported = /[\\/]/.test(name) ? '' : importedNetwork(openWorkspace(context.workspace), name);
  const file = [path, imported].find((candidate) => candidate !== '' && existsSync(candidate));
  if (file !== undefined) {
    const isFolder = existsSync(join(file, 'state.json'));
    return { network: network ?? 'adaptation', checkpoint: () => file, last: isFolder ? file : null };
  }
  const connection = await context.connect();
  const run = await findRun(connection, name);
  const chosen = network ?? run.best?.network ?? 'adaptation';
  const folderOf = (...names: string[]): string | undefined =>
    names.map((one) => join(run.directory, one)).find((folder) => existsSync(folder));
  return {
    network: chosen,
    last: folderOf('last', 'best') ?? null,
    checkpoint: () => {
      const folder = chosen === 'finetuned' ? folderOf('finetuned') : folderOf('best', 'last');
      if (folder !== undefined) return folder;
      throw new StudioError('not-found', `Run ${name} has no checkpoint with the network ${chosen} yet.`, {
        hint: 'Let it go on, or choose another network.',
      });
    },
  };
}

function reportText(report: CheckpointReport): string {
  const lines = [`${report.path}: ${report.kind}, ${report.tensors.length} tensors.`];
  if (report.networks.length === 0) lines.push('It holds no residual network of torchvision’s names.');
  else {
    const rows = report.networks.map((network) => [
      network.network ?? '',
      network.place + (network.prefix === '' ? '' : ` ${network.prefix}`),
      network.architecture ?? `${network.block} ${network.layers.join('-')}`,
      network.width,
      network.classes,
      network.mapped,
      network.missing.length,
      network.extra.length,
      network.misshaped.length,
    ]);
    const head = ['network', 'place', 'architecture', 'width', 'classes', 'mapped', 'missing', 'extra', 'mis-shaped'];
    lines.push(formatTable(head, rows));
  }
  const misshaped = report.misshaped.map(
    ({ name, shape, expected }) => `${name} (${shape.join('×')}, should be ${expected.join('×')})`,
  );
  for (const [what, names] of Object.entries({
    Missing: report.missing,
    Extra: report.extra,
    'Mis-shaped': misshaped,
  })) {
    if (names.length === 0) continue;
    lines.push(`${what}: ${names.slice(0, LISTED_NAMES).join(', ')}${names.length > LISTED_NAMES ? ', …' : ''}`);
  }
  return lines.join('\n');
}
