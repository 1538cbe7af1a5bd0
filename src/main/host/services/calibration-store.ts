import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError, toStudioError } from '#shared/errors.ts';
import { calibrationFileSchema, type FittedTemperature } from '#shared/evaluation.ts';
import type { NetworkName } from '#shared/training.ts';
import type { EngineModel } from '../../engine/messages.ts';
import { writeFileAtomically } from '../../interchange/atomic-file.ts';

/**
 * `calibration.json` in a checkpoint's folder, or `FILE.calibration.json` beside a file of weights. When training replaces a checkpoint its
 * temperatures go with it: they would be another network's.
 */
function calibrationFile(checkpoint: string): string {
  return statSync(checkpoint).isDirectory() ? join(checkpoint, 'calibration.json') : `${checkpoint}.calibration.json`;
}

/** The temperature that was fitted for a network, or null. @throws StudioError 'corrupt' for a damaged file. */
export async function readTemperature({ checkpoint, network }: EngineModel): Promise<FittedTemperature | null> {
  return (await readCalibration(checkpoint))[network] ?? null;
}

/** Keeps the temperature of a network; those of the checkpoint's other networks stay. */
export async function saveTemperature({ checkpoint, network }: EngineModel, fitted: FittedTemperature): Promise<void> {
  const networks = { ...(await readCalibration(checkpoint)), [network]: fitted };
  const text = JSON.stringify({ format: 1, networks }, null, 2);
  await writeFileAtomically(calibrationFile(checkpoint), [Buffer.from(`${text}\n`)]);
}

async function readCalibration(checkpoint: string): Promise<Partial<Record<NetworkName, FittedTemperature>>> {
  const file = calibrationFile(checkpoint);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw toStudioError(error);
  }
  try {
    return calibrationFileSchema.parse(JSON.parse(text)).networks;
  } catch (cause) {
    throw new StudioError('corrupt', `${file} is damaged.`, {
      hint: 'Delete it and calibrate again.',
      commandLine: '`evaluate --calibrate`',
      cause,
    });
  }
}
