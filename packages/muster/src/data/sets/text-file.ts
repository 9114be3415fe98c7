import { MusterError, formatBytes, limits } from '../../base/index.ts';
import { exactText } from '../path-text.ts';
import type { Place } from './place.ts';

/**
 * A text file of a data set: a list of a split, a table of labels.
 * @throws MusterError `TOO_LARGE`, `data.format` where it is no UTF-8, or a file code
 */
export function readText(place: Place, path: string): string {
  const file = place.open(path);
  const { name, sizeBytes } = file;
  if (sizeBytes > limits.csvBytes) {
    throw new MusterError('TOO_LARGE', `has ${formatBytes(sizeBytes)}, more than ${formatBytes(limits.csvBytes)}`, {
      where: name,
    });
  }
  const text = exactText(file.read(0, sizeBytes));
  file.close();
  if (text === undefined) throw new MusterError('data.format', 'is not UTF-8 text', { where: name });
  return text;
}

/** The lines of a text file that hold something, without blanks around them. */
export function readLines(place: Place, path: string): string[] {
  return readText(place, path)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
