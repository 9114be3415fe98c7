import { MusterError } from '../../base/index.ts';
import { linearAssignment } from '../../metrics/index.ts';

/**
 * Renames fresh groups after those that were held before, one to one, so that the most images keep their name. Source: MMDC section III-E,
 * the matching from the authors' code.
 *
 * @param fresh [N] 0..groups-1
 * @param previous [N] 0..groups-1
 * @returns [N]
 */
export function renameGroups(fresh: Int32Array, previous: Int32Array, groups: number): Int32Array {
  if (fresh.length !== previous.length)
    throw new MusterError('mmdc.refine', `${fresh.length} and ${previous.length} labels`, { kind: 'internal' });
  const shared = new Float64Array(groups * groups);
  fresh.forEach((group, image) => {
    const cell = group * groups + (previous[image] ?? 0);
    shared[cell] = (shared[cell] ?? 0) + 1;
  });
  const { columnOfRow } = linearAssignment(shared, groups, groups, { maximise: true });
  return fresh.map((group) => columnOfRow[group] ?? 0);
}
