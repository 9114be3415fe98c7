import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Collection } from './collection.ts';
import { csvLabels, folderLabels, matchLabels } from './labels.ts';
import { pathText } from './path-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'labels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function collection(...paths: string[]): Collection {
  return {
    kind: 'folder',
    name: 'x',
    root: '/x',
    items: paths.map((path) => ({
      path: pathText(Buffer.from(path)),
      bytes: Buffer.from(path),
      sizeBytes: 1,
      mtimeMs: 0,
    })),
    skipped: [],
    ignored: { others: 0, hidden: 0, outputs: [] },
    source: () => ({ name: 'x', read: () => Promise.resolve(new Uint8Array(0)) }),
    close: () => Promise.resolve(),
  };
}

describe('folderLabels', () => {
  const images = collection('train/cat/1.jpg', 'train/dog/1.jpg', 'test/cat/9.jpg', 'loose.jpg');

  test('the folder above, or the first below the root; without one, none', () => {
    expect(folderLabels(images)).toMatchObject({
      classes: ['cat', 'dog'],
      values: Int32Array.from([0, 1, 0, -1]),
      missing: 1,
    });
    expect(folderLabels(images, 'top')).toMatchObject({
      classes: ['test', 'train'],
      values: Int32Array.from([1, 1, 0, -1]),
    });
  });

  test('a flat folder has no labels', () => {
    expect(() => folderLabels(collection('a.jpg', 'b.jpg'))).toThrow('no image lies in a folder of its own');
  });
});

describe('labels from a table', () => {
  const images = collection('a/1.png', 'a/2.png', 'b/1.png', 'b/ä.png', 'odd\nname.png');
  const label = (rows: string[][]) => matchLabels(images, rows, 'l.csv');

  test('a blank label is none', () => {
    const rows = [
      ['a/1.png', 'x'],
      ['a/2.png', ''],
      ['b/1.png', ' '],
    ];
    expect(label(rows)).toMatchObject({ classes: ['x'], missing: 4, unmatched: [] });
  });

  test('by path, with or without a head row, columns in any order', () => {
    const rows = [
      ['a/1.png', 'x'],
      ['./a/2.png', 'y'],
      ['b\\1.png', 'x'],
      ['odd\nname.png', 'z'],
    ];
    const wanted = { classes: ['x', 'y', 'z'], values: Int32Array.from([0, 1, 0, -1, 2]), missing: 1, unmatched: [] };
    expect(label(rows)).toEqual(wanted);
    expect(label([['Label', 'weight', 'File'], ...rows.map(([file = '', name = '']) => [name, '1', file])])).toEqual(
      wanted,
    );
  });

  test('by base name where only one image and one row have it', () => {
    const found = label([
      ['elsewhere/2.png', 'x'],
      ['1.png', 'y'],
    ]);
    expect([...found.values]).toEqual([-1, 0, -1, -1, -1]);
    expect(found.unmatched).toEqual(['1.png']);
    expect(
      label([
        ['p/2.png', 'x'],
        ['q/2.png', 'y'],
        ['a/1.png', 'z'],
      ]).unmatched,
    ).toEqual(['p/2.png', 'q/2.png']);
  });

  test('both spellings of ä find the same file', () => {
    expect(label([['b/a\u0308.png', 'x']]).values[3]).toBe(0);
  });

  test('errors say what is wrong and show the rows', () => {
    expect(() =>
      label([
        ['nope.png', 'x'],
        ['neither.png', 'y'],
      ]),
    ).toThrow('none of its 2 files is among the 5 images of /x (nope.png, neither.png)');
    expect(() =>
      label([
        ['a/1.png', 'x'],
        ['a/1.png', 'y'],
      ]),
    ).toThrow('gives a/1.png two labels');
    expect(() => label([['a/1.png', ' ']])).toThrow('gives no image a label');
    expect(() => label([['a/1.png']])).toThrow('row 1 has no file or no label');
    expect(() =>
      label([
        ['file', 'label'],
        ['a/1.png', 'x'],
        ['', 'y'],
      ]),
    ).toThrow('row 3 has no file');
    expect(() => label([])).toThrow('has no rows');
  });

  test('read from a file', async () => {
    const path = join(folder, 'l.csv');
    writeFileSync(path, 'file,label\r\n"a/1.png","say ""x"""\r\n');
    expect((await csvLabels(images, path)).classes).toEqual(['say "x"']);
    writeFileSync(path, Buffer.from([0x61, 0xff, 0x2c, 0x62]));
    await expect(csvLabels(images, path)).rejects.toThrow('is not UTF-8 text');
    await expect(csvLabels(images, join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'VANISHED' });
  });
});
