import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#shared/errors.ts';
import { evaluationIdSchema, type EvaluationRecord, evaluationRecordSchema } from '#shared/evaluation.ts';
import type { NetworkAnswers } from '../../evaluation/class-mapping.ts';
import { openSafetensorsFile, readSafetensors, writeSafetensors } from '../../interchange/safetensors.ts';
import type { Workspace } from '../workspace.ts';

const EXTENSION = '.safetensors';
const DESCRIPTION = 'evaluation';

export type NewRecord = Omit<EvaluationRecord, 'id'>;
export interface StoredEvaluation {
  readonly record: EvaluationRecord;
  readonly answers: NetworkAnswers;
}

/**
 * What networks said about images, a file for each evaluation: `image` [N] catalog ids, `label` [N] class indices, `probability` [N×K], and
 * what it is as JSON in the metadata. Evaluations of a run lie in its folder and go with it.
 */
export class EvaluationStore {
  readonly #workspace: Workspace;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Keeps an evaluation; the same network on the same split under the same map takes the place of the one before. */
  save(record: NewRecord, answers: Omit<NetworkAnswers, 'networkClasses'>): Promise<EvaluationRecord> {
    // One after the other: each takes the next free number.
    const saved = this.#saving.then(() => this.#write(record, answers));
    this.#saving = saved.catch(() => undefined); // whoever saves is told
    return saved;
  }

  async #write(record: NewRecord, answers: Omit<NetworkAnswers, 'networkClasses'>): Promise<EvaluationRecord> {
    const known = await this.list(record.run);
    const same = known.find((other) => placeOf(other) === placeOf(record));
    const number = 1 + Math.max(0, ...known.map(({ id }) => numberOf(id)));
    const id = same?.id ?? `${folderOf(record.run)}/${number}`;
    const complete: EvaluationRecord = { ...record, id };
    await mkdir(join(this.#workspace.directory, folderOf(record.run)), { recursive: true });
    const count = answers.labels.length;
    await writeSafetensors(
      this.#file(id),
      new Map([
        ['image', { dtype: 'I64', shape: [count], data: BigInt64Array.from(Array.from(answers.ids), BigInt) }],
        ['label', { dtype: 'I32', shape: [count], data: Int32Array.from(answers.labels) }],
        [
          'probability',
          {
            dtype: 'F32',
            shape: [count, record.networkClasses.length],
            data: Float32Array.from(answers.probabilities),
          },
        ],
      ]),
      { [DESCRIPTION]: JSON.stringify(complete) },
    );
    return complete;
  }

  /** Those of a run, or of checkpoints of no run; the newest first. Damaged files are left out: reading one says so. */
  async list(run: string | null): Promise<EvaluationRecord[]> {
    const folder = folderOf(run);
    const path = join(this.#workspace.directory, folder);
    const names = existsSync(path) ? await readdir(path) : [];
    const ids = names
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => `${folder}/${name.slice(0, -EXTENSION.length)}`)
      .filter((id) => evaluationIdSchema.safeParse(id).success);
    const records = await Promise.all(ids.map((id) => this.#record(id).catch(damagedAsNull)));
    return records
      .filter((record) => record !== null)
      .toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  }

  /** @throws StudioError 'not-found' for an unknown one, 'corrupt' for a damaged file. */
  async read(id: string): Promise<StoredEvaluation> {
    const file = this.#file(id);
    const { tensors, metadata } = await readSafetensors(file).catch((error: unknown) => {
      throw notFoundOr(error, id);
    });
    const record = recordFrom(metadata, file, id);
    const [ids, labels, probabilities] = ['image', 'label', 'probability'].map((name) => tensors.get(name)?.data);
    if (
      !(ids instanceof BigInt64Array && labels instanceof Int32Array && probabilities instanceof Float32Array) ||
      ids.length !== labels.length ||
      probabilities.length !== labels.length * record.networkClasses.length
    ) {
      throw corrupt(file, 'it does not hold image, label and probability as it should');
    }
    const answers = { ids: Float64Array.from(ids, Number), labels, probabilities };
    return { record, answers: { ...answers, networkClasses: record.networkClasses } };
  }

  async #record(id: string): Promise<EvaluationRecord> {
    const file = this.#file(id);
    const opened = await openSafetensorsFile(file).catch((error: unknown) => {
      throw notFoundOr(error, id);
    });
    await opened.close();
    return recordFrom(opened.metadata, file, id);
  }

  #file(id: string): string {
    return join(this.#workspace.directory, `${evaluationIdSchema.parse(id)}${EXTENSION}`);
  }
}

function folderOf(run: string | null): string {
  return run === null ? 'evaluations' : `runs/${run}/evaluations`;
}

function numberOf(id: string): number {
  return Number(id.split('/').at(-1));
}

/** What makes two evaluations the same. */
function placeOf({ checkpoint, network, step, split, map }: NewRecord): string {
  return JSON.stringify([checkpoint, network, step, split, Object.entries(map).toSorted()]);
}

function recordFrom(metadata: Readonly<Record<string, string>>, file: string, id: string): EvaluationRecord {
  let description: unknown;
  try {
    description = JSON.parse(metadata[DESCRIPTION] ?? '');
  } catch (error) {
    throw corrupt(file, 'it does not say what it is', error);
  }
  const record = evaluationRecordSchema.safeParse(description);
  if (!record.success) throw corrupt(file, 'it does not say all of what it is', record.error);
  return { ...record.data, id };
}

function damagedAsNull(error: unknown): null {
  if (error instanceof StudioError && error.code === 'corrupt') return null;
  throw error;
}

function notFoundOr(error: unknown, id: string): unknown {
  if (!(error instanceof StudioError && error.code === 'not-found')) return error;
  return new StudioError('not-found', `There is no evaluation ${id} in this workspace.`, {
    hint: 'Evaluate the network again.',
    cause: error,
  });
}

function corrupt(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('corrupt', `The evaluation ${file} is damaged: ${reason}.`, {
    hint: 'Evaluate the network again.',
    cause,
  });
}
