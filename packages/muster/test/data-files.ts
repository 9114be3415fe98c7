import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An idx file of pictures: for tests. Pixel i of picture n is (n + i) % 256. */
export function idxImages(count: number, height = 4, width = 3): Buffer {
  const pixels = Uint8Array.from({ length: count * height * width }, (_, at) => {
    const each = height * width;
    return (Math.floor(at / each) + (at % each)) % 256;
  });
  return Buffer.concat([bigEndian(2051, count, height, width), pixels]);
}

/** An idx file of labels. */
export function idxLabels(labels: readonly number[]): Buffer {
  return Buffer.concat([bigEndian(2049, labels.length), Uint8Array.from(labels)]);
}

/** 32-bit whole numbers, the high byte first. */
export function bigEndian(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => bytes.writeUInt32BE(value, 4 * at));
  return bytes;
}

/** A CIFAR record: its label bytes, then a plane each of red, green and blue in one level. */
export function cifarRecord(labels: readonly number[], [red, green, blue]: readonly [number, number, number]): Buffer {
  const plane = (level: number): Buffer => Buffer.alloc(1024, level);
  return Buffer.concat([Uint8Array.from(labels), plane(red), plane(green), plane(blue)]);
}

/** Writes files below a folder: path to content. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
