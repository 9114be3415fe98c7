import { scope, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** How sure a label is, in words. */
export type ConfidenceWord = 'sure' | 'fair' | 'unsure';

/** Confidence from which on a label is called so. */
export const confidenceBounds = { sure: 0.5, fair: 0.2 } as const;

/** Rows at a time: bounds the memory to rows × K similarities. */
const chunk = 8192;

/**
 * How much nearer each image is to its own centre than to the next: (b - a) / b with a and b the cosine distances to the
 * nearest and the second nearest centre, in 0..1. It needs no truth; on photos, aerial views and drawings the share
 * of right labels rises with it throughout (docs/guide/cluster.md).
 *
 * @param rows (N, D) float32, unit rows
 * @param centres (K, D) float32, unit rows, K at least 2
 * @returns (N) confidences
 * @source the simplified silhouette of Hruschka et al., 2004, for labels that are the nearest centre
 */
export function marginConfidence(rows: Tensor, centres: Tensor): Float32Array {
  const n = rows.shape[0] ?? 0;
  const confidence = new Float32Array(n);
  for (let start = 0; start < n; start += chunk) {
    const part = scope(() => {
      const cosines = rows.narrow(0, start, Math.min(chunk, n - start)).mm(centres.t()); // (rows, K)
      const [nearest] = torch.topk(cosines, 2, 1);
      const a = nearest.select(1, 0).neg().add(1);
      const b = nearest.select(1, 1).neg().add(1);
      return b.sub(a).div(b.clampMin(1e-12)).clamp(0, 1).toFloat32Array();
    });
    confidence.set(part, start);
  }
  return confidence;
}

/** The word for a confidence. */
export function confidenceWord(confidence: number): ConfidenceWord {
  if (confidence >= confidenceBounds.sure) return 'sure';
  return confidence >= confidenceBounds.fair ? 'fair' : 'unsure';
}
