import type { RecordLayout } from './records.ts';

/**
 * Records of CIFAR-10's binary version: a label 0..9, then 1,024 bytes each of red, green and blue, row by row.
 * @source Krizhevsky: "The CIFAR-10 dataset", binary version
 */
export const cifar10Layout: RecordLayout = { width: 32, height: 32, channels: 3, labelBytes: 1, order: 'planes' };

/** Records of CIFAR-100's binary version: superclass 0..19, class 0..99, then the pixels as in CIFAR-10. */
export const cifar100Layout: RecordLayout = { width: 32, height: 32, channels: 3, labelBytes: 2, order: 'planes' };

/**
 * The superclass, 0..19, of each of CIFAR-100's 100 classes.
 * @returns uint8 [100]
 */
export function cifar100Superclasses(): Uint8Array {
  return Uint8Array.from(superclasses);
}

// prettier-ignore
const superclasses = [
  4, 1, 14, 8, 0, 6, 7, 7, 18, 3,
  3, 14, 9, 18, 7, 11, 3, 9, 7, 11,
  6, 11, 5, 10, 7, 6, 13, 15, 3, 15,
  0, 11, 1, 10, 12, 14, 16, 9, 11, 5,
  5, 19, 8, 8, 15, 13, 14, 17, 18, 10,
  16, 4, 17, 4, 2, 0, 17, 4, 18, 17,
  10, 3, 2, 12, 12, 16, 12, 1, 9, 19,
  2, 10, 0, 1, 16, 12, 9, 13, 15, 13,
  16, 19, 2, 4, 6, 19, 5, 5, 8, 19,
  18, 1, 2, 15, 6, 0, 17, 8, 14, 13,
];
