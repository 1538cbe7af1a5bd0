import type { PseudoLabel } from '#shared/rounds.ts';
import type { DecideRequest, QueuePage, Suspect, Verdict } from '#shared/review.ts';
import type { KeptAct, Outbox } from './outbox.ts';
import type { Judgement } from './pace.ts';
import { LONGEST_LOOK_SECONDS } from './pace.ts';

/** Faces that are known ahead of the one looked at. */
export const AHEAD = 24;
export const PAGE = 60;

/** What one network says of a face. */
export type Said = Pick<PseudoLabel, 'label' | 'confidence' | 'margin' | 'probabilities'>;

export interface QueueFace extends Suspect {
  /** What the other network says; null where there is none. */
  readonly other: Said | null;
  readonly said: Said | null;
}

/** A decision of this window, as it stands. */
export interface LocalAct {
  readonly key: string;
  readonly request: DecideRequest;
  /** Place of the face in the queue. */
  readonly index: number;
  readonly verdict: Verdict;
  readonly label: number | null;
  /** The judged label before it. */
  readonly before: number;
  readonly seconds: number;
}

/** An act that was taken back; `withdrawn`: before it was sent, or else the key of the turn that says so. */
interface UndoneAct {
  readonly act: LocalAct;
  readonly turn: string | 'withdrawn';
}

export interface SessionOptions {
  /** The queue from a rank on, with what the networks say of each face. */
  readonly load: (from: number) => Promise<{ readonly page: QueuePage; readonly faces: readonly QueueFace[] }>;
  readonly outbox: Pick<Outbox, 'add' | 'withdraw' | 'onOutcome'>;
  readonly round: number;
  readonly queue: string;
  readonly reviewer: string | undefined;
  readonly newKey: () => string;
  /** Milliseconds. */
  readonly now: () => number;
  /** Rank to begin at. */
  readonly start: number;
}

export interface SessionState {
  readonly faces: readonly QueueFace[];
  /** Place of the face looked at; as many as there are faces at the end. */
  readonly index: number;
  readonly isLoading: boolean;
  readonly isComplete: boolean;
  readonly error: unknown;
  /** What was decided of an image in this sitting. */
  readonly decided: ReadonlyMap<number, LocalAct>;
  readonly judgements: readonly Judgement[];
  readonly canRedo: boolean;
}

/** One queue on its way past a reviewer: where they are, what they decided, what can be taken back. */
export class ReviewSession {
  #state: SessionState = {
    faces: [],
    index: 0,
    isLoading: false,
    isComplete: false,
    error: null,
    decided: new Map(),
    judgements: [],
    canRedo: false,
  };
  #acts: LocalAct[] = [];
  #undone: UndoneAct[] = [];
  #next: number | null;
  #shownAt: number;
  #stop: () => void;
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#next = options.start;
    this.#shownAt = options.now();
    this.#stop = () => undefined;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The face looked at. */
  get face(): QueueFace | undefined {
    return this.#state.faces[this.#state.index];
  }

  /** Loads what is missing ahead, and listens to what becomes of decisions. */
  start(): void {
    this.#stop = this.#options.outbox.onOutcome((outcome) => {
      const act = this.#acts.find(({ key }) => key === outcome.key);
      if (act !== undefined && 'refusal' in outcome) this.#drop(act);
    });
    void this.#fill();
  }

  stop(): void {
    this.#stop();
  }

  /** After an error. */
  retry(): void {
    void this.#fill();
  }

  /** Decides the face looked at and goes on to the next. @returns whether there was one. */
  decide(verdict: Verdict, label: number | null = null): boolean {
    const { face } = this;
    if (face === undefined) return false;
    const { newKey, now, round, queue, reviewer, outbox } = this.#options;
    const key = newKey();
    const seconds = Math.min(LONGEST_LOOK_SECONDS, (now() - this.#shownAt) / 1000);
    const request: DecideRequest = {
      images: [face.image.id],
      verdict,
      seen: face.label,
      round,
      queue,
      seconds,
      key,
      ...(label !== null && { label }),
      ...(reviewer !== undefined && { reviewer }),
    };
    const { index } = this.#state;
    const told = verdict === 'relabel' && label === face.label ? 'accept' : verdict;
    const act: LocalAct = { key, request, index, verdict: told, label, before: face.label, seconds };
    outbox.add({ kind: 'decide', key, request } as KeptAct);
    this.#acts.push(act);
    this.#undone = [];
    this.#judged(act);
    this.#look(index + 1);
    return true;
  }

  /** Looks at a face of the queue again, or ahead, and decides nothing. */
  look(index: number): void {
    this.#look(Math.min(this.#state.faces.length, Math.max(0, index)));
  }

  /** Takes the last decision of this sitting back and returns to its face. @returns false when there is none. */
  undo(): boolean {
    const act = this.#acts.pop();
    if (act === undefined) return false;
    const turn = this.#options.outbox.withdraw(act.key) ? 'withdrawn' : this.#turn('undo', act);
    this.#undone.push({ act, turn });
    this.#unjudged(act);
    this.#look(act.index);
    return true;
  }

  /** Decides again what was taken back last. @returns false when there is nothing. */
  redo(): boolean {
    const last = this.#undone.pop();
    if (last === undefined) return false;
    const { outbox, newKey } = this.#options;
    let { act } = last;
    if (last.turn === 'withdrawn') {
      const key = newKey();
      act = { ...act, key, request: { ...act.request, key } };
      outbox.add({ kind: 'decide', key, request: act.request } as KeptAct);
    } else if (!outbox.withdraw(last.turn)) {
      this.#turn('redo', act);
    }
    this.#acts.push(act);
    this.#judged(act);
    this.#look(act.index + 1);
    return true;
  }

  #turn(turn: 'undo' | 'redo', { key: act }: LocalAct): string {
    const { newKey, reviewer, outbox } = this.#options;
    const key = newKey();
    outbox.add({ kind: 'turn', key, turn, reviewer, act });
    return key;
  }

  #look(index: number): void {
    this.#shownAt = this.#options.now();
    this.#set({ index });
    void this.#fill();
  }

  /** A labeled image has another label once it was relabeled; a pseudo label stays what the network said. */
  #judged(act: LocalAct): void {
    const face = this.#state.faces[act.index]!;
    const decided = new Map(this.#state.decided).set(face.image.id, act);
    this.#set({
      decided,
      judgements: this.#acts.map(({ verdict, seconds }) => ({ verdict, seconds, images: 1 })),
      canRedo: this.#undone.length > 0,
      faces: face.isGiven && act.label !== null ? this.#withLabel(act.index, act.label) : this.#state.faces,
    });
  }

  #unjudged(act: LocalAct): void {
    const face = this.#state.faces[act.index]!;
    const decided = new Map(this.#state.decided);
    const earlier = this.#acts.findLast(({ index }) => index === act.index);
    if (earlier === undefined) decided.delete(face.image.id);
    else decided.set(face.image.id, earlier);
    this.#set({
      decided,
      judgements: this.#acts.map(({ verdict, seconds }) => ({ verdict, seconds, images: 1 })),
      canRedo: this.#undone.length > 0,
      faces: face.isGiven ? this.#withLabel(act.index, act.before) : this.#state.faces,
    });
  }

  #withLabel(index: number, label: number): readonly QueueFace[] {
    return this.#state.faces.map((face, place) => (place === index ? { ...face, label } : face));
  }

  /** The host refused it: nothing of it holds. */
  #drop(act: LocalAct): void {
    this.#acts = this.#acts.filter((other) => other !== act);
    this.#unjudged(act);
  }

  async #fill(): Promise<void> {
    const { faces, index, isLoading } = this.#state;
    if (isLoading || this.#next === null || faces.length > index + AHEAD) return;
    this.#set({ isLoading: true, error: null });
    try {
      const { page, faces: more } = await this.#options.load(this.#next);
      this.#next = page.next;
      const known = new Set(this.#state.faces.map(({ image }) => image.id));
      const fresh = more.filter(({ image }) => !known.has(image.id));
      if (this.#state.faces.length === 0) this.#shownAt = this.#options.now();
      this.#set({ isLoading: false, faces: [...this.#state.faces, ...fresh], isComplete: page.next === null });
      void this.#fill();
    } catch (error) {
      this.#set({ isLoading: false, error });
    }
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
