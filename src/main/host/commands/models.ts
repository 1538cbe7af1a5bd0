import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { StudioError } from '#shared/errors.ts';
import type { ModelRequest } from '#shared/requests.ts';
import { NETWORKS, type NetworkName } from '#shared/training.ts';
import { checkCheckpointFile } from '../../interchange/checkpoint-file.ts';
import type { Connection } from '../connection.ts';
import { findRun } from './find-run.ts';

export interface ModelOptions {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly network?: NetworkName;
}

export const networkOption = (): Option =>
  new Option('--network <network>', 'which network (default: the one validation chose)').choices([...NETWORKS]);

/** The network that a command's --run or --checkpoint names. @throws StudioError 'usage' unless it is one of the two. */
export async function modelOf(connection: Connection, options: ModelOptions): Promise<ModelRequest> {
  const network = options.network === undefined ? {} : { network: options.network };
  if ((options.run === undefined) === (options.checkpoint === undefined)) {
    throw new StudioError('usage', 'Name the network: either --run RUN or --checkpoint PATH.');
  }
  if (options.checkpoint !== undefined) return { checkpoint: await checkpointOf(options.checkpoint), ...network };
  return { run: (await findRun(connection, options.run!)).id, ...network };
}

/** A path, unless it can only be the name of an imported network. @throws StudioError, before TensorFlow is started, for a bad file. */
async function checkpointOf(place: string): Promise<string> {
  const path = resolve(place);
  if (!existsSync(path)) return /[\\/]/.test(place) ? path : place;
  if (statSync(path).isFile()) await checkCheckpointFile(path);
  return path;
}
