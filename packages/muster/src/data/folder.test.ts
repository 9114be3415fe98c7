import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodeOf, outputMarker } from '../base/index.ts';
import type { MusterError } from '../base/index.ts';
import { openFolder } from './folder.ts';
import type { FolderOptions } from './folder.ts';

const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'folder-'));
});
afterEach(() => {
  execFileSync('chmod', ['-R', 'u+rwx', root]);
  rmSync(root, { recursive: true, force: true });
});

function put(path: string | Buffer, content: string | Uint8Array = png): void {
  const full = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path as Uint8Array)]);
  mkdirSync(dirname(full.toString('latin1')), { recursive: true });
  writeFileSync(full, content);
}

/** The superuser may read everything, so permissions are tried as somebody else. */
async function asOrdinaryUser(run: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return run();
  chmodSync(root, 0o755);
  process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}

const paths = async (options?: FolderOptions) => (await openFolder(root, options)).items.map((item) => item.path);

describe('openFolder', () => {
  test('finds pictures below, by name or by content, sorted by bytes', async () => {
    for (const name of ['b/2.PNG', 'b/10.png', 'B/1.jpeg', 'a.jpg', 'noname', '.jpeg/x', 'é.png', 'z.tiff']) put(name);
    put('notes.txt', 'hello');
    put('table.csv', 'a,b');
    const collection = await openFolder(root);
    expect(collection.items.map((item) => item.path)).toEqual([
      'B/1.jpeg',
      'a.jpg',
      'b/10.png',
      'b/2.PNG',
      'noname',
      'z.tiff',
      'é.png',
    ]);
    expect(collection.ignored).toMatchObject({ others: 2, hidden: 1, outputs: [] });
    expect(Buffer.compare(Buffer.from(await collection.source(1).read()), png)).toBe(0);
  });

  test('broken pictures are candidates: they are reported when they are read', async () => {
    put('empty.jpg', '');
    put('text.png', 'hello');
    const collection = await openFolder(root);
    expect(collection.items).toHaveLength(2);
    await expect(collection.source(0).read()).rejects.toMatchObject({ code: 'EMPTY' });
  });

  test('odd names survive: newline, quotes, dashes, dots, emoji, both forms of ä, bytes that are no text', async () => {
    const names = [
      'a\nb.png',
      '"q\'.png',
      '-dash.png',
      'dot..png',
      '😀.png',
      'ä.png',
      'a\u0308.png',
      'back\\slash.png',
      ' space .png',
      `${'n'.repeat(250)}.png`,
    ];
    for (const name of names) put(name);
    put(Buffer.from([0x62, 0xff, 0xfe, 0x2e, 0x70, 0x6e, 0x67]));
    const collection = await openFolder(root);
    expect(collection.items).toHaveLength(names.length + 1);
    expect(new Set(collection.items.map((item) => item.path)).size).toBe(names.length + 1);
    expect(collection.items.map((item) => item.path)).toContain('b\\xff\\xfe.png');
    expect(collection.items.map((item) => item.path)).toContain('a\\x0ab.png');
    for (const [index] of collection.items.entries())
      expect((await collection.source(index).read()).length).toBe(png.length);
  });

  test('hidden entries and this program’s own folders are left out', async () => {
    put('keep/a.png');
    put('.hidden.png');
    put('.git/b.png');
    put('muster-of-stars/a.png');
    put('run7/thumb.png');
    put(`run7/${outputMarker}`, '');
    const collection = await openFolder(root);
    expect(collection.items.map((item) => item.path)).toEqual(['keep/a.png', 'muster-of-stars/a.png']);
    expect(collection.ignored).toMatchObject({ hidden: 2, outputs: ['run7'] });
  });

  test('links are not followed: those that matter are reported', async () => {
    put('real/a.png');
    put('elsewhere.txt', 'x');
    symlinkSync('a.png', join(root, 'real/link.png'));
    symlinkSync('..', join(root, 'real/up'));
    symlinkSync('elsewhere.txt', join(root, 'other'));
    const collection = await openFolder(root);
    expect(collection.items.map((item) => item.path)).toEqual(['real/a.png']);
    expect(collection.skipped.map(({ path, code }) => [path, code])).toEqual([
      ['real/link.png', 'LINK'],
      ['real/up', 'LINK'],
    ]);
  });

  test('followed links: loops end, links out of the folder and to nothing are refused', async () => {
    put('in/real/a.png');
    put('out/secret.png');
    const inside = join(root, 'in');
    symlinkSync('real/a.png', join(inside, 'link.png'));
    symlinkSync('.', join(inside, 'loop'));
    symlinkSync('loop2.png', join(inside, 'loop2.png'));
    symlinkSync('../../out', join(inside, 'real/away'));
    symlinkSync('../out/secret.png', join(inside, 'away.png'));
    symlinkSync('nowhere', join(inside, 'dangling.png'));
    const collection = await openFolder(inside, { followLinks: true });
    expect(collection.items.map((item) => item.path)).toEqual(['link.png', 'real/a.png']);
    expect(collection.skipped.map(({ path, code }) => [path, code])).toEqual([
      ['away.png', 'LINK'],
      ['dangling.png', 'LINK'],
      ['loop', 'LINK'],
      ['loop2.png', 'LINK'],
      ['real/away', 'LINK'],
    ]);
    expect((await collection.source(0).read()).length).toBe(png.length);
  });

  test('a root that is itself a link is fine', async () => {
    put('in/a.png');
    symlinkSync('in', join(root, 'here'));
    expect((await openFolder(join(root, 'here'))).items).toHaveLength(1);
  });

  test('pipes are never opened', async () => {
    put('a.png');
    execFileSync('mkfifo', [join(root, 'pipe.png'), join(root, 'pipe')]);
    const collection = await openFolder(root);
    expect(collection.items).toHaveLength(1);
    expect(collection.skipped.map(({ path, code }) => [path, code])).toEqual([['pipe.png', 'SPECIAL']]);
    expect(collection.ignored.others).toBe(1);
  });

  test.skipIf(process.platform === 'win32')('what may not be read is reported, the rest goes on', async () => {
    put('ok/a.png');
    put('locked/b.png');
    put('c.png');
    chmodSync(join(root, 'locked'), 0);
    chmodSync(join(root, 'c.png'), 0);
    await asOrdinaryUser(async () => {
      const collection = await openFolder(root);
      expect(collection.skipped.map(({ path, code }) => [path, code])).toEqual([['locked', 'PERMISSION']]);
      expect(collection.items.map((item) => item.path)).toEqual(['c.png', 'ok/a.png']);
      await expect(collection.source(0).read()).rejects.toMatchObject({ code: 'PERMISSION' });
    });
  });

  test('files that vanish, change or become links after the listing', async () => {
    for (const name of ['a.png', 'b.png', 'c.png', 'd.png']) put(name);
    const collection = await openFolder(root);
    unlinkSync(join(root, 'a.png'));
    put('b.png', Buffer.concat([png, png]));
    renameSync(join(root, 'c.png'), join(root, 'moved.png'));
    symlinkSync('moved.png', join(root, 'c.png'));
    const codes = await Promise.all(
      [0, 1, 2, 3].map((i) =>
        collection
          .source(i)
          .read()
          .then(
            () => 'read',
            (error: MusterError) => error.code,
          ),
      ),
    );
    expect(codes).toEqual(['VANISHED', 'CHANGED', 'LINK', 'read']);
  });
});

describe('refusals', () => {
  test('no pictures: exit code 3, with what was seen and looked for', async () => {
    put('notes.txt', 'x');
    put('.hidden.png');
    const error = await openFolder(root).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NO_IMAGES' });
    expect(exitCodeOf(error)).toBe(3);
    expect(String(error)).toMatch(/no images found \(seen: 1 other files, 1 hidden entries\); looked for JPEG, PNG/);
  });

  test('no folder, a file, limits', async () => {
    await expect(openFolder(join(root, 'none'))).rejects.toMatchObject({ code: 'NO_FOLDER' });
    put('a.png');
    put('d/e/b.png');
    await expect(openFolder(join(root, 'a.png'))).rejects.toMatchObject({ code: 'NO_FOLDER' });
    expect(await paths({ limits: { entries: 4 } })).toEqual(['a.png', 'd/e/b.png']);
    await expect(paths({ limits: { entries: 3 } })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const shallow = await openFolder(root, { limits: { depth: 1 } });
    expect([shallow.items.length, shallow.skipped.map(({ code }) => code)]).toEqual([1, ['TOO_LARGE']]);
  });
});
