/** Rows in the order of a text or number; equal ones stay as they were. */
export function sortRows<Row>(
  rows: readonly Row[],
  by: (row: Row) => string | number,
  descending: boolean,
): readonly Row[] {
  const direction = descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [first, second] = [by(one), by(other)];
    if (typeof first === 'string' && typeof second === 'string') {
      return direction * first.localeCompare(second, 'en', { numeric: true });
    }
    return direction * (Number(first) - Number(second));
  });
}
