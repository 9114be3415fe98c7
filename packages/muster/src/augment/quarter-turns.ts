import type { Tensor } from '@muster/torch';
import * as torch from '@muster/torch';

/** A batch turned four ways, image by image. */
export interface QuarterTurns {
  /** [4 n, c, h, h]: each image by 0, 90, 180 and 270 degrees counter-clockwise. */
  readonly images: Tensor;
  /** int64 [4 n]: 0 1 2 3 0 1 2 3 ... */
  readonly labels: Tensor;
}

/**
 * The batch of the rotation task.
 *
 * @param images [n, c, h, h]
 * @source Gidaris et al. 2018 (RotNet); order of the rows as in MMDC's code
 */
export function quarterTurns(images: Tensor): QuarterTurns {
  const [count = 0, ...picture] = images.shape;
  return torch.scope(() => {
    const turns = [0, 1, 2, 3].map((times) => images.rot90(times, [2, 3]));
    return {
      images: torch.stack(turns, 1).view([4 * count, ...picture]),
      labels: torch.arange(4, { dtype: 'int64', device: images.device }).repeat([count]),
    };
  });
}
