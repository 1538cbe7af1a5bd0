/** Quantile of the standard normal that leaves 2.5 % above it. */
const NORMAL_QUANTILE_95 = 1.959963984540054;

export interface Kappa {
  /** Share of the items both put into the same class. */
  readonly observed: number;
  /** 1 for full agreement, 0 for that of chance; null where only one class occurs, so that chance alone agrees fully. */
  readonly kappa: number | null;
  /** 95 %, by the large-sample variance; never beyond [-1, 1]. */
  readonly interval: [lower: number, upper: number] | null;
}

/**
 * Cohen's kappa: agreement of two raters beyond chance. Source: Cohen, "A coefficient of agreement for nominal scales", 1960; variance of Fleiss,
 * Cohen and Everitt, "Large sample standard errors of kappa and weighted kappa", 1969.
 *
 * @param matrix [K×K] counts of items; rows are the classes of one rater, columns those of the other. @returns null where there is no item.
 */
export function cohensKappa(matrix: readonly (readonly number[])[]): Kappa | null {
  const count = matrix.flat().reduce((sum, cell) => sum + cell, 0);
  if (count === 0) return null;
  const rows = matrix.map((row) => row.reduce((sum, cell) => sum + cell, 0) / count);
  const columns = matrix.map((_, column) => matrix.reduce((sum, row) => sum + row[column]!, 0) / count);
  const observed = matrix.reduce((sum, row, index) => sum + row[index]!, 0) / count;
  const expected = rows.reduce((sum, share, index) => sum + share * columns[index]!, 0);
  if (1 - expected < Number.EPSILON * matrix.length) return { observed, kappa: null, interval: null };
  const kappa = (observed - expected) / (1 - expected);
  const reach = NORMAL_QUANTILE_95 * Math.sqrt(varianceOf(matrix, { rows, columns, observed, expected, kappa, count }));
  return { observed, kappa, interval: [Math.max(-1, kappa - reach), Math.min(1, kappa + reach)] };
}

interface Shares {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly observed: number;
  readonly expected: number;
  readonly kappa: number;
  readonly count: number;
}

function varianceOf(matrix: readonly (readonly number[])[], { rows, columns, expected, kappa, count }: Shares): number {
  let diagonal = 0;
  let others = 0;
  matrix.forEach((row, index) => {
    row.forEach((cell, column) => {
      const share = cell / count;
      if (index === column) diagonal += share * (1 - (rows[index]! + columns[index]!) * (1 - kappa)) ** 2;
      else others += share * (columns[index]! + rows[column]!) ** 2;
    });
  });
  const spread = diagonal + (1 - kappa) ** 2 * others - (kappa - expected * (1 - kappa)) ** 2;
  return Math.max(0, spread) / (count * (1 - expected) ** 2);
}
