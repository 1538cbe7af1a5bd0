import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import type { StudioError } from '#shared/errors.ts';
import { commandLineHint, exitCodeOf, toStudioError } from '#shared/errors.ts';
import { registerAnalyzeCommand } from './commands/analyze.ts';
import { registerBenchCommand } from './commands/bench.ts';
import { registerCheckpointCommands } from './commands/checkpoint.ts';
import { registerDataCommands } from './commands/data.ts';
import { registerDuplicatesCommand } from './commands/duplicates.ts';
import { registerEvaluateCommand } from './commands/evaluate.ts';
import { registerExcludeCommand } from './commands/exclude.ts';
import { registerExportCommand } from './commands/export.ts';
import { registerImportCommand } from './commands/import.ts';
import { registerPredictCommand } from './commands/predict.ts';
import { registerPseudoLabelCommand } from './commands/pseudo-label.ts';
import { registerQueryCommands } from './commands/query.ts';
import type { Action } from './commands/register.ts';
import { registerRoundsCommands } from './commands/rounds.ts';
import { registerReviewCommands } from './commands/review.ts';
import { registerRunsCommands } from './commands/runs.ts';
import { registerSafekeepingCommands } from './commands/safekeeping.ts';
import { registerServeCommands } from './commands/serve.ts';
import { registerSubsetCommands } from './commands/subsets.ts';
import { registerSystemCommands } from './commands/system.ts';
import { registerTrainCommand } from './commands/train.ts';
import { registerTunnelCommand } from './commands/tunnel.ts';
import { registerWorkerCommand } from './commands/worker.ts';
import { registerWorkersCommands } from './commands/workers.ts';
import type { CommandContext } from './commands/context.ts';
import { ProgressPrinter } from './commands/output.ts';
import { type Connection, connect, errorOfClient } from './connection.ts';
import { STUDIO_VERSION } from './version.ts';

interface GlobalOptions {
  readonly workspace: string;
  readonly json: boolean;
  readonly debug: boolean;
}

/** The command line: parses, runs one command, prints its result on stdout and everything else on stderr, and ends with its exit code. */
async function main(): Promise<void> {
  const program = new Command('face2exp')
    .description('Face2Exp Studio: facial expression recognition with unlabeled faces')
    .version(STUDIO_VERSION)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const commands = [
    registerSystemCommands,
    registerDataCommands,
    registerImportCommand,
    registerSubsetCommands,
    registerQueryCommands,
    registerAnalyzeCommand,
    registerDuplicatesCommand,
    registerExcludeCommand,
    registerExportCommand,
    registerSafekeepingCommands,
    registerTrainCommand,
    registerWorkerCommand,
    registerWorkersCommands,
    registerTunnelCommand,
    registerRunsCommands,
    registerReviewCommands,
    registerPredictCommand,
    registerEvaluateCommand,
    registerPseudoLabelCommand,
    registerRoundsCommands,
    registerCheckpointCommands,
    registerBenchCommand,
    registerServeCommands,
  ];
  for (const register of commands) register(program, actionRunner);
  addGlobalOptions(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Asking for help or the version is no error.
    if (error.exitCode === 0) return;
    const message = error.message.replace(/^error: /, '').replace(/\.?$/, '.');
    if (error.code === 'commander.help') process.stderr.write(program.helpInformation());
    else process.stderr.write(`${message}\nSee face2exp --help.\n`);
    process.exitCode = 2;
  }
}

/** Every command takes these, after its name. */
function addGlobalOptions(command: Command): void {
  if (command.commands.length === 0) {
    command.addOption(
      new Option('--workspace <folder>', 'the workspace').default(process.env['FACE2EXP_WORKSPACE'] ?? './workspace'),
    );
    command.option('--json', 'one JSON document on stdout', false).option('--debug', 'stack traces', false);
  }
  for (const child of command.commands) {
    child.exitOverride().configureOutput({ writeErr: () => undefined });
    addGlobalOptions(child);
  }
}

const actionRunner: Action =
  (work) =>
  async (...parameters) => {
    const command = parameters.at(-1) as Command;
    const options = command.opts<GlobalOptions>();
    const names = parameters.slice(0, -2) as string[];
    const connections: Connection[] = [];
    const context = createContext(options, connections);
    onInterrupts((count, exitCode) => {
      if (context.onInterrupt === undefined) process.exit(exitCode);
      context.onInterrupt(count);
    });
    try {
      await work(context, options as never, ...names);
    } catch (thrown) {
      report(errorOfClient(thrown), context, options.debug);
    } finally {
      await Promise.all(connections.map((connection) => connection.close()));
    }
  };

/** Signals that come closer together than this are one: a signal to a process group arrives once by each of its senders. */
const SAME_INTERRUPT_MILLISECONDS = 500;

function onInterrupts(listener: (count: number, exitCode: number) => void): void {
  let count = 0;
  let last = -Infinity;
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - last < SAME_INTERRUPT_MILLISECONDS) return;
      last = now;
      listener(++count, exitCode);
    });
  }
}

function createContext(options: GlobalOptions, connections: Connection[]): CommandContext {
  const workspace = resolve(options.workspace);
  const progress = new ProgressPrinter();
  return {
    workspace,
    progress,
    result: (document, text) => {
      progress.finish();
      process.stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${text}\n`);
    },
    connect: async (options) => {
      const connection = await connect(workspace, {
        serves: options?.serves ?? false,
        log: (line) => progress.line(line),
      });
      connections.push(connection);
      return connection;
    },
    onInterrupt: undefined,
  };
}

function report(error: StudioError, context: CommandContext, debug: boolean): void {
  context.progress.finish();
  const hint = commandLineHint(error);
  process.stderr.write(`${error.message}\n${hint === undefined ? '' : `${hint}\n`}`);
  if (debug)
    process.stderr.write(
      `${error.stack ?? ''}\n${error.cause instanceof Error ? `Caused by: ${error.cause.stack ?? ''}\n` : ''}`,
    );
  process.exitCode = exitCodeOf(error);
}

await main().catch((error: unknown) => {
  const studioError = toStudioError(error);
  process.stderr.write(`${studioError.message}\n${commandLineHint(studioError) ?? ''}\n`);
  process.exitCode = exitCodeOf(studioError);
});
