import { MusterError } from '../base/index.ts';
import { checkLabels } from './records.ts';
import type { RecordLayout } from './records.ts';

/**
 * Records of STL-10's image files: red, green, blue, 96 x 96 each, column by column.
 * @source Coates, Lee, Ng: "STL-10 dataset", binary files
 */
export const stl10Layout: RecordLayout = { width: 96, height: 96, channels: 3, labelBytes: 0, order: 'columns' };

/**
 * STL-10's labels, one byte 1..10 for each image, counted from 0.
 *
 * @param images how many there are
 * @param name what to call the file in errors
 * @returns uint8 [n]
 * @throws MusterError `data.label`, `data.count`
 */
export function readStl10Labels(bytes: Uint8Array, images: number, name: string): Uint8Array {
  checkLabelCount(bytes.length, images, name);
  checkLabels(bytes, 10, name, 1);
  return bytes.map((label) => label - 1);
}

/** @throws MusterError `data.count` where there is not one label for each image */
export function checkLabelCount(labels: number, images: number, name: string): void {
  if (labels === images) return;
  throw new MusterError('data.count', `holds ${labels} labels for ${images} images`, {
    where: name,
    fix: 'images and labels are not of one set, or one file is cut short',
  });
}
