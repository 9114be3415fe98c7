import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TorchError, complex, full, liveTensors, scope, tensor } from '../index.ts';
import type { DType, Tensor } from '../index.ts';
import { elementTypes, openSafetensors, parseSafetensors, readSafetensors, writeSafetensors } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);

/** A file with one F32 tensor of 1, 2, 3 whose data begin at any place. */
function fileWithHeader(name: string, padding: number): string {
  const header = `{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`.padEnd(56 + padding);
  const bytes = Buffer.alloc(8 + header.length + 12);
  bytes.writeBigUInt64LE(BigInt(header.length), 0);
  bytes.write(header, 8, 'latin1');
  [1, 2, 3].forEach((value, i) => bytes.writeFloatLE(value, 8 + header.length + 4 * i));
  writeFileSync(place(name), bytes);
  return place(name);
}

const allDTypes = Object.values(elementTypes).flatMap(({ dtype }): DType[] => (dtype === null ? [] : [dtype]));

function sample(dtype: DType): Tensor {
  if (dtype === 'complex64') return complex(tensor([1, -2]), tensor([0.5, 3]));
  return tensor([
    [0, 1, 2],
    [1, 0, 2],
  ]).to(dtype);
}

describe('safetensors', () => {
  it('gives back what was written, in every dtype, without a leak', () => {
    const before = liveTensors();
    scope(() => {
      const entries = new Map(allDTypes.map((dtype) => [dtype as string, sample(dtype)]));
      entries.set('empty', full([2, 0], 1, { dtype: 'int64' }));
      entries.set('scalar', tensor(7));
      entries.set(
        'transposed',
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]).t(),
      );
      writeSafetensors(place('all.safetensors'), entries, { b: 'grüße "x"', a: '1' });
      using file = openSafetensors(place('all.safetensors'));
      expect([...file.metadata]).toEqual([
        ['a', '1'],
        ['b', 'grüße "x"'],
      ]);
      expect(new Set(file.names)).toEqual(new Set(entries.keys()));
      for (const [name, written] of entries) {
        const read = file.get(name);
        expect([read.dtype, read.shape]).toEqual([written.dtype, written.shape]);
        const real = (t: Tensor): Tensor => (t.dtype === 'complex64' ? t.real() : t);
        expect(real(read).to('float64').toNested()).toEqual(real(written).to('float64').toNested());
      }
    });
    expect(liveTensors()).toBe(before);
  });

  it('writes the widest types first, every tensor aligned, and equal bytes for equal content', () => {
    scope(() => {
      const a = { z: sample('uint8'), y: sample('float32'), x: sample('float64'), w: sample('float32') };
      const b = { w: a.w, x: a.x, y: a.y, z: a.z };
      writeSafetensors(place('a.safetensors'), a);
      writeSafetensors(place('b.safetensors'), b);
      expect(readFileSync(place('a.safetensors'))).toEqual(readFileSync(place('b.safetensors')));
      using file = openSafetensors(place('a.safetensors'));
      expect(file.names).toEqual(['x', 'w', 'y', 'z']);
      expect(readFileSync(place('a.safetensors')).readBigUInt64LE() % 8n).toBe(0n);
    });
  });

  it('writes tensors larger than one part', () => {
    scope(() => {
      const large = tensor(Float32Array.from({ length: 9_000_000 }, (_, i) => i % 1000));
      writeSafetensors(place('large.safetensors'), { large });
      const read = readSafetensors(place('large.safetensors')).get('large');
      expect(read?.equal(large)).toBe(true);
    });
    rmSync(place('large.safetensors'));
  });

  it('round-trips any names and shapes', () => {
    const shape = fc.array(fc.nat(4), { maxLength: 4 });
    const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__' && text.isWellFormed());
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, shape), { selector: ([key]) => key, maxLength: 6 }), (entries) => {
        scope(() => {
          const written = new Map(entries.map(([key, sizes], i) => [key, full(sizes, i, { dtype: 'float32' })]));
          writeSafetensors(place('any.safetensors'), written);
          const read = readSafetensors(place('any.safetensors'));
          expect(new Set(read.keys())).toEqual(new Set(written.keys()));
          for (const [key, value] of written) expect(read.get(key)?.toNested()).toEqual(value.toNested());
        });
      }),
      { numRuns: 100 },
    );
  });

  it.each([0, 1, 2, 3, 4, 5, 7])('reads data that begin %d bytes after a multiple of 8', (padding) => {
    const path = fileWithHeader(`shift-${padding}.safetensors`, padding);
    scope(() => {
      expect(readSafetensors(path).get('w')?.toNumbers()).toEqual([1, 2, 3]);
      expect(parseSafetensors(readFileSync(path), 'bytes').get('w')?.toNumbers()).toEqual([1, 2, 3]);
      const shifted = new Uint8Array(readFileSync(path).length + 1).subarray(1);
      shifted.set(readFileSync(path));
      expect(parseSafetensors(shifted, 'bytes').get('w')?.toNumbers()).toEqual([1, 2, 3]);
    });
  });

  it('keeps tensors valid after close, and the file as it is when they are changed', () => {
    const path = fileWithHeader('kept.safetensors', 0);
    const original = readFileSync(path);
    scope(() => {
      const file = openSafetensors(path);
      const read = file.get('w');
      file.close();
      expect(read.add_(1).toNumbers()).toEqual([2, 3, 4]);
      expect(() => file.get('w')).toThrow('closed');
    });
    expect(readFileSync(path)).toEqual(original);
  });

  it('refuses a file cut at any byte, and one that shrinks while it is open', () => {
    const path = fileWithHeader('cut.safetensors', 0);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(place('cut-short.safetensors'), whole.subarray(0, length));
      expect(() => openSafetensors(place('cut-short.safetensors'))).toThrow('cut-short.safetensors');
    }
    using file = openSafetensors(path);
    truncateSync(path, whole.length - 4);
    expect(() => file.get('w')).toThrow('when opened');
    expect(() => file.bytes('w')).toThrow('cut short');
  });

  it('refuses folders, and types that libtorch has not, whose bytes it gives', () => {
    mkdirSync(place('folder'), { recursive: true });
    expect(() => openSafetensors(place('folder'))).toThrow('not a regular file');
    const header = '{"w":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}   ';
    const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.from([0xab, 0xcd])]);
    bytes.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(place('f4.safetensors'), bytes);
    using file = openSafetensors(place('f4.safetensors'));
    expect(() => file.get('w')).toThrow('read its bytes');
    expect([...file.bytes('w')]).toEqual([0xab, 0xcd]);
    expect(() => file.get('v')).toThrow('there is no tensor "v"');
  });

  it('leaves the former file and no other where writing fails', () => {
    const before = readdirSync(folder);
    scope(() => {
      writeSafetensors(place('former.safetensors'), { a: tensor(1) });
      const disposed = tensor(2);
      disposed.dispose();
      expect(() => writeSafetensors(place('former.safetensors'), { a: disposed })).toThrow(TorchError);
      expect(() => writeSafetensors(place('former.safetensors'), { __metadata__: tensor(1) })).toThrow(
        "a tensor's name",
      );
      expect(() => writeSafetensors(place('former.safetensors'), { '\ud800': tensor(1) })).toThrow("a tensor's name");
      expect(() => writeSafetensors(place('former.safetensors'), { a: tensor(1).to('complex128') })).toThrow('no type');
      expect(() => writeSafetensors(place('folder'), { a: tensor(1) })).toThrow();
      expect(readSafetensors(place('former.safetensors')).get('a')?.item()).toBe(1);
    });
    expect(readdirSync(folder).filter((name) => !before.includes(name))).toEqual(['former.safetensors']);
  });
});
