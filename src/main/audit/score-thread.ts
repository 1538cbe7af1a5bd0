import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StudioError } from '#shared/errors.ts';
import type { RankInput, SuspicionScores } from './suspicions.ts';

/** {@link scoreSuspicions} in a thread of its own, so that the host goes on answering. @throws StudioError 'internal' when the thread stopped. */
export async function scoreInThread(input: RankInput): Promise<SuspicionScores> {
  const worker = new Worker(new URL('./score-worker.ts', import.meta.url), { name: 'suspicions', workerData: input });
  try {
    const [scores] = (await Promise.race([once(worker, 'message'), ended(worker)])) as [SuspicionScores];
    return scores;
  } catch (error) {
    throw new StudioError('internal', 'The ranking of labels stopped.', {
      hint: 'Try again; if memory ran out, close other programs first.',
      cause: error,
    });
  } finally {
    await worker.terminate();
  }
}

/** Rejects when the thread ends without an answer. */
async function ended(worker: Worker): Promise<never> {
  const [code] = (await once(worker, 'exit')) as [number];
  throw new Error(`exit code ${code}`);
}
