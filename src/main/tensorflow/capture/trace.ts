import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Pointer } from './c-api.ts';
import { Recorder } from './recorder.ts';
import type { GraphSession } from './session.ts';
import { TrackedVariable } from './tracked-variable.ts';

/** The step being recorded now. */
let active: Trace | undefined;

function whileActive(trace: Trace, fn: () => void): void {
  if (active !== undefined) {
    const message = `"${trace.recorder.scope}" cannot be captured inside "${active.recorder.scope}".`;
    throw new StudioError('internal', message, { hint: 'Capture one after the other.' });
  }
  active = trace;
  try {
    fn();
  } finally {
    active = undefined;
  }
}

/** The recorder of the step that is being captured now; undefined outside of one. */
export function recordingNow(): Recorder | undefined {
  return active?.recorder;
}

/** One update of stochastic gradient descent with momentum, as PyTorch and TensorFlow define it (dampening 0). */
export interface MomentumUpdate {
  readonly variable: tf.Variable;
  /** The momentum buffer, of the variable's shape, all zero before the first update. */
  readonly accumulator: tf.Variable;
  /** Of the variable's shape, weight decay included. */
  readonly gradient: tf.Tensor;
  readonly learningRate: tf.Scalar;
  readonly momentum: tf.Scalar;
  readonly nesterov: boolean;
}

/** A step while it is recorded: its recorder, and every tfjs variable there is, so that none keeps a stand-in afterwards. */
export class Trace {
  readonly recorder: Recorder;
  readonly #scope: string;
  readonly #session: GraphSession;
  readonly #named: readonly tf.Variable[];
  readonly #others: readonly tf.Variable[];
  readonly #tracked = new Map<tf.Variable, TrackedVariable>();
  readonly #othersBefore = new Map<tf.Variable, tf.Tensor>();

  /** @param variables those that the step may read and assign; 'frozen' when it may read all and assign none. */
  constructor(session: GraphSession, scope: string, variables: readonly tf.Variable[] | 'frozen') {
    this.#scope = scope;
    this.#session = session;
    const named = new Set(variables === 'frozen' ? [] : variables);
    this.#named = [...named];
    this.#others = Object.values(tf.engine().registeredVariables).filter((variable) => !named.has(variable));
    const refused = variables === 'frozen' ? [] : this.#others;
    this.recorder = new Recorder(
      session.graph,
      scope,
      new Map(refused.map(({ dataId, name }) => [dataId, `the variable "${name}"`])),
    );
  }

  /** Records `fn`. All tfjs variables have their old values afterwards. @returns the operations that store what it assigned. */
  record(fn: () => void): Pointer[] {
    const stores: Pointer[] = [];
    try {
      this.#substitute();
      this.recorder.record(() =>
        tf.tidy(() => {
          whileActive(this, fn);
          this.#refuseStrayVariables();
          for (const tracked of this.#tracked.values()) stores.push(...tracked.store());
        }),
      );
    } finally {
      this.#restore();
    }
    return stores;
  }

  /** {@link applyMomentum} as one operation, in place. */
  applyMomentum(update: MomentumUpdate): void {
    const { recorder } = this;
    const [variable, accumulator] = [this.#trackedAs(update.variable), this.#trackedAs(update.accumulator)];
    const operation = recorder.graph.add({
      type: 'ResourceApplyMomentum',
      name: `${this.#scope}/ResourceApplyMomentum`,
      inputs: [
        ...[variable.handle, accumulator.handle],
        ...[update.learningRate, update.gradient, update.momentum].map((tensor) => recorder.outputOf(tensor)),
      ],
      attributes: [{ name: 'use_nesterov', kind: 'boolean', value: update.nesterov }],
      after: [variable.settle(), accumulator.settle()],
    });
    variable.changedBy(operation);
    accumulator.changedBy(operation);
  }

  /** From here on the tfjs variables hold stand-ins. */
  #substitute(): void {
    for (const variable of this.#others) this.#othersBefore.set(variable, tf.keep(variable.clone()));
    for (const { variable, stored } of this.#session.hold(this.#named)) {
      this.#tracked.set(variable, new TrackedVariable(this.recorder, variable, stored));
    }
  }

  #trackedAs(variable: tf.Variable): TrackedVariable {
    const tracked = this.#tracked.get(variable);
    if (tracked === undefined) throw this.#strayError(variable);
    return tracked;
  }

  /** A variable that was not named would lose what the step assigns to it. */
  #refuseStrayVariables(): void {
    const created = this.#createdVariables();
    const assigned = this.#others.filter((variable) => variable.dataId !== this.#othersBefore.get(variable)?.dataId);
    const stray = created[0] ?? assigned[0];
    if (stray !== undefined) throw this.#strayError(stray);
  }

  #createdVariables(): tf.Variable[] {
    const known = new Set([...this.#named, ...this.#others]);
    return Object.values(tf.engine().registeredVariables).filter((variable) => !known.has(variable));
  }

  #strayError(variable: tf.Variable): StudioError {
    return new StudioError(
      'internal',
      `The step "${this.#scope}" writes the variable "${variable.name}", which was not named to the capture.`,
      { hint: 'Make it before the capture and name it among the variables.' },
    );
  }

  #restore(): void {
    tf.dispose(this.#createdVariables());
    for (const tracked of this.#tracked.values()) tracked.restore();
    for (const [variable, before] of this.#othersBefore) {
      if (variable.dataId !== before.dataId) variable.assign(before);
      before.dispose();
    }
  }
}

/**
 * `accumulator = momentum · accumulator + gradient; variable -= learningRate · (accumulator, or with Nesterov gradient + momentum ·
 * accumulator)`. In a captured step this is TensorFlow's ResourceApplyMomentum: one pass over memory, in place. Outside of one it is
 * computed by tfjs.
 */
export function applyMomentum(update: MomentumUpdate): void {
  if (active !== undefined) {
    active.applyMomentum(update);
    return;
  }
  const { variable, accumulator, gradient, learningRate, momentum, nesterov } = update;
  tf.tidy(() => {
    accumulator.assign(tf.add(tf.mul(accumulator, momentum), gradient));
    const direction = nesterov ? tf.add(gradient, tf.mul(accumulator, momentum)) : accumulator;
    variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}

/**
 * Places what `fn` computes in a captured step on a device, such as "/device:CPU:1" or "/device:GPU:1". Outside of one it changes
 * nothing: tfjs computes on one device.
 */
export function withDevice<T>(device: string, fn: () => T): T {
  if (active === undefined) return fn();
  const { recorder } = active;
  const outer = recorder.device;
  recorder.device = device;
  try {
    return fn();
  } finally {
    recorder.device = outer;
  }
}
