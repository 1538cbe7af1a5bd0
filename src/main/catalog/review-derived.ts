import type { DecisionBatch } from '#shared/review.ts';
import type { Connection } from './database.ts';
import { NEWEST_STANDING } from './decisions.ts';

interface Act {
  readonly id: number;
  readonly kind: DecisionBatch['kind'];
  readonly reviewer: number;
  readonly target: number | null;
}
type State = NonNullable<DecisionBatch['state']>;

const DERIVED = `SELECT image_id, batch_id, verdict, to_label AS label FROM decision AS changed
  WHERE batch_id = (${NEWEST_STANDING})`;
const COUNTED =
  'SELECT verdict, ifnull(label, -1) AS label, count(*) AS count FROM review GROUP BY verdict, ifnull(label, -1)';

/** Goes through the whole log as it was written. @returns the state of every act that decided something. */
function replay(connection: Connection): Map<number, { readonly reviewer: number; state: State }> {
  const states = new Map<number, { readonly reviewer: number; state: State }>();
  const acts = connection
    .prepare<[], Act>('SELECT id, kind, reviewer_id AS reviewer, target FROM decision_batch ORDER BY id')
    .iterate();
  const undone = new Map<number, Set<number>>();
  for (const { id, kind, reviewer, target } of acts) {
    const ofReviewer = undone.get(reviewer) ?? new Set();
    undone.set(reviewer, ofReviewer);
    if (kind === 'decision') {
      for (const other of ofReviewer) states.get(other)!.state = 'abandoned';
      ofReviewer.clear();
      states.set(id, { reviewer, state: 'standing' });
      continue;
    }
    states.get(target!)!.state = kind === 'undo' ? 'undone' : 'standing';
    if (kind === 'undo') ofReviewer.add(target!);
    else ofReviewer.delete(target!);
  }
  return states;
}

/** @returns a sentence for each derived table that is not what the log says. Reads all of the log. */
export function checkDerived(connection: Connection): string[] {
  const states = replay(connection);
  const kept = connection
    .prepare<[], { id: number; reviewer: number; state: State }>(
      'SELECT batch_id AS id, reviewer_id AS reviewer, state FROM decision_state',
    )
    .all();
  const wrongStates =
    kept.filter(({ id, reviewer, state }) => {
      const told = states.get(id);
      return told?.reviewer !== reviewer || told.state !== state;
    }).length + Math.max(0, states.size - kept.length);
  const differences = (table: string, columns: string, derived: string): number =>
    connection
      .prepare<[], number>(
        `WITH kept AS (SELECT ${columns} FROM ${table}), told AS (${derived})
         SELECT (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM told))
              + (SELECT count(*) FROM (SELECT * FROM told EXCEPT SELECT * FROM kept))`,
      )
      .pluck()
      .get()!;
  const wrongImages = connection
    .prepare<[], number>(
      `SELECT count(*) FROM image LEFT JOIN review ON review.image_id = image.id WHERE reviewed <>
       CASE verdict WHEN 'accept' THEN 1 WHEN 'relabel' THEN 2 WHEN 'reject' THEN 3 WHEN 'unsure' THEN 4 ELSE 0 END`,
    )
    .pluck()
    .get()!;
  const wrong: readonly (readonly [string, number])[] = [
    ['image.reviewed', wrongImages],
    ['decision_state', wrongStates],
    ['review', differences('review', 'image_id, batch_id, verdict, label', DERIVED)],
    ['review_count', differences('(SELECT * FROM review_count WHERE count <> 0)', 'verdict, label, count', COUNTED)],
  ];
  return wrong
    .filter(([, rows]) => rows > 0)
    .map(([table, rows]) => `What is kept in ${table} differs from the log of decisions: ${rows} rows.`);
}

/** Derives everything anew from the log and keeps that. */
export function rebuildDerived(connection: Connection): void {
  connection.transaction(() => {
    const states = replay(connection);
    connection.exec('DELETE FROM decision_state');
    const insert = connection.prepare('INSERT INTO decision_state (batch_id, reviewer_id, state) VALUES (?, ?, ?)');
    for (const [id, { reviewer, state }] of states) insert.run(id, reviewer, state);
    connection.exec(
      // The triggers of `review` follow; what it does not know of is set here.
      `UPDATE image SET reviewed = 0 WHERE reviewed <> 0; DELETE FROM review; INSERT INTO review (image_id, batch_id, verdict, label) ${DERIVED};
       DELETE FROM review_count; INSERT INTO review_count (verdict, label, count) ${COUNTED};`,
    );
  })();
}
