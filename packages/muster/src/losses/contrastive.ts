import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { entropy } from './entropy.ts';

/** Whether a row's product with itself is left out of its denominator (the codes) or stands in it (the printed sums). */
export type ContrastForm = 'masked' | 'literal';

/** How rows are compared. */
export interface ContrastOptions {
  readonly temperature: number;
  /** Default `masked`. */
  readonly form?: ContrastForm;
}

/** Least norm that a row is divided by. */
const ROW_FLOOR = 1e-12;
/** The same for columns of probabilities. */
const COLUMN_FLOOR = 1e-8;

/** Rows scaled to unit length, [n, d]. */
export function unitRows(rows: Tensor): Tensor {
  return rows.div(torch.linalgVectorNorm(rows, 2, [-1], true).clampMin(ROW_FLOOR));
}

/**
 * Instance-level InfoNCE between two views: for each of the 2n rows -ln softmax at its twin in the other view, mean.
 *
 * @param za [n, d] one view
 * @param zb [n, d] the other
 * @param options.normalise cosine (the papers' texts, CC and PICI) or the raw product (ViT-IC's code). Default true
 * @source ViT-IC eq. 2-3, PICI eq. 5-6; the printed denominators contain the row itself, the codes leave it out
 */
export function instanceContrast(
  za: Tensor,
  zb: Tensor,
  { temperature, form = 'masked', normalise = true }: ContrastOptions & { normalise?: boolean },
): Tensor {
  const rows = torch.cat([za, zb]); // (2n, d)
  const z = normalise ? unitRows(rows) : rows;
  return infoNce(z.mm(z.t()).div(temperature), form);
}

/**
 * NT-Xent as SCAN's pretext has it: only the first view's rows ask; the denominator runs over the other 2n - 1 rows.
 *
 * @param za [n, d]
 * @param zb [n, d]
 * @source SCAN's code; SimCLR eq. 1, which asks from both views, is {@link instanceContrast}
 */
export function anchorContrast(za: Tensor, zb: Tensor, { temperature }: { temperature: number }): Tensor {
  const n = za.shape[0] ?? 0;
  const z = unitRows(torch.cat([za, zb])); // (2n, d)
  const similarity = z.narrow(0, 0, n).mm(z.t()).div(temperature); // (n, 2n)
  const positives = similarity.diagonal(n);
  return withoutSelf(similarity).logsumexp([1]).sub(positives).mean();
}

/**
 * Share of the first view's rows whose twin is nearer to them than every other row of the two views, by the cosine; a scalar without gradient.
 *
 * @param za [n, d]
 * @param zb [n, d]
 */
export function twinsNearest(za: Tensor, zb: Tensor): Tensor {
  return noGrad(() =>
    scope(() => {
      const n = za.shape[0] ?? 0;
      const z = unitRows(torch.cat([za, zb])); // (2n, d)
      const others = withoutSelf(z.narrow(0, 0, n).mm(z.t())); // (n, 2n)
      const asNear = others.ge(others.diagonal(n).unsqueeze(1)).sum([1]); // (n): the twin itself at least
      return asNear.eq(1).to('float32').mean();
    }),
  );
}

/**
 * Cluster-level InfoNCE: the 2K columns of two assignment matrices, compared by cosine, each looking for its twin.
 *
 * @param ca [n, K] probabilities of one view
 * @param cb [n, K] probabilities of the other
 * @source ViT-IC eq. 4, PICI eq. 7-8, the first part of the loss; the mean over 2K columns
 */
export function clusterContrast(ca: Tensor, cb: Tensor, { temperature, form = 'masked' }: ContrastOptions): Tensor {
  const columns = unitColumns(torch.cat([ca, cb], 1)); // (n, 2K)
  return infoNce(columns.t().mm(columns).div(temperature), form);
}

/**
 * Sum over two views of sum_k P_k ln P_k, P being the share of each cluster in the whole matrix: 0 at collapse, -2 ln K at
 * uniform use, so that adding it rewards balance.
 *
 * @param options.addLogK adds the constant ln K per view, as the authors' code does
 * @source ViT-IC eq. 5, PICI eq. 9-10. ViT-IC prints H without its minus sign, PICI divides a column by its own sum; both codes
 *   do what stands here
 */
export function negativeEntropy(ca: Tensor, cb: Tensor, { addLogK = false }: { addLogK?: boolean } = {}): Tensor {
  const shares = torch.stack([ca, cb]).sum([1]); // (2, K)
  const sum = entropy(shares.div(shares.sum([1], true)))
    .sum()
    .neg();
  return addLogK ? sum.add(2 * Math.log(ca.shape[1] ?? 1)) : sum;
}

/** The parts of {@link clusterLoss}. */
export interface ClusterLoss {
  readonly contrast: Tensor;
  readonly negEntropy: Tensor;
  readonly loss: Tensor;
}

/** Contrast of the clusters and their negative entropy. Source: ViT-IC eq. 5, PICI eq. 11. */
export function clusterLoss(ca: Tensor, cb: Tensor, options: ContrastOptions & { addLogK?: boolean }): ClusterLoss {
  const contrast = clusterContrast(ca, cb, options);
  const negEntropy = negativeEntropy(ca, cb, options);
  return { contrast, negEntropy, loss: contrast.add(negEntropy) };
}

/** The parts of {@link viticLoss}. */
export interface ViticLoss {
  readonly instance: Tensor;
  readonly cluster: Tensor;
  readonly loss: Tensor;
}

/**
 * ViT-IC's whole loss: instances plus clusters, weight 1 each. Source: eq. 6.
 *
 * @param views.za [n, d] of the instance head, and `zb`
 * @param views.ya [n, K] probabilities of the cluster head, and `yb`
 */
export function viticLoss(
  views: { readonly za: Tensor; readonly zb: Tensor; readonly ya: Tensor; readonly yb: Tensor },
  temperatures: { readonly instance: number; readonly cluster: number; readonly normalise?: boolean },
): ViticLoss {
  const { normalise } = temperatures;
  const instance = instanceContrast(views.za, views.zb, { temperature: temperatures.instance, normalise });
  const cluster = clusterLoss(views.ya, views.yb, { temperature: temperatures.cluster }).loss;
  return { instance, cluster, loss: instance.add(cluster) };
}

/** Columns scaled to unit length, [n, c]. */
export function unitColumns(columns: Tensor): Tensor {
  return columns.div(torch.linalgVectorNorm(columns, 2, [-2], true).clampMin(COLUMN_FLOOR));
}

/** Mean over the 2m rows of -ln softmax at the twin, of a symmetric (2m, 2m) similarity whose twin of row i is i ± m. */
function infoNce(similarity: Tensor, form: ContrastForm): Tensor {
  const twins = similarity.diagonal((similarity.shape[0] ?? 0) / 2); // (m): both rows of a pair have the same
  const denominators = (form === 'masked' ? withoutSelf(similarity) : similarity).logsumexp([1]);
  return denominators.mean().sub(twins.mean());
}

/** The main diagonal taken out of every sum of exponentials. */
function withoutSelf(similarity: Tensor): Tensor {
  const [rows = 0, columns = 0] = similarity.shape;
  return similarity.maskedFill(torch.eye(rows, columns, { dtype: 'bool', device: similarity.device }), -Infinity);
}
