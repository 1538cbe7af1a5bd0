import { classColumnsOf, placeColumns } from '../../audit/rounds/class-columns.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { TrainingEvent } from '../../training/events.ts';

/**
 * Keeps what a network of a run said while it trained, as a round. A step repeated after a crash says the same again, in the same round.
 * @param event its images are those of the run's unlabeled set, in ascending order.
 */
export function keepTrainingRound(
  catalog: Catalog,
  run: string,
  { network, step, images, probabilities, seconds }: Extract<TrainingEvent, { type: 'round' }>,
): void {
  const { request, snapshot } = catalog.runs.get(run);
  const source = request.unlabeled;
  if (source === undefined) return;
  const columns = classColumnsOf(snapshot.classes, `Run ${run}`);
  const name = `${run} ${network} step ${step} while training`;
  const known = catalog.rounds.find(name);
  const { classCount } = columns;
  const total = images.length;
  const { id } =
    known ??
    catalog.rounds.create({ name, source, origin: 'training', run, network, step, file: null, classCount, total });
  if (known !== undefined) catalog.pseudoLabels.clear(id);
  catalog.pseudoLabels.add(id, { images, classCount, probabilities: placeColumns(probabilities, columns) });
  catalog.rounds.update(id, { status: 'finished', total, seconds });
}
