import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { endOfTar, tarMember } from '../../test/tar-member.ts';
import { openCollection } from './open.ts';
import { openTar } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tar-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
const archive = Buffer.concat([
  tarMember('b/2.png', png),
  tarMember('a/1.png', Buffer.concat([png, Buffer.from('tail')])),
  tarMember('a/noname', png),
  tarMember('README.txt', 'hello'),
  tarMember('__MACOSX/._1.png', png),
  tarMember('link.png', '', { type: '2' }),
  tarMember('a/empty.jpg', ''),
  endOfTar,
]);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe('openTar', () => {
  test('plain and compressed archives give the same collection, whatever they are called', async () => {
    for (const path of [
      file('set.tar', archive),
      file('set.tar.gz', gzipSync(archive)),
      file('set.bin', gzipSync(archive)),
    ]) {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      const collection = await openCollection(path, { temporary });
      expect(collection.items.map((item) => item.path)).toEqual(['a/1.png', 'a/empty.jpg', 'a/noname', 'b/2.png']);
      expect(collection.skipped).toMatchObject([{ path: 'link.png', code: 'LINK' }]);
      expect(collection.ignored).toMatchObject({ others: 1, hidden: 1 });
      expect(
        Buffer.from(await collection.source(0).read())
          .subarray(-4)
          .toString(),
      ).toBe('tail');
      expect(Buffer.compare(Buffer.from(await collection.source(3).read()), png)).toBe(0);
      await expect(collection.source(1).read()).rejects.toMatchObject({ code: 'EMPTY' });
      await collection.close();
      expect(readdirSync(temporary)).toEqual([]);
    }
  });

  test('its name is without the ending', async () => {
    const names = await Promise.all(
      ['photos.tar', 'photos.tar.gz', 'photos.tgz'].map(async (name) => {
        const collection = await openTar(file(name, name.endsWith('.tar') ? archive : gzipSync(archive)));
        await collection.close();
        return collection.name;
      }),
    );
    expect(names).toEqual(['photos', 'photos', 'photos']);
  });

  test('damage is refused by name and leaves nothing behind', async () => {
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const whole = gzipSync(archive);
    const flipped = Buffer.from(whole);
    flipped.fill(0xff, 30, 60);
    for (const [name, bytes, code] of [
      ['cut.tar.gz', whole.subarray(0, whole.length - 20), 'TRUNCATED'],
      ['flip.tar.gz', flipped, 'NOT_ARCHIVE'],
      ['text.tar.gz', gzipSync('no archive '.repeat(200)), 'NOT_ARCHIVE'],
      ['short.tar', archive.subarray(0, 700), 'TRUNCATED'],
      ['none.tar', Buffer.concat([tarMember('a.txt', 'x'), endOfTar]), 'NO_IMAGES'],
    ] as const) {
      const error = await openTar(file(name, bytes), { temporary }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(String(error)).toContain(name);
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('a small file that unpacks to too much is stopped', async () => {
    const bomb = file('bomb.tar.gz', gzipSync(Buffer.alloc(30 * 2 ** 20)));
    await expect(openTar(bomb, { temporary: folder, limits: { unpackedBytes: 2 ** 20 } })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });
});

describe('openCollection', () => {
  test('says what it wants where it gets something else', async () => {
    await expect(openCollection(join(folder, 'none'))).rejects.toMatchObject({ code: 'NO_INPUT' });
    await expect(openCollection(file('one.png', png))).rejects.toThrow('give the folder that holds the picture');
    await expect(openCollection(file('x.txt', Buffer.from('hi')))).rejects.toThrow(
      'give a folder, a .tar or a .tar.gz',
    );
  });
});
