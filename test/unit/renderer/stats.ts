import type { CatalogStats, ClassCounts, SourceStats } from '#shared/catalog.ts';
import { classNames } from '#shared/expressions.ts';
import type { Split } from '#shared/images.ts';

/** Counts as the host reports them. @param unlabeled images of the split without a class. */
export function classCounts(counts: number[], unlabeled = 0): ClassCounts {
  const present = counts.filter((count) => count > 0);
  const labeled = counts.reduce((sum, count) => sum + count, 0);
  return {
    counts,
    shares: counts.map((count) => (labeled === 0 ? 0 : count / labeled)),
    total: counts.reduce((sum, count) => sum + count, unlabeled),
    imbalanceRatio: present.length < 2 ? null : Math.max(...present) / Math.min(...present),
    effectiveNumber: counts,
  };
}

export function sourceStats(name: string, splits: Partial<Record<Split, ClassCounts>>, failed = 0): SourceStats {
  const all = Object.values(splits);
  return {
    name,
    root: `/faces/${name}`,
    format: 'folder',
    role: 'labeled',
    total: all.reduce((sum, { total }) => sum + total, 0),
    labeled: all.reduce((sum, { counts }) => sum + counts.reduce((one, count) => one + count, 0), 0),
    identities: 0,
    failed,
    splits,
  };
}

/** A catalog of these sources; `splits` are their sums, which the caller gives so that a test's numbers stand in the test. */
export function catalogStats(sources: SourceStats[], splits: CatalogStats['splits']): CatalogStats {
  return {
    classes: classNames(7),
    images: sources.reduce((sum, { total }) => sum + total, 0),
    splits,
    sources,
    mismatch: null,
  };
}
