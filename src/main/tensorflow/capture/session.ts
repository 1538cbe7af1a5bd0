import type * as tf from '@tensorflow/tfjs';
import { StudioError } from '#shared/errors.ts';
import { clusterServer } from './cluster-server.ts';
import { type CApi, openCApi, type Output, packOutputs, type Pointer, throwUnlessOk, withStatus } from './c-api.ts';
import { encodeConfig, type SessionOptions } from './config-proto.ts';
import { Graph } from './graph.ts';
import { declareVariable, type GraphVariable, hostValue, setHostValue } from './graph-variable.ts';
import { fromTensor, type HostTensor, toTensor } from './host-tensor.ts';

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
  readonly #api: CApi;
  readonly #graph: Graph;
  readonly #pointer: Pointer;
  readonly #variables = new Map<tf.Variable, GraphVariable>();
  #lastRun: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /**
   * @param library path of the TensorFlow library, as `loadTensorFlow()` tells it.
   * @throws StudioError when TensorFlow refuses the options, or a cluster's server cannot be started.
   */
  constructor(library: string, options: SessionOptions = {}) {
    const api = openCApi(library);
    this.#api = api;
    this.#graph = new Graph(api);
    const config = encodeConfig(options);
    const sessionOptions = api.newSessionOptions();
    try {
      withStatus(api, 'read the session options', (status) =>
        api.setConfig(sessionOptions, config, config.length, status),
      );
      const { cluster } = options;
      if (cluster !== undefined) api.setTarget(sessionOptions, clusterServer(library, { ...options, cluster }).target);
      this.#pointer = withStatus(api, 'open a session', (status) =>
        api.newSession(this.#graph.pointer, sessionOptions, status),
      );
    } catch (error) {
      this.#graph.dispose();
      throw error;
    } finally {
      api.deleteSessionOptions(sessionOptions);
    }
  }

  /** Where steps are captured to. */
  get graph(): Graph {
    this.#refuseWhenClosed('capture a step');
    return this.#graph;
  }

  /** Devices the session can place operations on, such as { name: "/device:GPU:0", type: "GPU" }. */
  devices(): { name: string; type: string }[] {
    this.#refuseWhenClosed('list the devices');
    const api = this.#api;
    const list = withStatus(api, 'list the devices', (status) => api.listDevices(this.#pointer, status));
    try {
      return Array.from({ length: api.deviceCount(list) }, (_, index) => {
        const what = `describe device ${index}`;
        const name = withStatus(api, what, (status) => api.deviceName(list, index, status));
        const type = withStatus(api, what, (status) => api.deviceType(list, index, status));
        // Without the job and task, which a single process does not have.
        return { name: name.slice(name.indexOf('/device:')), type };
      });
    } finally {
      api.deleteDeviceList(list);
    }
  }

  /** The session's variables for tfjs variables. Those it does not have yet are made, with the values the tfjs variables have now. */
  hold(variables: readonly tf.Variable[]): HeldVariable[] {
    const created = variables
      .filter((variable) => !this.#variables.has(variable))
      .map((variable) => ({ variable, stored: declareVariable(this.graph, variable) }));
    if (created.length > 0) this.#runNow(assignment(created));
    for (const { variable, stored } of created) this.#variables.set(variable, stored);
    return variables.map((variable) => this.#held(variable));
  }

  /** Runs on a worker thread; the event loop stays free. Fed arrays are copied before this returns its promise. */
  async run(request: RunRequest): Promise<HostTensor[]> {
    const call = this.#prepare(request);
    const result = this.#lastRun.then(() => this.#runAsync(call)).finally(() => call.free());
    this.#lastRun = result.catch(() => undefined);
    return result;
  }

  /**
   * Brings values out: gives tfjs variables the values that the session's have after the runs asked for so far.
   *
   * @throws StudioError 'internal' for a variable that nothing captured here uses.
   */
  async readVariables(variables: Iterable<tf.Variable>): Promise<void> {
    const targets = Array.from(variables, (variable) => this.#held(variable));
    const fetches = targets.map(({ stored: { name, read } }) => ({ name, output: read }));
    const values = await this.run({ what: 'read the weights', feeds: [], fetches, targets: [] });
    for (const [index, { variable }] of targets.entries()) setHostValue(variable, values[index]!);
  }

  /**
   * Puts values in: gives the session's variables the values that the tfjs variables have now.
   *
   * @throws StudioError 'internal' for a variable that nothing captured here uses.
   */
  async writeVariables(variables: Iterable<tf.Variable>): Promise<void> {
    await this.run(assignment(Array.from(variables, (variable) => this.#held(variable))));
  }

  /** Waits for the runs under way, then frees session, graph and variables. */
  close(): Promise<void> {
    this.#closing ??= this.#lastRun.then(() => this.#free());
    return this.#closing;
  }

  #free(): void {
    const api = this.#api;
    withStatus(api, 'close the session', (status) => api.closeSession(this.#pointer, status));
    withStatus(api, 'free the session', (status) => api.deleteSession(this.#pointer, status));
    this.#graph.dispose();
  }

  #refuseWhenClosed(what: string): void {
    if (this.#closing === undefined) return;
    throw new StudioError('internal', `TensorFlow could not ${what}: its session is closed.`, {
      hint: 'Open a new session.',
    });
  }

  #held(variable: tf.Variable): HeldVariable {
    const stored = this.#variables.get(variable);
    if (stored !== undefined) return { variable, stored };
    throw new StudioError('internal', `The session holds no variable "${variable.name}".`, {
      hint: 'A variable is held from the first capture that names it.',
    });
  }

  #prepare(request: RunRequest): PreparedRun {
    this.#refuseWhenClosed(request.what);
    return new PreparedRun(this.#api, this.#pointer, request);
  }

  /** On this thread, beside any run under way: for what no other run knows of yet. */
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

/** A tfjs variable and the session's behind it. */
export interface HeldVariable {
  readonly variable: tf.Variable;
  readonly stored: GraphVariable;
}

function assignment(variables: readonly HeldVariable[]): RunRequest {
  return {
    what: 'set the weights',
    feeds: variables.map(({ variable, stored }) => ({
      name: stored.name,
      output: stored.incoming,
      value: hostValue(variable),
    })),
    fetches: [],
    targets: variables.map(({ stored }) => stored.assignIncoming),
  };
}
