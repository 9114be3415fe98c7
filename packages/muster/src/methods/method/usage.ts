import { effectiveGroups, isCollapsed } from '../../train/index.ts';
import type { Promises, Usage } from './types.ts';

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
  const occupied = sizes.filter((size) => size > 0).length;
  const effective = effectiveGroups(sizes);
  const collapsed = promises === 'as-many-as-found' ? occupied <= 1 : isCollapsed(effective, groups);
  return { sizes, occupied, effective, outside, collapsed };
}
