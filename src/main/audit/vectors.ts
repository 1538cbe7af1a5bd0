/** Makes each vector as long as 1; one of length 0 stays. @returns the first row with a number that is not finite; -1 when all are. */
export function normalizeRows(rows: Float32Array, size: number): number {
  for (let start = 0; start < rows.length; start += size) {
    let squares = 0;
    for (let index = start; index < start + size; index++) squares += rows[index]! ** 2;
    if (!Number.isFinite(squares)) return start / size;
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let index = start; index < start + size; index++) rows[index]! *= scale;
  }
  return -1;
}

/** Four sums at a time: one alone would wait for each addition. */
export function dot(ones: Float32Array, one: number, others: Float32Array, other: number, size: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 4 <= size; index += 4) {
    first += ones[one + index]! * others[other + index]!;
    second += ones[one + index + 1]! * others[other + index + 1]!;
    third += ones[one + index + 2]! * others[other + index + 2]!;
    fourth += ones[one + index + 3]! * others[other + index + 3]!;
  }
  for (; index < size; index++) first += ones[one + index]! * others[other + index]!;
  return first + second + third + fourth;
}

/** Of the angle between two vectors of a list; 0 where one of them has no length. */
export function cosineOf(ones: Float32Array, one: number, others: Float32Array, other: number, size: number): number {
  const squares = dot(ones, one, ones, one, size) * dot(others, other, others, other, size);
  return squares === 0 ? 0 : dot(ones, one, others, other, size) / Math.sqrt(squares);
}
