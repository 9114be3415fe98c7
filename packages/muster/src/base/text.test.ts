import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, printable } from './text.ts';

test('controls and direction marks are shown, letters and emoji are left', () => {
  expect(printable('a\tb\u0000\u202eé😀')).toBe('a\\x09b\\x00\\u{202e}é😀');
});

test('bytes', () => {
  expect([0, 1023, 1024, 1536, 512 * 2 ** 20, 3 * 2 ** 40].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1 KB',
    '1.5 KB',
    '512 MB',
    '3 TB',
  ]);
});

test('durations carry over to the next unit', () => {
  expect([0.0004, 0.9999, 12.34, 59.96, 245, 3599.7, 7380].map(formatDuration)).toEqual([
    '0 ms',
    '1.0 s',
    '12.3 s',
    '1 min 00 s',
    '4 min 05 s',
    '1 h 00 min',
    '2 h 03 min',
  ]);
});

test('counts', () => {
  expect([formatCount(1, 'image'), formatCount(12345, 'image'), formatCount(0, 'match', 'matches')]).toEqual([
    '1 image',
    '12,345 images',
    '0 matches',
  ]);
});
