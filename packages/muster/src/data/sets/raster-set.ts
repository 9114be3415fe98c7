import { countMissing } from '../labels.ts';
import type { Labels } from '../labels.ts';
import type { Place } from './place.ts';
import { rasterCollection } from './rasters.ts';
import type { RasterPart } from './rasters.ts';
import type { FoundSet, FoundSplit } from './set.ts';

/** A split of raw pixels. */
export interface RasterSplit extends FoundSplit {
  /** Opens its files and checks them. @throws MusterError saying what is wrong with which */
  parts(): readonly RasterPart[] | Promise<readonly RasterPart[]>;
}

/**
 * A set of raw pixels.
 *
 * @param format in words
 * @param classes names of the classes, or what makes them of the labels found
 */
export function rasterSet(
  place: Place,
  format: string,
  splits: readonly RasterSplit[],
  classes: readonly string[] | ((count: number) => readonly string[]),
): FoundSet {
  return {
    format,
    splits,
    open: async (wanted) => {
      const parts = new Map<string, readonly RasterPart[]>();
      for (const name of wanted) parts.set(name, (await splits.find((split) => split.name === name)?.parts()) ?? []);
      const collection = rasterCollection(place, parts);
      return { collection, labels: labelsOf([...parts.values()].flat(), classes) };
    },
  };
}

function labelsOf(
  parts: readonly RasterPart[],
  classes: readonly string[] | ((count: number) => readonly string[]),
): Labels | null {
  if (parts.every(({ labels }) => labels === null)) return null;
  const values = new Int32Array(parts.reduce((sum, { count }) => sum + count, 0)).fill(-1);
  let at = 0;
  for (const { labels, count } of parts) {
    if (labels !== null) values.set(labels, at);
    at += count;
  }
  const count = values.reduce((most, value) => Math.max(most, value), -1) + 1;
  const names = typeof classes === 'function' ? classes(count) : classes;
  return { classes: names, values, missing: countMissing(values), unmatched: [] };
}
