import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';

/**
 * Mean cross-entropy of telling by how many quarter turns images were rotated.
 *
 * @param logits [m, 4]
 * @param turns int64 [m]
 * @source Gidaris et al. 2018 (RotNet), eq. 2-3; MMDC section III-D
 */
export function rotationLoss(logits: Tensor, turns: Tensor): Tensor {
  return torch.crossEntropyLoss(logits, turns);
}
