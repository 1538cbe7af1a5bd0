import type { ClusterRequest } from '#shared/cluster.ts';
import type { ManifestImage } from '#shared/images.ts';
import type { EngineModel } from '../../engine/messages.ts';
import type { NetworkPredictions } from '../../training/evaluate.ts';
import { WorkerPool } from './worker-pool.ts';

/** Images of one question: some seconds of work, and all that is lost with a worker that is gone. */
const LIST = 2048;

interface Question {
  readonly model: EngineModel;
  readonly images: readonly ManifestImage[];
  /** Threads that decode, in each worker. */
  readonly workers: number;
  readonly split: string;
}

/** What a network says of labeled images, by workers that share them; as one engine would say it. @throws StudioError as {@link WorkerPool}. */
export async function predictOnWorkers(
  cluster: ClusterRequest,
  { model, images, workers, split }: Question,
  report: (done: number, total: number, message?: string) => void,
  signal: AbortSignal,
): Promise<NetworkPredictions> {
  let done = 0;
  const log = (message: string): void => report(done, images.length, message);
  const pool = await WorkerPool.open({ cluster, purpose: `Evaluate on ${split}`, model, images, log });
  const begun = performance.now();
  try {
    const lists = Array.from({ length: Math.ceil(images.length / LIST) }, (_, index) =>
      images.slice(index * LIST, (index + 1) * LIST),
    );
    const answers = await Promise.all(
      lists.map(async (list) => {
        const answer = await pool.ask({ kind: 'evaluate', model: pool.model, images: list, workers }, signal);
        done += list.length;
        report(done, images.length);
        return answer;
      }),
    );
    const { step, classes } = answers[0]!;
    const ids = Float64Array.from(answers.flatMap((answer) => [...answer.ids]));
    return {
      ...{ step, classes, ids },
      labels: Int32Array.from(answers.flatMap((answer) => [...answer.labels])),
      probabilities: Float32Array.from(answers.flatMap((answer) => [...answer.probabilities])),
      failed: answers.reduce((sum, { failed }) => sum + failed, 0),
      imagesPerSecond: (1000 * ids.length) / (performance.now() - begun),
    };
  } finally {
    pool.close();
  }
}
