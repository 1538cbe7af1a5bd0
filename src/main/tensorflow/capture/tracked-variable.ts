import * as tf from '@tensorflow/tfjs';
import type { Output, Pointer } from './c-api.ts';
import { assignVariable, type GraphVariable, readVariable } from './graph-variable.ts';
import type { Recorder } from './recorder.ts';

/**
 * A tfjs variable of a step that is being recorded, and the session's variable behind it. The tfjs variable holds a stand-in for the
 * session's value; assigning it replaces the stand-in, so that what is read later is the new value, and the session's variable is
 * written once, from what the tfjs variable holds in the end.
 *
 * Whatever reads the session's variable has run before whatever writes it next: TensorFlow orders the two only if told.
 */
export class TrackedVariable {
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

  constructor(recorder: Recorder, variable: tf.Variable, stored: GraphVariable) {
    this.#recorder = recorder;
    this.#scope = recorder.scope;
    this.#variable = variable;
    this.#stored = stored;
    this.#before = tf.keep(variable.clone());
    this.#lastAccess = this.#read([]);
    this.#storedData = variable.dataId;
  }

  get handle(): Output {
    return this.#stored.handle;
  }

  /** Makes the session's variable hold what the tfjs variable holds, and gives the operation a following write must wait for. */
  settle(): Pointer {
    const { dataId } = this.#variable;
    if (dataId !== this.#storedData) {
      const value = this.#recorder.outputOf(this.#variable);
      const name = `${this.#scope}/assign/${this.#stored.name}`;
      this.#lastAccess = assignVariable(this.#recorder.graph, this.#stored, name, value, [this.#lastAccess]);
      this.#storedData = dataId;
      this.#isWritten = true;
    }
    return this.#lastAccess;
  }

  /** Tells that `operation` changed the session's variable in place: the tfjs variable stands for the new value from here on. */
  changedBy(operation: Pointer): void {
    this.#lastAccess = this.#read([operation]);
    this.#storedData = this.#variable.dataId;
    this.#isWritten = true;
  }

  /** The operation that completes the writes of the step; none when the step does not write this variable. */
  store(): Pointer[] {
    const last = this.settle();
    return this.#isWritten ? [last] : [];
  }

  /** Gives the tfjs variable the value it had before. */
  restore(): void {
    this.#variable.assign(this.#before);
    this.#before.dispose();
  }

  /** Assigns the tfjs variable a stand-in for the session's value. @returns the operation that reads it. */
  #read(after: readonly Pointer[]): Pointer {
    const output = readVariable(this.#recorder.graph, this.#stored, `${this.#scope}/read/${this.#stored.name}`, after);
    const standIn = this.#recorder.tensorOf(output, 'ReadVariableOp');
    this.#variable.assign(standIn);
    standIn.dispose();
    return output.oper;
  }
}
