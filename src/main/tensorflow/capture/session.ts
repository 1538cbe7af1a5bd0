import { StudioError } from '#shared/errors.ts';
import {
  type CApi,
  openCApi,
  type Output,
  packOutputs,
  type Pointer,
  throwUnlessOk,
  withStatus,
} from './c-api.ts';
import { encodeConfig, type SessionOptions } from './config-proto.ts';
import { Graph } from './graph.ts';
import { fromTensor, type HostDataType, type HostTensor, toTensor } from './host-tensor.ts';
import { declareVariable, type GraphVariable } from './graph-variable.ts';

/** One call of a session: what to put in, what to bring out, and which operations must have run. */
export interface RunRequest {
  /** What is being done, to follow "TensorFlow could not". */
  readonly what: string;
  readonly feeds: readonly { readonly name: string; readonly output: Output; readonly value: HostTensor }[];
  readonly fetches: readonly { readonly name: string; readonly output: Output }[];
  readonly targets: readonly Pointer[];
}

/**
 * A TensorFlow session with its one graph, and the variables that live in it. Everything captured into the same session works on the
 * same variables: a training step, an evaluation and a prediction share their weights without a copy.
 *
 * Runs happen one after another, in the order they were asked for.
 */
export class GraphSession {
  readonly graph: Graph;
  readonly #api: CApi;
  readonly #pointer: Pointer;
  readonly #variables = new Map<string, GraphVariable>();
  #lastRun: Promise<unknown> = Promise.resolve();
  #closed = false;

  /**
   * @param library path of the TensorFlow library, as `loadTensorFlow()` tells it.
   * @throws StudioError when TensorFlow refuses the options.
   */
  constructor(library: string, options: SessionOptions = {}) {
    const api = openCApi(library);
    this.#api = api;
    this.graph = new Graph(api);
    const config = encodeConfig(options);
    const sessionOptions = api.newSessionOptions();
    try {
      withStatus(api, 'read the session options', (status) => api.setConfig(sessionOptions, config, config.length, status));
      this.#pointer = withStatus(api, 'open a session', (status) => api.newSession(this.graph.pointer, sessionOptions, status));
    } catch (error) {
      this.graph.dispose();
      throw error;
    } finally {
      api.deleteSessionOptions(sessionOptions);
    }
  }

  /**
   * The variable of that name; made, with `initial` as its value, when the session has none.
   *
   * @throws StudioError 'internal' when there is one of another shape or type.
   */
  variable(name: string, dataType: HostDataType, shape: readonly number[], initial: () => HostTensor): GraphVariable {
    const known = this.#variables.get(name);
    if (known === undefined) {
      const created = declareVariable(this.graph, name, dataType, shape);
      this.#runNow(assignment([[created, initial()]]));
      this.#variables.set(name, created);
      return created;
    }
    if (known.dataType !== dataType || known.shape.join() !== shape.join()) {
      throw new StudioError(
        'internal',
        `The session holds "${name}" as ${known.dataType} [${known.shape.join(', ')}], not as ${dataType} [${shape.join(', ')}].`,
        { hint: 'Give variables of different networks different names.' },
      );
    }
    return known;
  }

  /** Runs on a worker thread; the event loop stays free. Fed arrays are copied before this returns its promise. */
  run(request: RunRequest): Promise<HostTensor[]> {
    const call = this.#prepare(request);
    const result = this.#lastRun.then(() => this.#runAsync(call)).finally(() => call.free());
    this.#lastRun = result.catch(() => undefined);
    return result;
  }

  /**
   * The variables' values, copied.
   *
   * @param names which; all when left out.
   * @throws StudioError 'internal' for a name that the session does not hold.
   */
  async readVariables(names: Iterable<string> = this.#variables.keys()): Promise<Map<string, HostTensor>> {
    const fetches = Array.from(names, (name) => ({ name, output: this.#variableNamed(name).read }));
    const values = await this.run({ what: 'read the weights', feeds: [], fetches, targets: [] });
    return new Map(fetches.map(({ name }, index) => [name, values[index]!]));
  }

  /**
   * Sets variables; those not named keep their value.
   *
   * @throws StudioError 'internal' for a name that the session does not hold, or a value of another shape or type.
   */
  async writeVariables(values: ReadonlyMap<string, HostTensor>): Promise<void> {
    await this.run(assignment(Array.from(values, ([name, value]) => [this.#variableNamed(name), value])));
  }

  /** Waits for the runs under way, then frees session, graph and variables. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lastRun;
    withStatus(this.#api, 'close the session', (status) => this.#api.closeSession(this.#pointer, status));
    withStatus(this.#api, 'free the session', (status) => this.#api.deleteSession(this.#pointer, status));
    this.graph.dispose();
  }

  #variableNamed(name: string): GraphVariable {
    const variable = this.#variables.get(name);
    if (variable !== undefined) return variable;
    throw new StudioError('internal', `The session holds no variable "${name}".`, {
      hint: 'A variable exists from the first capture that names it.',
    });
  }

  #prepare(request: RunRequest): PreparedRun {
    if (this.#closed) {
      throw new StudioError('internal', `TensorFlow could not ${request.what}: its session is closed.`, {
        hint: 'Open a new session.',
      });
    }
    return new PreparedRun(this.#api, this.#pointer, request);
  }

  /** On this thread, for the small work of a capture. Only while no other run is under way. */
  #runNow(request: RunRequest): HostTensor[] {
    const call = this.#prepare(request);
    try {
      this.#api.sessionRun(...call.parameters);
      return call.results();
    } finally {
      call.free();
    }
  }

  async #runAsync(call: PreparedRun): Promise<HostTensor[]> {
    await new Promise<void>((resolve, reject) => {
      this.#api.sessionRun.async(...call.parameters, (error) => (error ? reject(error as Error) : resolve()));
    });
    return call.results();
  }
}

/** Everything in C's memory and layout that one `TF_SessionRun` needs, kept alive until {@link free}. */
class PreparedRun {
  readonly parameters: Parameters<CApi['sessionRun']>;
  readonly #api: CApi;
  readonly #request: RunRequest;
  readonly #status: Pointer;
  readonly #inputs: Pointer[] = [];
  readonly #outputs: BigUint64Array;

  constructor(api: CApi, session: Pointer, request: RunRequest) {
    const { feeds, fetches, targets } = request;
    this.#api = api;
    this.#request = request;
    this.#status = api.newStatus();
    this.#outputs = new BigUint64Array(fetches.length);
    try {
      for (const { name, value } of feeds) this.#inputs.push(toTensor(api, name, value));
    } catch (error) {
      this.free();
      throw error;
    }
    this.parameters = [
      session,
      null,
      ...([packOutputs(feeds.map(({ output }) => output)), BigUint64Array.from(this.#inputs), feeds.length] as const),
      ...([packOutputs(fetches.map(({ output }) => output)), this.#outputs, fetches.length] as const),
      ...([BigUint64Array.from(targets), targets.length] as const),
      null,
      this.#status,
    ];
  }

  /** @throws StudioError when the run failed. */
  results(): HostTensor[] {
    throwUnlessOk(this.#api, this.#status, this.#request.what);
    return this.#request.fetches.map(({ name }, index) => fromTensor(this.#api, name, this.#outputs[index]!));
  }

  free(): void {
    const tensors = [...this.#inputs, ...this.#outputs];
    for (const tensor of tensors) if (tensor !== 0n) this.#api.deleteTensor(tensor);
    this.#api.deleteStatus(this.#status);
  }
}

function assignment(values: readonly (readonly [GraphVariable, HostTensor])[]): RunRequest {
  return {
    what: 'set the weights',
    feeds: values.map(([variable, value]) => ({ name: variable.name, output: variable.incoming, value: checked(variable, value) })),
    fetches: [],
    targets: values.map(([variable]) => variable.assignIncoming),
  };
}

/** The placeholder's own check would name the placeholder and not the variable. */
function checked(variable: GraphVariable, value: HostTensor): HostTensor {
  if (variable.dataType === value.dataType && variable.shape.join() === value.shape.join()) return value;
  throw new StudioError(
    'internal',
    `"${variable.name}" is ${variable.dataType} [${variable.shape.join(', ')}] and was given ${value.dataType} [${value.shape.join(', ')}].`,
    { hint: 'The weights come from a network of another shape.' },
  );
}
