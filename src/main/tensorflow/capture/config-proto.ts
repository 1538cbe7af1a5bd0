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
}

/** float16 is for GPUs and needs loss scaling; bfloat16 is for processors that have it (oneDNN). */
export type Precision = 'float32' | 'float16' | 'bfloat16';

/** Field numbers of tensorflow/core/protobuf/config.proto and rewriter_config.proto. */
const CONFIG = {
  deviceCount: 1,
  intraOpThreads: 2,
  interOpThreads: 5,
  gpuOptions: 6,
  softPlacement: 7,
  perSessionThreads: 9,
  graphOptions: 10,
};
const GPU_OPTIONS = { allowGrowth: 4 };
const GRAPH_OPTIONS = { rewriteOptions: 10 };
const MAP_ENTRY = { key: 1, value: 2 };
const REWRITE_OPTIONS = { float16: 23, bfloat16: 31 };
const REWRITER_ON = 1;

/** The options as a serialised `ConfigProto`. */
export function encodeConfig(options: SessionOptions): Uint8Array<ArrayBuffer> {
  const { intraOpThreads, interOpThreads, allowGrowth, precision = 'float32', cpuDevices } = options;
  return Uint8Array.from([
    ...integer(CONFIG.softPlacement, 1),
    ...(cpuDevices === undefined
      ? []
      : message(CONFIG.deviceCount, [...text(MAP_ENTRY.key, 'CPU'), ...integer(MAP_ENTRY.value, cpuDevices)])),
    ...(intraOpThreads === undefined ? [] : integer(CONFIG.intraOpThreads, intraOpThreads)),
    // The pool that runs operations side by side is shared by all sessions too, unless a session asks for its own.
    ...(interOpThreads === undefined
      ? []
      : [...integer(CONFIG.interOpThreads, interOpThreads), ...integer(CONFIG.perSessionThreads, 1)]),
    ...(allowGrowth === undefined
      ? []
      : message(CONFIG.gpuOptions, integer(GPU_OPTIONS.allowGrowth, allowGrowth ? 1 : 0))),
    ...(precision === 'float32'
      ? []
      : message(
          CONFIG.graphOptions,
          message(GRAPH_OPTIONS.rewriteOptions, integer(REWRITE_OPTIONS[precision], REWRITER_ON)),
        )),
  ]);
}

// Protocol buffers, as far as the above needs them: https://protobuf.dev/programming-guides/encoding

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function integer(field: number, value: number): number[] {
  return [...varint((field << 3) | VARINT), ...varint(value)];
}

function text(field: number, value: string): number[] {
  return message(field, [...Buffer.from(value, 'utf8')]);
}

function message(field: number, content: readonly number[]): number[] {
  return [...varint((field << 3) | LENGTH_DELIMITED), ...varint(content.length), ...content];
}

/** Seven bits a byte, lowest first; the high bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
