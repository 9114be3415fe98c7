import { openCollection, openDataSet, type Collection } from '../data/index.ts';

/** Which images. */
export interface ImagePlace {
  /** Path of a folder, an archive or a manifest. */
  readonly source: string;
  readonly followLinks: boolean;
  /** Splits of a data set, such as `train+test`; null: all that have labels, or the whole folder. */
  readonly split?: string | null | undefined;
  /** Name of the data set that lies there, where the path does not tell. */
  readonly as?: string | null | undefined;
}

/** Opens the images of a folder or of splits of a data set. @throws MusterError as `openCollection`, `openDataSet` */
export async function openImages(place: ImagePlace, signal: AbortSignal): Promise<Collection> {
  const { source, followLinks, split, as } = place;
  const isSet = typeof split === 'string' || typeof as === 'string';
  if (!isSet) return await openCollection(source, { followLinks, signal });
  const which = { ...(typeof split === 'string' ? { split } : {}), ...(typeof as === 'string' ? { as } : {}) };
  return (await openDataSet(source, { followLinks, signal, ...which })).collection;
}
