import type { Promises, Usage } from './types.ts';

/** Below this share of the groups asked for, in effect, a result counts as collapsed. */
const COLLAPSED_SHARE = 1 / 3;

/**
 * How labels spread over groups.
 *
 * @param labels [N] 0..groups-1, or below 0 for none
 */
export function usageOf(labels: Int32Array, groups: number, promises: Promises): Usage {
  const sizes = new Array<number>(groups).fill(0);
  let outside = 0;
  for (const label of labels) {
    if (label < 0) outside++;
    else sizes[label] = (sizes[label] ?? 0) + 1;
  }
  const inside = labels.length - outside;
  let entropy = 0;
  for (const size of sizes) if (size > 0) entropy -= (size / inside) * Math.log(size / inside);
  const occupied = sizes.filter((size) => size > 0).length;
  const effective = inside === 0 ? 0 : Math.exp(entropy);
  const few = promises !== 'as-many-as-found' && effective < groups * COLLAPSED_SHARE;
  return {
    sizes,
    occupied,
    effective,
    outside,
    collapsed: (groups !== 1 || promises === 'as-many-as-found') && (occupied <= 1 || few),
  };
}
