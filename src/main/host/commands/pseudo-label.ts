import { resolve } from 'node:path';
import { Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import type { Job } from '#shared/jobs.ts';
import type { RoundResult } from '#shared/rounds.ts';
import { NETWORKS, type NetworkName } from '#shared/training.ts';
import type { Connection } from '../connection.ts';
import { clusterOf } from './cluster-options.ts';
import { followJob } from './context.ts';
import { findRun } from './find-run.ts';
import { formatCount } from './output.ts';
import type { Register } from './register.ts';
import { roundText } from './round-text.ts';
import { naturalNumber } from './values.ts';

interface PseudoLabelOptions {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly from?: string;
  readonly network?: NetworkName;
  readonly step?: number;
  readonly source: string;
  readonly name?: string;
  readonly embeddings: boolean;
  readonly cluster?: string;
  readonly workerTimeout?: string;
}

/** Problems shown of a result. */
const PROBLEMS_SHOWN = 20;

/** pseudo-label. */
export const registerPseudoLabelCommand: Register = (program, action) => {
  program
    .command('pseudo-label')
    .description('a round of pseudo labels over a source, by a network or from a file; a rerun continues')
    .option('--run <run>', 'a run of this workspace')
    .option('--checkpoint <path>', 'a checkpoint folder, a file of weights, or an imported network’s name')
    .option('--from <file>', 'csv, JSON Lines, Parquet or npz with path (or id) and probabilities, of any program')
    .addOption(
      new Option('--network <network>', 'which network (default: the one validation chose)').choices([...NETWORKS]),
    )
    .option('--step <step>', 'the checkpoint a run kept after so many steps; of a file: what it is of', naturalNumber)
    .requiredOption('--source <name>', 'whose images')
    .option('--name <name>', 'of the round')
    .option('--no-embeddings', 'leave out what the network’s last layer saw, 1 to 4 KB an image')
    .option('--cluster <workers>', 'HOST:PORT,… of machines that label side by side, or @FILE (see `worker`)')
    .option('--worker-timeout <seconds>', 'nothing heard of a worker for so long, and it is done without (10)')
    .action(
      action(async (context, options: PseudoLabelOptions) => {
        const connection = await context.connect({ serves: true });
        const job = await startJob(connection, options);
        await followJob(context, connection, job);
        const result = (await connection.client.jobs.result.query({ id: job.id })) as RoundResult;
        context.result(result, resultText(result));
      }),
    );
};

async function startJob(connection: Connection, options: PseudoLabelOptions): Promise<Job> {
  const { run, checkpoint, from, network, step, source, name, embeddings } = options;
  const origins = [run, checkpoint, from].filter((origin) => origin !== undefined);
  if (origins.length !== 1) {
    throw new StudioError('usage', 'Name one origin of the labels: --run RUN, --checkpoint PATH or --from FILE.');
  }
  const { rounds } = connection.client;
  if (from !== undefined) {
    if (name === undefined) throw new StudioError('usage', 'A round from a file needs a name: --name NAME.');
    return rounds.importFile.mutate({ file: resolve(from), source, name, network, step });
  }
  const model = run === undefined ? { checkpoint: checkpoint! } : { run: (await findRun(connection, run)).id };
  return rounds.label.mutate({ ...model, network, step, source, name, embeddings, cluster: clusterOf(options) });
}

function resultText(result: RoundResult): string {
  const { problems, errors } = result;
  return [
    roundText(result),
    ...(problems === 0 ? [] : [`${formatCount(problems)} without a label:`]),
    ...errors
      .slice(0, PROBLEMS_SHOWN)
      .map(
        ({ line, place, reason }) => `  ${[...(line === null ? [] : [`line ${line}`]), place].join(' ')}: ${reason}`,
      ),
    ...(problems > PROBLEMS_SHOWN ? [`  … \`rounds show ${result.id} --problems\` lists more.`] : []),
  ].join('\n');
}
