import { resolve } from 'node:path';
import { formatCount, type Emit } from '../base/index.ts';
import { openDataSet, type Collection, type DataSet, type Labels } from '../data/index.ts';
import type { LabelledCollection } from './label-collection.ts';
import type { PixelForm } from './pixel-form.ts';
import { preparePixels, type PixelCollection } from './pixels.ts';
import type { RunModel } from './run-model.ts';
import { readLabels, scoreAgainst } from './score.ts';
import type { TrainingConfig } from './training-config.ts';

/** Which images, and where their pixels are kept. */
export interface ImageChoice {
  /** Path of a folder, an archive or a manifest. */
  readonly source: string;
  /** Name of the data set that lies there, where the path does not tell. */
  readonly as: string | null;
  /** Splits, as `train+test`; null: all that have labels. */
  readonly split: string | null;
  /** `folders`: those that come with the data; or a CSV file; null: none. */
  readonly labels: string | null;
  readonly store: string;
  readonly form: PixelForm;
}

/** Images as a trainer gets them, and apart from them their labels. */
export interface TrainingImages extends Disposable {
  readonly collection: Collection;
  readonly set: Pick<DataSet, 'id' | 'title' | 'opened'>;
  readonly pixels: PixelCollection;
  /** For scoring, after the training; null where there are none. */
  readonly labels: Labels | null;
}

/** Opens images, decodes them into the store where they are not there yet, and closes their files. @throws MusterError */
export async function openTrainingImages(
  { source, as, split, labels, store, form }: ImageChoice,
  emit: Emit,
  signal: AbortSignal,
): Promise<TrainingImages & { close(): Promise<void> }> {
  emit({ stage: 'find', message: `looking for images in ${source}` });
  const options = { signal, ...(as === null ? {} : { as }), ...(split === null ? {} : { split }) };
  const set = await openDataSet(source, options);
  const { collection } = set;
  try {
    emit({ stage: 'find', done: collection.items.length, unit: 'images' });
    const found = labels === null || labels === 'folders' ? set.labels : await readLabels(collection, labels);
    const pixels = await preparePixels(collection, form, { store, root: resolve(source) }, emit, signal);
    return {
      collection,
      set,
      pixels,
      labels: labels === null ? null : found,
      close: () => collection.close(),
      [Symbol.dispose]: () => pixels.pixels.dispose(),
    };
  } catch (error) {
    await collection.close();
    throw error;
  }
}

/** Gives the images their groups in a run; it learns nothing from them. */
export function labelImages({ collection, pixels, labels }: TrainingImages, model: RunModel): LabelledCollection {
  const found = model.label(pixels.pixels);
  const metrics = labels === null ? null : scoreAgainst(labels, pixels.items, found.labels);
  const outside = found.labels.reduce((count, group) => count + (group < 0 ? 1 : 0), 0);
  const notes = outside === 0 ? [] : [`${formatCount(outside, 'image')} fit no group.`];
  return {
    ...found,
    name: collection.name,
    root: collection.root,
    files: filesOf(collection, pixels.items),
    metrics,
    notes,
    skipped: [...collection.skipped, ...pixels.skipped],
    reused: 0, // no embeddings at all
    seconds: pixels.seconds,
  };
}

/** Size of the images. */
export function shapeOf({ pixels }: TrainingImages): NonNullable<TrainingConfig['shape']> {
  const [, height = 0, width = 0, channels] = pixels.pixels.shape;
  return { height, width, channels: channels === 1 ? 1 : 3 };
}

/** Path of each row. */
export function filesOf({ items }: Collection, rows: readonly number[]): string[] {
  return rows.map((item) => items[item]?.path ?? '');
}
