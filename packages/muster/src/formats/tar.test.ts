import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../base/index.ts';
import { memoryAccess } from './random-access.ts';
import { indexTar, looksLikeTar } from './tar.ts';
import { endOfTar, tarMember } from '../../test/tar-member.ts';

const index = (bytes: Uint8Array, limits = {}) => indexTar(memoryAccess(bytes), 'x.tar', limits);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const archive = (...parts: Buffer[]) => Buffer.concat([...parts, endOfTar]);

async function names(bytes: Uint8Array): Promise<string[]> {
  return (await index(bytes)).entries.map((entry) => text(entry.name));
}

describe('indexTar', () => {
  test('gives name, place, size and time; contents are where it says', async () => {
    const bytes = archive(
      tarMember('./a/1.jpg', 'first'),
      tarMember('a/', '', { type: '5' }),
      tarMember('b.png', 'second!', { mtime: 99 }),
    );
    const { entries, refusals } = await index(bytes);
    expect(refusals).toEqual([]);
    expect(entries.map((e) => [text(e.name), text(bytes.subarray(e.offset, e.offset + e.sizeBytes)), e.mtime])).toEqual(
      [
        ['a/1.jpg', 'first', 0],
        ['b.png', 'second!', 99],
      ],
    );
  });

  test('ustar prefixes, GNU long names, pax names and sizes', async () => {
    const long = `${'d/'.repeat(80)}x.jpg`;
    const pax = (records: Record<string, string>) =>
      Object.entries(records)
        .map(([key, value]) => {
          const rest = Buffer.byteLength(` ${key}=${value}\n`);
          const length = rest + String(rest + String(rest).length).length;
          return `${length} ${key}=${value}\n`;
        })
        .join('');
    const bytes = archive(
      tarMember('x.jpg', '1', { prefix: 'deep/folder' }),
      tarMember('././@LongLink', `${long}\0`, { type: 'L' }),
      tarMember('short', '2'),
      tarMember('PaxHeaders/y', pax({ path: 'ä/ü.jpg', mtime: '12.75', size: '2' }), { type: 'x' }),
      tarMember('y', '33', { size: 0 }),
      tarMember('pax_global_header', pax({ comment: 'x' }), { type: 'g' }),
      tarMember('z.jpg', '4'),
    );
    const { entries } = await index(bytes);
    expect(entries.map((e) => text(e.name))).toEqual(['deep/folder/x.jpg', long, 'ä/ü.jpg', 'z.jpg']);
    expect(entries[2]).toMatchObject({ sizeBytes: 2, mtime: 12 });
  });

  test('base-256 sizes', async () => {
    const member = tarMember('a.jpg', 'abc', { rawSize: Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]) });
    expect((await index(archive(member))).entries[0]?.sizeBytes).toBe(3);
  });

  test('of two members with one name the later counts', async () => {
    const bytes = archive(tarMember('a', 'old'), tarMember('b', 'x'), tarMember('a', 'newer'));
    const { entries } = await index(bytes);
    expect(entries.map((e) => [text(e.name), e.sizeBytes])).toEqual([
      ['b', 1],
      ['a', 5],
    ]);
  });

  test('links, devices and names that leave the archive are refused one by one', async () => {
    const bytes = archive(
      tarMember('link.jpg', '', { type: '2' }),
      tarMember('hard.jpg', '', { type: '1' }),
      tarMember('pipe', '', { type: '6' }),
      tarMember('../up.jpg', 'x'),
      tarMember('/root.jpg', 'x'),
      tarMember('a/../../b.jpg', 'x'),
      tarMember('ok..jpg', 'x'),
    );
    const { entries, refusals } = await index(bytes);
    expect(refusals.map((r) => r.code)).toEqual(['LINK', 'LINK', 'SPECIAL', 'NAME', 'NAME', 'NAME']);
    expect(entries.map((e) => text(e.name))).toEqual(['ok..jpg']);
  });

  test('names keep bytes that are no text', async () => {
    const { entries } = await index(archive(tarMember(Buffer.from([0x61, 0xff, 0x2e]), 'x')));
    expect([...(entries[0]?.name ?? [])]).toEqual([0x61, 0xff, 0x2e]);
  });

  test('an archive without its end mark is fine, one cut inside a member is not', async () => {
    const whole = tarMember('a', 'x'.repeat(600));
    expect(await names(whole)).toEqual(['a']);
    for (const length of [513, 1000, 1111])
      await expect(index(whole.subarray(0, length))).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  test('what is no tar is refused by name; damage later on says where', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('hello'.repeat(300)), tarMember('a', 'x').fill(0xff, 150, 152)]) {
      const error = await index(bytes).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MusterError);
      expect(String(error)).toContain('x.tar');
    }
    const damaged = Buffer.concat([tarMember('a', 'x'), tarMember('b', 'y').fill(0xff, 0, 5)]);
    await expect(index(damaged)).rejects.toThrow('no member header at byte 1024');
  });

  test('a name record of absurd size and too many members are refused', async () => {
    await expect(
      index(archive(tarMember('L', 'x'.repeat(5000), { type: 'L' })), { archiveNameBytes: 100 }),
    ).rejects.toThrow('name record');
    const three = archive(tarMember('a', ''), tarMember('b', ''), tarMember('c', ''));
    expect((await index(three, { entries: 3 })).entries).toHaveLength(3);
    await expect(index(three, { entries: 2 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('any change of bytes gives an index or a MusterError, never members outside', async () => {
    const good = archive(tarMember('a.jpg', 'hello'), tarMember('L', 'x/y.jpg\0', { type: 'L' }), tarMember('b', 'z'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            for (const entry of (await index(bytes)).entries)
              expect(entry.offset + entry.sizeBytes).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(MusterError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('looksLikeTar', () => {
  expect(looksLikeTar(tarMember('a', 'x'))).toBe(true);
  expect(looksLikeTar(Buffer.alloc(512))).toBe(false);
  expect(looksLikeTar(Buffer.from('short'))).toBe(false);
});
