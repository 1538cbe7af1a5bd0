import { MODULE } from './generated.ts';

/** The functions of resize.as; what they take is told there. */
interface ResizeExports {
  readonly memory: WebAssembly.Memory;
  resizeRows(
    source: number,
    sourceStride: number,
    rowCount: number,
    offsets: number,
    weights: number,
    outputs: number,
    taps: number,
    target: number,
  ): void;
  resizeColumns(
    source: number,
    rowLength: number,
    positions: number,
    weights: number,
    outputs: number,
    taps: number,
    target: number,
  ): void;
}

/**
 * What each output position along one axis is made of: `count` input positions and their weights in 22-bit fixed point. The count is the
 * same everywhere; what is too many has weight 0.
 */
export interface Taps {
  readonly count: number;
  readonly positions: Int32Array;
  readonly weights: Int32Array;
}

/** Bytes the kernels may read and write past the end of what they are given. */
const SLACK = 16;
const PAGE_BYTES = 65_536;
/** Rows are handed over in stretches of about so many bytes, so that a large picture needs no memory of its own size here. */
const STRETCH_BYTES = 1 << 20;
/** Memory cannot shrink: above this it is given up after use. */
const KEPT_BYTES = 32 << 20;

const compiled = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));
/** Each thread has one of its own. */
let current: ResizeExports | undefined;

/**
 * Both passes of a resize.
 *
 * @param pixels rows of `stride` bytes, RGB. @param columns positions are pixels of a row. @param rows positions are rows.
 * @returns columns × rows pixels, RGB.
 */
export function resizePixels(pixels: Uint8Array, stride: number, columns: Taps, rows: Taps): Uint8Array<ArrayBuffer> {
  const width = columns.positions.length / columns.count;
  const height = rows.positions.length / rows.count;
  const top = rows.positions[0]!;
  const inputRows = rows.positions.at(-1)! + 1 - top;
  const stretchRows = Math.max(1, Math.min(inputRows, Math.floor(STRETCH_BYTES / stride)));

  const plan = new MemoryPlan();
  const offsets = plan.reserve(columns.positions.byteLength);
  const columnWeights = plan.reserve(columns.weights.byteLength);
  const positions = plan.reserve(rows.positions.byteLength);
  const rowWeights = plan.reserve(rows.weights.byteLength);
  const stretch = plan.reserve(stretchRows * stride);
  const narrowed = plan.reserve(inputRows * width * 3);
  const target = plan.reserve(width * height * 3);
  const kernels = kernelsWith(plan.bytes);

  const words = new Int32Array(kernels.memory.buffer);
  words.set(
    columns.positions.map((position) => position * 3),
    offsets / 4,
  );
  words.set(columns.weights, columnWeights / 4);
  words.set(
    rows.positions.map((position) => position - top),
    positions / 4,
  );
  words.set(rows.weights, rowWeights / 4);

  const bytes = new Uint8Array(kernels.memory.buffer);
  for (let done = 0; done < inputRows; done += stretchRows) {
    const count = Math.min(stretchRows, inputRows - done);
    bytes.set(pixels.subarray((top + done) * stride, (top + done + count) * stride), stretch);
    const to = narrowed + done * width * 3;
    kernels.resizeRows(stretch, stride, count, offsets, columnWeights, width, columns.count, to);
  }
  kernels.resizeColumns(narrowed, width * 3, positions, rowWeights, height, rows.count, target);
  const resized = bytes.slice(target, target + width * height * 3);
  if (plan.bytes > KEPT_BYTES) current = undefined;
  return resized;
}

/** Stretches of the kernels' memory, one after the other. */
class MemoryPlan {
  /** The first page is the compiler's. */
  bytes = PAGE_BYTES;

  reserve(length: number): number {
    const start = this.bytes;
    this.bytes += Math.ceil((length + SLACK) / SLACK) * SLACK;
    return start;
  }
}

function kernelsWith(bytes: number): ResizeExports {
  current ??= new WebAssembly.Instance(compiled).exports as unknown as ResizeExports;
  const missing = bytes - current.memory.buffer.byteLength;
  if (missing > 0) current.memory.grow(Math.ceil(missing / PAGE_BYTES));
  return current;
}
