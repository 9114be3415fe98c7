import {
  dataSets,
  findDataSet,
  requireDataSet,
  type DataSetEntry,
  type PaperUse,
  type SplitSize,
} from '../data/index.ts';

/** A data set that has a name, for those who look for one. */
export interface DataSetSummary {
  readonly id: string;
  readonly title: string;
  readonly classes: number;
  /** Of all splits, as published. */
  readonly images: number;
  readonly splits: readonly SplitSize[];
  /** Size of its pictures. */
  readonly pixels: string;
  /** What each of the papers trains on and scores. */
  readonly papers: readonly PaperUse[];
  /** Where to get it. */
  readonly from: string;
  /** What has to lie in its folder. */
  readonly layout: string;
  /** Where it lies; null where it is not found. */
  readonly path: string | null;
}

/** Every data set that has a name, or the one of this name. @throws MusterError `data.unknown` */
export function listDataSets(id?: string): DataSetSummary[] {
  return id === undefined ? dataSets.map(summary) : [summary(requireDataSet(id))];
}

function summary(entry: DataSetEntry): DataSetSummary {
  const { id, title, classes, splits, pixels, papers, from, layout } = entry;
  const images = splits.reduce((sum, split) => sum + split.images, 0);
  return { id, title, classes, images, splits, pixels, papers, from, layout, path: findDataSet(entry) };
}
