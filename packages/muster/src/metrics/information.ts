import { contingency } from './contingency.ts';
import type { Labels } from './labels.ts';

/**
 * Normalised mutual information: MI(truth, pred) over the arithmetic mean of the two entropies, natural logarithm.
 * 1 where both sides have a single value, 0 where only one has. Symmetric, in 0..1.
 * Source: Vinh, Epps and Bailey, JMLR 11 (2010), table 2 (NMI-sum).
 * @param truth [n] integers
 * @param pred [n] integers
 * @throws MusterError metrics.labels as {@link contingency}.
 */
export function nmi(truth: Labels, pred: Labels): number {
  const table = contingency(truth, pred);
  const { n, classes, clusters, classSizes, clusterSizes, cellClass, cellCluster, cellCount } = table;
  if (classes.length === 1 && clusters.length === 1) return 1;
  if (classes.length === 1 || clusters.length === 1) return 0;
  let information = 0;
  for (let cell = 0; cell < cellCount.length; cell++) {
    const count = cellCount[cell] ?? 0;
    const expected = (classSizes[cellClass[cell] ?? 0] ?? 0) * (clusterSizes[cellCluster[cell] ?? 0] ?? 0);
    information += (count / n) * Math.log((n * count) / expected);
  }
  // Sums of rounded terms: what is left of independent labels must not decide the score.
  if (information <= Number.EPSILON) return 0;
  return information / ((entropy(classSizes, n) + entropy(clusterSizes, n)) / 2);
}

/** Entropy of a labelling from its group sizes, natural logarithm; 0 log 0 = 0. */
export function entropy(sizes: Int32Array, n: number): number {
  let total = 0;
  for (const size of sizes) if (size > 0) total -= (size / n) * Math.log(size / n);
  return total;
}

/**
 * Adjusted Rand index from the counts of ordered pairs; 1 for equal partitions, 0 expected by chance, can be negative.
 * Source: Hubert and Arabie, Journal of Classification 2 (1985), in pair-confusion form.
 * @param truth [n] integers
 * @param pred [n] integers
 * @throws MusterError metrics.labels as {@link contingency}.
 */
export function ari(truth: Labels, pred: Labels): number {
  const { n, classSizes, clusterSizes, cellCount } = contingency(truth, pred);
  const together = sumOfSquares(cellCount);
  const sameClass = sumOfSquares(classSizes);
  const sameCluster = sumOfSquares(clusterSizes);
  const tp = together - n;
  const fp = sameCluster - together;
  const fn = sameClass - together;
  const tn = n * n - sameCluster - sameClass + together;
  if (fn === 0 && fp === 0) return 1;
  return (2 * (tp * tn - fn * fp)) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
}

function sumOfSquares(sizes: Int32Array): number {
  let total = 0;
  for (const size of sizes) total += size * size;
  return total;
}
