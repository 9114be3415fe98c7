import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { unitRows } from '../../losses/index.ts';

/** Which nouns stand for a centre: the code's, or eq. 5 read literally. */
export type NounRule = 'argmax' | 'threshold';

/** How nouns are chosen. */
export interface NounOptions {
  /** Nouns a centre, the paper's gamma: 5. */
  readonly gamma: number;
  /**
   * `argmax`: each centre's gamma surest of the nouns that are its own. `threshold`: every noun at least as sure of the centre as the
   * gamma-th of those.
   */
  readonly rule: NounRule;
}

/** The chosen nouns, and what every noun was classified as. */
export interface NounSelection {
  /** int64 [M']: rows of the nouns, ascending, without repeats. */
  readonly selected: Tensor;
  /** int64 [M]: the centre of each noun. */
  readonly classes: Tensor;
  /** [M]: its probability. */
  readonly confidence: Tensor;
}

/** Similarities held at a time. */
const BLOCK_NUMBERS = 1 << 24;

/**
 * Semantic centres: the mean of the unit rows of each group's images, scaled to unit length. Groups without images are left out.
 *
 * @param images [N, d] unit rows
 * @param assignment int64 [N]; rows below 0 belong to no group
 * @param k number of groups
 * @returns [k or fewer, d] unit rows, the caller's
 * @source TAC eq. 3, whose sum has the same direction
 */
export function semanticCentres(images: Tensor, assignment: Tensor, k: number): Tensor {
  return scope(() =>
    noGrad(() => {
      // Row k takes what belongs nowhere.
      const target = assignment.maskedFill(assignment.lt(0), k);
      const zeros = torch.zeros([k + 1, images.shape[1] ?? 0], { dtype: images.dtype, device: images.device });
      const sums = zeros.indexAdd(0, target, images).narrow(0, 0, k);
      const occupied = torch
        .bincount(target, null, k + 1)
        .narrow(0, 0, k)
        .gt(0)
        .nonzero()
        .squeeze(1);
      return unitRows(sums.indexSelect(0, occupied));
    }),
  );
}

/**
 * Chooses nouns that tell the centres apart: each noun is classified to a centre by the softmax of its cosines, without a
 * temperature, and the surest of each centre are taken.
 *
 * @param nouns [M, d] unit rows
 * @param centres [k, d] unit rows
 * @returns tensors of the caller's
 * @source TAC eq. 4-6
 */
export function selectNouns(nouns: Tensor, centres: Tensor, { gamma, rule }: NounOptions): NounSelection {
  return scope(() =>
    noGrad(() => {
      const { classes, confidence } = classify(nouns, centres);
      const ranked = rankWithinClasses(classes, confidence, centres.shape[0] ?? 0);
      const top = ranked.order.maskedSelect(ranked.rank.lt(gamma));
      const selected = rule === 'argmax' ? top.sort()[0] : aboveThreshold(nouns, centres, top, classes, confidence);
      return { selected, classes, confidence };
    }),
  );
}

function classify(nouns: Tensor, centres: Tensor): { classes: Tensor; confidence: Tensor } {
  const parts = overBlocks(nouns, centres, (p) => p.max(1));
  return {
    confidence: torch.cat(parts.map(([values]) => values)),
    classes: torch.cat(parts.map(([, indices]) => indices)),
  };
}

/** Nouns ordered by centre, then from the surest (ties: the earlier noun), and each one's rank in its centre. */
function rankWithinClasses(classes: Tensor, confidence: Tensor, k: number): { order: Tensor; rank: Tensor } {
  const [, bySureness] = torch.sort(confidence, { stable: true, dim: 0, descending: true });
  const [sorted, byClass] = torch.sort(classes.indexSelect(0, bySureness), { stable: true, dim: 0 });
  const counts = torch.bincount(classes, null, k);
  const starts = counts.cumsum(0).sub(counts);
  const places = torch.arange(classes.numel, { dtype: 'int64', device: classes.device });
  return { order: bySureness.indexSelect(0, byClass), rank: places.sub(starts.indexSelect(0, sorted)) };
}

/** Every noun that some centre is given at least the least confidence among that centre's top nouns. */
function aboveThreshold(nouns: Tensor, centres: Tensor, top: Tensor, classes: Tensor, confidence: Tensor): Tensor {
  const none = torch.full([centres.shape[0] ?? 0], Infinity, { dtype: confidence.dtype, device: confidence.device });
  const least = none.scatterReduce(0, classes.indexSelect(0, top), confidence.indexSelect(0, top), 'amin');
  return torch
    .cat(overBlocks(nouns, centres, (p) => p.ge(least).any(1)))
    .nonzero()
    .squeeze(1);
}

/** Calls `use` with the probabilities [rows, k] of one block of nouns after the other; the blocks are always the same. */
function overBlocks<T>(nouns: Tensor, centres: Tensor, use: (p: Tensor) => T): T[] {
  const [count = 0] = nouns.shape;
  const rows = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, centres.shape[0] ?? 1)));
  const results: T[] = [];
  for (let start = 0; start < count; start += rows) {
    results.push(
      scope(() =>
        use(
          nouns
            .narrow(0, start, Math.min(rows, count - start))
            .mm(centres.t())
            .softmax(1),
        ),
      ),
    );
  }
  return results;
}
