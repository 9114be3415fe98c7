import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';

/** Rows scaled to unit length, (N, D); rows of zeros stay. */
export function unitRows(rows: Tensor): Tensor {
  return rows.div(torch.linalgVectorNorm(rows, 2, [1], true).clampMin(1e-12));
}
