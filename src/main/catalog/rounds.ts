import { StudioError } from '#shared/errors.ts';
import { classNames } from '#shared/expressions.ts';
import { PROBLEMS_KEPT, type Round, type RoundOrigin, type RoundProblem, type RoundStatus } from '#shared/rounds.ts';
import type { NetworkName } from '#shared/training.ts';
import type { Connection } from './database.ts';
import type { SourceTable } from './sources.ts';

export interface NewRound {
  readonly name: string;
  readonly source: string;
  readonly origin: RoundOrigin;
  readonly run: string | null;
  readonly network: NetworkName | null;
  readonly step: number | null;
  /** The checkpoint or the file it is made from. */
  readonly file: string | null;
  readonly classCount: number;
  readonly total: number;
}

/** What may change. A field left out stays as it is. */
export type RoundPatch = Partial<
  Pick<Round, 'status' | 'total' | 'seconds' | 'step' | 'embeddingSize'> & { classCount: number }
>;

interface StoredRound extends Omit<
  Round,
  'classes' | 'count' | 'perClass' | 'meanConfidence' | 'imagesPerSecond' | 'status' | 'origin'
> {
  readonly origin: RoundOrigin;
  readonly status: RoundStatus;
  readonly classCount: number;
}
interface StoredClass {
  readonly round: number;
  readonly label: number;
  readonly count: number;
  readonly confidenceSum: number;
}

const COLUMNS = `round.id, round.name, source.name AS source, round.origin, round.status, round.run, round.network, round.step, round.file,
  round.class_count AS classCount, round.total, round.problems, round.seconds, round.embedding_size AS embeddingSize,
  round.created_at AS createdAt, round.updated_at AS updatedAt`;
const FROM = 'FROM pseudo_label_round AS round JOIN source ON source.id = round.source_id';

/** Rounds of pseudo labels: what each is and comes to; the labels themselves are the `PseudoLabelTable`'s. */
export class RoundTable {
  readonly #sources: SourceTable;
  readonly #insert;
  readonly #byId;
  readonly #byName;
  readonly #all;
  readonly #ofSource;
  readonly #ofRun;
  readonly #classes;
  readonly #allClasses;
  readonly #update;
  readonly #countProblems;
  readonly #keptProblems;
  readonly #addProblem;
  readonly #problems;
  readonly #removeProblems;
  readonly #remove;
  readonly #interrupt;
  readonly #connection: Connection;

  constructor(connection: Connection, sources: SourceTable) {
    this.#connection = connection;
    this.#sources = sources;
    this.#insert = connection.prepare<unknown[], { id: number }>(
      `INSERT INTO pseudo_label_round
         (name, source_id, origin, status, run, run_number, network, step, file, class_count, total, created_at, updated_at)
       VALUES (?, ?, ?, 'labeling', ?, (SELECT number FROM run WHERE id = ?), ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    );
    this.#byId = connection.prepare<[number], StoredRound>(`SELECT ${COLUMNS} ${FROM} WHERE round.id = ?`);
    this.#byName = connection.prepare<[string], StoredRound>(`SELECT ${COLUMNS} ${FROM} WHERE round.name = ?`);
    this.#all = connection.prepare<[], StoredRound>(`SELECT ${COLUMNS} ${FROM} ORDER BY round.id DESC`);
    this.#ofSource = connection.prepare<[number], StoredRound>(
      `SELECT ${COLUMNS} ${FROM} WHERE round.source_id = ? ORDER BY round.id DESC`,
    );
    this.#ofRun = connection.prepare<[string], StoredRound>(
      `SELECT ${COLUMNS} ${FROM} WHERE round.run_number = (SELECT number FROM run WHERE id = ?)`,
    );
    const classColumns = 'round_id AS round, label, count, confidence_sum AS confidenceSum';
    this.#classes = connection.prepare<[number], StoredClass>(
      `SELECT ${classColumns} FROM pseudo_label_class WHERE round_id = ?`,
    );
    this.#allClasses = connection.prepare<[], StoredClass>(`SELECT ${classColumns} FROM pseudo_label_class`);
    this.#update = connection.prepare<unknown[]>(
      `UPDATE pseudo_label_round SET status = ?, total = ?, seconds = ?, step = ?, class_count = ?, embedding_size = ?,
         embedding_type = CASE WHEN ? IS NULL THEN NULL ELSE 'float16' END, updated_at = ? WHERE id = ?`,
    );
    this.#countProblems = connection.prepare('UPDATE pseudo_label_round SET problems = problems + ? WHERE id = ?');
    this.#keptProblems = connection
      .prepare<[number], number>('SELECT count(*) FROM pseudo_label_problem WHERE round_id = ?')
      .pluck();
    this.#addProblem = connection.prepare(
      'INSERT INTO pseudo_label_problem (round_id, line, place, reason) VALUES (?, ?, ?, ?)',
    );
    this.#problems = connection.prepare<[number], RoundProblem>(
      'SELECT line, place, reason FROM pseudo_label_problem WHERE round_id = ? ORDER BY id',
    );
    this.#removeProblems = connection.prepare('DELETE FROM pseudo_label_problem WHERE round_id = ?');
    this.#remove = connection.prepare('DELETE FROM pseudo_label_round WHERE id = ?');
    this.#interrupt = connection.prepare(
      "UPDATE pseudo_label_round SET status = 'interrupted', updated_at = ? WHERE status = 'labeling'",
    );
  }

  /** @throws StudioError 'conflict' for a name that is taken, 'not-found' for an unknown source. */
  create({ name, source, origin, run, network, step, file, classCount, total }: NewRound): Round {
    if (this.find(name) !== undefined) {
      throw new StudioError('conflict', `There is a round named “${name}” already.`, {
        hint: 'Choose another name.',
        commandLine: '--name',
      });
    }
    const now = new Date().toISOString();
    const values = [name, this.#sources.get(source).id, origin, run, run, network, step, file, classCount, total];
    return this.get(this.#insert.get(...values, now, now)!.id);
  }

  update(id: number, patch: RoundPatch): Round {
    const stored = { ...this.#stored(id), ...patch };
    const { status, total, seconds, step, classCount, embeddingSize } = stored;
    const now = new Date().toISOString();
    this.#update.run(status, total, seconds, step, classCount, embeddingSize, embeddingSize, now, id);
    return this.get(id);
  }

  /** @throws StudioError 'not-found'. */
  get(id: number): Round {
    return roundOf(this.#stored(id), this.#classes.all(id));
  }

  find(name: string): Round | undefined {
    const stored = this.#byName.get(name);
    return stored && roundOf(stored, this.#classes.all(stored.id));
  }

  /** A round by its name or its number. @throws StudioError 'not-found'. */
  named(round: string): Round {
    const found = this.find(round);
    if (found !== undefined) return found;
    if (/^\d{1,15}$/.test(round)) return this.get(Number(round));
    throw new StudioError('not-found', `There is no round “${round}” in this workspace.`, {
      hint: 'It may have been deleted: choose another.',
      commandLine: '`rounds list`',
    });
  }

  /** The newest first. @throws StudioError 'not-found' for an unknown source. */
  list({ source, run }: { source?: string | undefined; run?: string | undefined } = {}): Round[] {
    const ofSource = source === undefined ? null : this.#ofSource.all(this.#sources.get(source).id);
    const ofRun = run === undefined ? null : this.#ofRun.all(run).sort((one, other) => other.id - one.id);
    const stored = ofRun ?? ofSource ?? this.#all.all();
    const classes = Map.groupBy(this.#allClasses.all(), ({ round }) => round);
    return stored
      .filter((round) => source === undefined || round.source === source)
      .map((round) => roundOf(round, classes.get(round.id) ?? []));
  }

  /** Counts all problems and keeps the first of a round. */
  addProblems(id: number, problems: readonly RoundProblem[]): void {
    if (problems.length === 0) return;
    this.#connection.transaction(() => {
      this.#countProblems.run(problems.length, id);
      const room = PROBLEMS_KEPT - this.#keptProblems.get(id)!;
      for (const { line, place, reason } of problems.slice(0, Math.max(0, room))) {
        this.#addProblem.run(id, line, place, reason);
      }
    })();
  }

  /** In the order they were found. */
  problems(id: number): RoundProblem[] {
    return this.#problems.all(id);
  }

  clearProblems(id: number): void {
    this.#countProblems.run(-this.#stored(id).problems, id);
    this.#removeProblems.run(id);
  }

  /** With its labels; its embeddings are the caller's. A second for a million labels. */
  remove(id: number): void {
    this.#stored(id);
    this.#remove.run(id);
  }

  /** What is found labeling when a host starts was cut off with the host before. */
  markInterrupted(): void {
    this.#interrupt.run(new Date().toISOString());
  }

  #stored(id: number): StoredRound {
    const stored = this.#byId.get(id);
    if (stored !== undefined) return stored;
    throw new StudioError('not-found', `There is no round ${id} in this workspace.`, {
      hint: 'It may have been deleted: choose another.',
      commandLine: '`rounds list`',
    });
  }
}

function roundOf({ classCount, ...stored }: StoredRound, kept: readonly StoredClass[]): Round {
  const classes = classNames(classCount);
  const count = kept.reduce((sum, row) => sum + row.count, 0);
  const confidence = kept.reduce((sum, row) => sum + row.confidenceSum, 0);
  return {
    ...stored,
    classes,
    count,
    perClass: classes.map((name, label) => {
      const row = kept.find((candidate) => candidate.label === label);
      const ofClass = row?.count ?? 0;
      return {
        name,
        count: ofClass,
        share: count === 0 ? 0 : ofClass / count,
        meanConfidence: row === undefined || ofClass === 0 ? null : row.confidenceSum / ofClass,
      };
    }),
    meanConfidence: count === 0 ? null : confidence / count,
    imagesPerSecond: stored.seconds > 0 && count > 0 ? count / stored.seconds : null,
  };
}
