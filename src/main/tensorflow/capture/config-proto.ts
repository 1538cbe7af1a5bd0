import { type Encoded, field, integerField, message } from '../../interchange/protobuf.ts';
/** What a session may be told about the machine. Everything left out is TensorFlow's own choice. */
export interface SessionOptions {
  /**
   * Threads inside one operation. TensorFlow has one such pool a process, made when the library is first used: this value counts only
   * where nothing was computed yet, so set TF_NUM_INTRAOP_THREADS in the environment of a process that loads tfjs first.
   */
  readonly intraOpThreads?: number;
  /** Operations of one run that may run side by side. */
  readonly interOpThreads?: number;
  /** Take GPU memory as it is needed, instead of all of it at once. */
  readonly allowGrowth?: boolean;
  /** The arithmetic that TensorFlow's own rewriter may use where it is safe; variables stay float32. */
  readonly precision?: Precision;
  /** Pretend that the processor is this many devices, `/device:CPU:0` and on, to try several towers on one machine. */
  readonly cpuDevices?: number;
  /** This process is one of several that compute together; its server must have been started. */
  readonly cluster?: ClusterMember;
}

/** One process of a cluster, by TensorFlow's words: the tasks of the job "worker". */
export interface ClusterMember {
  /** HOST:PORT of every process's TensorFlow server, in the order of the tasks. */
  readonly addresses: readonly string[];
  /** Which of them this process is. */
  readonly task: number;
  /** The address of this machine that its server is kept to; its own of `addresses` unless given. */
  readonly listensOn?: string;
}

/** The name of a task, without a device: what device names begin with in a cluster. */
export function taskName(task: number): string {
  return `/job:${CLUSTER_JOB}/replica:0/task:${task}`;
}

export const CLUSTER_JOB = 'worker';

/** float16 is for GPUs and needs loss scaling; bfloat16 is for processors that have it (oneDNN). */
export type Precision = 'float32' | 'float16' | 'bfloat16';

/** Field numbers of tensorflow/core/protobuf/config.proto and rewriter_config.proto. */
const CONFIG = {
  deviceCount: 1,
  intraOpThreads: 2,
  deviceFilters: 4,
  interOpThreads: 5,
  gpuOptions: 6,
  softPlacement: 7,
  perSessionThreads: 9,
  graphOptions: 10,
  experimental: 16,
};
const GPU_OPTIONS = { allowGrowth: 4 };
const GRAPH_OPTIONS = { rewriteOptions: 10 };
const MAP_ENTRY = { key: 1, value: 2 };
const REWRITE_OPTIONS = { float16: 23, bfloat16: 31 };
const EXPERIMENTAL = { collectiveGroupLeader: 1 };
const REWRITER_ON = 1;

/** The options as a serialised `ConfigProto`. */
export function encodeConfig(options: SessionOptions): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(configProto(options).chunks));
}

/** The options as a `ConfigProto` message. */
export function configProto(options: SessionOptions): Encoded {
  const { intraOpThreads, interOpThreads, allowGrowth, precision = 'float32', cpuDevices, cluster } = options;
  return message(
    integerField(CONFIG.softPlacement, 1),
    cpuDevices === undefined
      ? []
      : field(CONFIG.deviceCount, message(field(MAP_ENTRY.key, 'CPU'), integerField(MAP_ENTRY.value, cpuDevices))),
    intraOpThreads === undefined ? [] : integerField(CONFIG.intraOpThreads, intraOpThreads),
    // The pool that runs operations side by side is shared by all sessions too, unless a session asks for its own.
    interOpThreads === undefined
      ? []
      : [integerField(CONFIG.interOpThreads, interOpThreads), integerField(CONFIG.perSessionThreads, 1)],
    allowGrowth === undefined
      ? []
      : field(CONFIG.gpuOptions, message(integerField(GPU_OPTIONS.allowGrowth, allowGrowth))),
    precision === 'float32'
      ? []
      : field(
          CONFIG.graphOptions,
          message(field(GRAPH_OPTIONS.rewriteOptions, message(integerField(REWRITE_OPTIONS[precision], REWRITER_ON)))),
        ),
    cluster === undefined ? [] : clusterFields(cluster),
  );
}

/** A process places operations on its own devices alone, and asks the first one which devices a collective operation joins. */
function clusterFields({ task }: ClusterMember): Encoded[] {
  return [
    field(CONFIG.deviceFilters, taskName(task)),
    field(CONFIG.experimental, message(field(EXPERIMENTAL.collectiveGroupLeader, taskName(0)))),
  ];
}
