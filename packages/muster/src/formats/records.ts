import { MusterError } from '../base/index.ts';

/** How a data set's binary file keeps its pictures: one record of fixed length for each. */
export interface RecordLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Bytes before the pixels of a record: its labels. */
  readonly labelBytes: number;
  /**
   * `pixels`: the channels of a pixel side by side, row by row; `planes`: one channel after the other, row by row;
   * `columns`: one channel after the other, column by column.
   */
  readonly order: 'pixels' | 'planes' | 'columns';
}

/** Bytes of one record. */
export function recordBytes({ width, height, channels, labelBytes }: RecordLayout): number {
  return labelBytes + width * height * channels;
}

/**
 * How many records a file holds.
 *
 * @param name what to call the file in errors
 * @throws MusterError `EMPTY`, `TRUNCATED` where its length is no multiple of a record's
 */
export function recordCount(sizeBytes: number, layout: RecordLayout, name: string): number {
  const each = recordBytes(layout);
  if (sizeBytes === 0) throw new MusterError('EMPTY', 'has no bytes', { where: name });
  if (sizeBytes % each === 0) return sizeBytes / each;
  throw new MusterError('TRUNCATED', `has ${sizeBytes} bytes, which is no multiple of the ${each} of a record`, {
    where: name,
    fix: 'it is cut short or something else: bring it anew',
  });
}

/**
 * The pixels of whole records in the usual order.
 *
 * @param records n records
 * @returns uint8 [n, height, width, channels]; the records' own memory where nothing has to be moved
 */
export function recordPixels(records: Uint8Array, layout: RecordLayout): Uint8Array {
  const { width, height, channels, labelBytes, order } = layout;
  if (order === 'pixels' && labelBytes === 0) return records;
  const area = width * height;
  const count = records.length / recordBytes(layout);
  const pixels = new Uint8Array(count * area * channels);
  const [stepX, stepY] = order === 'columns' ? [height, 1] : [1, width];
  // Data sets are read in stretches, once, into the pixel cache: a plain loop keeps up with the disk.
  for (let record = 0; record < count; record++) {
    const start = record * recordBytes(layout) + labelBytes;
    const end = record * area * channels;
    if (order === 'pixels') pixels.set(records.subarray(start, start + area * channels), end);
    else {
      for (let channel = 0; channel < channels; channel++) {
        let to = end + channel;
        for (let y = 0; y < height; y++) {
          let from = start + channel * area + y * stepY;
          for (let x = 0; x < width; x++, from += stepX, to += channels) pixels[to] = records[from] ?? 0;
        }
      }
    }
  }
  return pixels;
}

/**
 * One of the label bytes of whole records.
 *
 * @param byte which of the `labelBytes`
 * @returns uint8 [n]
 */
export function recordLabels(records: Uint8Array, layout: RecordLayout, byte = 0): Uint8Array {
  const each = recordBytes(layout);
  return Uint8Array.from({ length: records.length / each }, (_, record) => records[record * each + byte] ?? 0);
}

/**
 * Refuses labels beyond the classes.
 *
 * @param first the label of the first class
 * @throws MusterError `data.label` naming the first wrong one and where it stands
 */
export function checkLabels(labels: Uint8Array, classes: number, name: string, first = 0): void {
  const record = labels.findIndex((label) => label < first || label >= first + classes);
  if (record < 0) return;
  const range = `${first} to ${first + classes - 1}`;
  throw new MusterError(
    'data.label',
    `image ${record + 1} has the label ${labels[record] ?? 0}; they go from ${range}`,
    {
      where: name,
      fix: 'the file is damaged or of another data set',
    },
  );
}
