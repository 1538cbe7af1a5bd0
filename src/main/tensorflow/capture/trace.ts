import * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import type { Output, Pointer } from './c-api.ts';
import { assignVariable, type GraphVariable, readVariable } from './graph-variable.ts';
import { type HostData, isHostDataType } from './host-tensor.ts';
import { Recorder } from './recorder.ts';
import type { GraphSession } from './session.ts';

/**
 * A step while it is recorded, with the tfjs variables it may change. For that time each of them holds a stand-in for the value it has
 * in the session; `variable.assign(...)` replaces the stand-in, so a later read sees the new value, and what a variable holds at the end
 * is what the captured step stores. Afterwards the variables hold the values they had before.
 */
export class Trace {
  readonly recorder: Recorder;
  readonly #scope: string;
  readonly #tracked = new Map<tf.Variable, TrackedVariable>();
  readonly #untracked: { variable: tf.Variable; before: tf.Tensor }[] = [];

  /**
   * @param variables the variables of the step by their names in the session; 'frozen' to bake every variable's present value into the
   *   graph, which lets TensorFlow fold it into its neighbours.
   */
  constructor(session: GraphSession, scope: string, variables: ReadonlyMap<string, tf.Variable> | 'frozen') {
    this.#scope = scope;
    const named = new Set<tf.Variable>(variables === 'frozen' ? [] : variables.values());
    const others = Object.values(tf.engine().registeredVariables).filter((variable) => !named.has(variable));
    this.recorder = new Recorder(
      session.graph,
      scope,
      new Map(variables === 'frozen' ? [] : others.map(({ dataId, name }) => [dataId, `the variable "${name}"`])),
    );
    if (variables === 'frozen') variables = new Map();
    for (const [name, variable] of variables) {
      const stored = session.variable(name, hostDataTypeOf(variable), variable.shape, () => ({
        dataType: hostDataTypeOf(variable),
        shape: variable.shape,
        data: variable.dataSync() as HostData,
      }));
      this.#tracked.set(variable, new TrackedVariable(this.recorder, scope, variable, stored));
    }
    for (const variable of others) this.#untracked.push({ variable, before: tf.keep(variable.clone()) });
  }

  /** Runs `fn` recorded, and gives the operations that store what it assigned. */
  record(fn: () => void): Pointer[] {
    const outer = active;
    if (outer !== undefined) {
      throw new StudioError('internal', `"${this.#scope}" cannot be captured inside "${outer.#scope}".`, {
        hint: 'Capture one after the other.',
      });
    }
    active = this;
    try {
      this.recorder.record(() => tf.tidy(fn));
      this.#refuseStrayVariables();
      return Array.from(this.#tracked.values(), (tracked) => tracked.store()).filter((operation) => operation !== undefined);
    } finally {
      active = undefined;
    }
  }

  /** The in-place update of {@link applyMomentum} as one operation. */
  applyMomentum(update: MomentumUpdate): void {
    const variable = this.#trackedAs(update.variable);
    const accumulator = this.#trackedAs(update.accumulator);
    const inputs = [update.learningRate, update.gradient, update.momentum].map((tensor) => this.recorder.outputOf(tensor));
    const operation = this.recorder.graph.add({
      type: 'ResourceApplyMomentum',
      name: `${this.#scope}/ResourceApplyMomentum`,
      inputs: [variable.handle, accumulator.handle, ...inputs],
      attributes: [{ name: 'use_nesterov', kind: 'boolean', value: update.nesterov }],
      after: [...variable.settle(), ...accumulator.settle()],
    });
    variable.written(operation);
    accumulator.written(operation);
  }

  /** Gives every variable the value it had before. */
  restore(): void {
    for (const tracked of this.#tracked.values()) tracked.restore();
    for (const { variable, before } of this.#untracked) {
      if (variable.dataId !== before.dataId) variable.assign(before);
      before.dispose();
    }
  }

  #trackedAs(variable: tf.Variable): TrackedVariable {
    const tracked = this.#tracked.get(variable);
    if (tracked !== undefined) return tracked;
    throw new StudioError('internal', `The step "${this.#scope}" updates the variable "${variable.name}", which was not named to the capture.`, {
      hint: 'Name it among the variables.',
    });
  }

  /** A variable that the session does not know would lose what the step assigns to it. */
  #refuseStrayVariables(): void {
    const known = new Set([...this.#tracked.keys(), ...this.#untracked.map(({ variable }) => variable)]);
    const created = Object.values(tf.engine().registeredVariables).filter((variable) => !known.has(variable));
    const assigned = this.#untracked.filter(({ variable, before }) => variable.dataId !== before.dataId);
    const stray = created[0] ?? assigned[0]?.variable;
    for (const variable of created) variable.dispose();
    if (stray !== undefined) this.#trackedAs(stray);
  }
}

/** A tfjs variable of a step being recorded, and the session's variable behind it. */
class TrackedVariable {
  readonly #recorder: Recorder;
  readonly #scope: string;
  readonly #variable: tf.Variable;
  readonly #stored: GraphVariable;
  readonly #before: tf.Tensor;
  /** The data that the session's variable holds at this point of the step. */
  #storedData: object;
  /** What must have run before the session's variable is written next. */
  #lastAccess: Pointer;
  #isWritten = false;

  constructor(recorder: Recorder, scope: string, variable: tf.Variable, stored: GraphVariable) {
    this.#recorder = recorder;
    this.#scope = scope;
    this.#variable = variable;
    this.#stored = stored;
    this.#before = tf.keep(variable.clone());
    this.#lastAccess = this.#read([]);
    this.#storedData = variable.dataId;
  }

  get handle(): Output {
    return this.#stored.handle;
  }

  /** Stores a value assigned since the last write, and gives what a following write must wait for. */
  settle(): Pointer[] {
    if (this.#variable.dataId !== this.#storedData) {
      const { graph } = this.#recorder;
      const value = this.#recorder.outputOf(this.#variable);
      this.#lastAccess = assignVariable(graph, this.handle, `${this.#scope}/assign/${this.#stored.name}`, value, [this.#lastAccess]);
      this.#storedData = this.#variable.dataId;
      this.#isWritten = true;
    }
    return [this.#lastAccess];
  }

  /** Tells that `operation` changed the session's variable in place: from here on the tfjs variable stands for the new value. */
  written(operation: Pointer): void {
    this.#lastAccess = this.#read([operation]);
    this.#storedData = this.#variable.dataId;
    this.#isWritten = true;
  }

  /** The operation that completes all writes; undefined when there were none. */
  store(): Pointer | undefined {
    this.settle();
    return this.#isWritten ? this.#lastAccess : undefined;
  }

  restore(): void {
    this.#variable.assign(this.#before);
    this.#before.dispose();
  }

  #read(after: readonly Pointer[]): Pointer {
    const { graph } = this.#recorder;
    const output = readVariable(graph, this.handle, `${this.#scope}/read/${this.#stored.name}`, this.#stored.dataType, after);
    const standIn = this.#recorder.tensorOf(output, 'ReadVariableOp');
    this.#variable.assign(standIn);
    standIn.dispose();
    return output.oper;
  }
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

let active: Trace | undefined;

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
    accumulator.assign(accumulator.mul(momentum).add(gradient));
    const direction = nesterov ? gradient.add(accumulator.mul(momentum)) : accumulator;
    variable.assign(variable.sub(direction.mul(learningRate)));
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

function hostDataTypeOf(variable: tf.Variable): 'float32' | 'int32' | 'bool' {
  if (isHostDataType(variable.dtype)) return variable.dtype;
  throw new StudioError('unsupported', `The variable "${variable.name}" is of type ${variable.dtype}, which cannot be captured.`, {
    hint: 'Use float32, int32 or bool.',
  });
}
