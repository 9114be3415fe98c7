import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveTensors, tensor } from '@muster/torch';
import { writeSafetensors } from '@muster/torch/io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseRecord, Kind } from './case.ts';
import { checkCase } from './check.ts';
import { readManifest } from './manifest.ts';
import { Pack } from './pack.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parity-'));
  writeSafetensors(join(folder, 'some.safetensors'), {
    'a/in/x': tensor([1, 2, 3]),
    'a/in/half': tensor([0.5, 0.25]).to('float16'),
    'a/w/fc.weight': tensor([1, 2]).to('float16'),
    'a/out/y': tensor([2, 4, 6]),
    'a/out/count': tensor([3]).to('int64').squeeze(0),
  });
  writeFileSync(join(folder, 'bad.bin'), 'no tensors');
});

afterAll(() => rmSync(folder, { recursive: true }));

const plain: CaseRecord = {
  id: 'a',
  kind: 'double',
  params: {},
  file: 'some.safetensors',
  prefix: 'a/',
  inputs: ['x', 'half'],
  outputs: ['y', 'count'],
  tolerance: { rtol: 1e-6, atol: 1e-6 },
  tol: {},
  compare: {},
};

const refusal: CaseRecord = { ...plain, id: 'bad-file', kind: 'open.refuse', params: { path: 'bad.bin' }, outputs: [] };

async function check(kind: Kind, record: CaseRecord = plain): Promise<string | undefined> {
  using pack = new Pack(folder);
  return await checkCase(record, pack, { [record.kind]: kind });
}

describe('checkCase', () => {
  it('passes right answers, as tensors or numbers, also from a promise', async () => {
    expect(await check((c) => ({ y: c.input('x').mul(2), count: 3 }))).toBeUndefined();
    expect(await check((c) => Promise.resolve({ y: c.input('x').mul(2), count: 3, more: 1 }))).toBeUndefined();
  });

  it('fails wrong, missing and thrown answers, each with its reason', async () => {
    expect(await check((c) => ({ y: c.input('x'), count: 4 }))).toBe(
      'y: 3 of 3 entries differ; at 2 got 3, wanted 6 | count: 1 of 1 entries differ; at 0 got 4, wanted 3',
    );
    expect(await check((c) => ({ y: c.input('x').mul(2) }))).toBe('count: missing');
    expect(
      await check(() => {
        throw new Error('lost\n  somewhere');
      }),
    ).toBe('lost somewhere');
    expect(await check((c) => ({ y: c.input('z') }))).toBe('a: no input z; there are x, half');
    expect(await check((c) => ({ y: c.number('k') }))).toBe('a: params.k should be a number, is absent');
  });

  it('uses the tolerance and the rule of an output where there is one', async () => {
    const loose = { ...plain, tol: { y: { rtol: 0, atol: 3 } } };
    expect(await check((c) => ({ y: c.input('x'), count: 3 }), loose)).toBeUndefined();
    const partition = { ...plain, compare: { y: { how: 'partition' } } };
    expect(await check((c) => ({ y: c.input('x').neg(), count: 3 }), partition)).toBeUndefined();
  });

  it('says what is not built', async () => {
    using pack = new Pack(folder);
    expect(await checkCase(plain, pack, {})).toBe('kind double is not built yet');
    expect(await checkCase({ ...plain, kind: 'constructor' }, pack, {})).toBe('kind constructor is not built yet');
  });

  it('widens half precision in inputs and weights', async () => {
    const kind: Kind = (c) => {
      const [weight] = c.weights().values();
      expect([...c.weights().keys()]).toEqual(['fc.weight']);
      expect([c.input('half').dtype, weight?.dtype]).toEqual(['float32', 'float32']);
      return { y: c.input('x').mul(weight?.toNumbers()[1] ?? 0), count: 3 };
    };
    expect(await check(kind)).toBeUndefined();
  });

  it('frees every tensor of a case, also of one that throws', async () => {
    const before = liveTensors();
    await check((c) => ({ y: c.input('x').mul(2), count: 3 }));
    await check((c) => {
      throw new Error(`${c.input('x').numel}`);
    });
    expect(liveTensors()).toBe(before);
  });
});

describe('a refusal', () => {
  const fail = (message: string): Kind => {
    return () => {
      throw new Error(message);
    };
  };

  it('passes where the error names the file, or the case where only bytes are given', async () => {
    expect(await check(fail('/x/bad.bin: no header'), refusal)).toBeUndefined();
    const bytes = { ...refusal, kind: 'decode', params: { expect: 'refuse' } };
    expect(await check((c) => fail(`${c.label('bytes')}: cut short`)(c), bytes)).toBeUndefined();
    expect(await check(fail('cut short'), bytes)).toBe('the refusal does not name the file: cut short');
  });

  it('fails where nothing is thrown, the file is not named, or the pack lacks it', async () => {
    expect(await check(() => ({}), refusal)).toBe('was accepted, should have been refused');
    expect(await check(fail('no header'), refusal)).toBe('the refusal does not name the file: no header');
    expect(await check(fail('gone.bin: not there'), { ...refusal, params: { path: 'gone.bin' } })).toBe(
      'bad-file: the pack has no gone.bin',
    );
    expect(await check((c) => ({ y: c.path('../x').length }), refusal)).toBe('bad-file: ../x lies outside the pack');
  });
});

describe('readManifest', () => {
  it('refuses what is no manifest, naming it', () => {
    const path = join(folder, 'manifest.json');
    expect(() => readManifest(folder)).toThrow(`${path}: ENOENT`);
    const refused: [string, RegExp][] = [
      ['{', /manifest\.json: .*JSON/],
      ['{"format": 2, "cases": []}', /not a manifest of format 1/],
      ['{"format": 1, "cases": [{"id": "a"}]}', /case 0 \(a\): kind is no text/],
      ['{"format": 1, "cases": [{"id": "a", "kind": "k"}, {"id": "a", "kind": "k"}]}', /two cases are called a/],
      ['{"format": 1, "cases": [{"id": "a", "kind": "k", "atol": -1}]}', /atol is no amount/],
    ];
    for (const [text, message] of refused) {
      writeFileSync(path, text);
      expect(() => readManifest(folder)).toThrow(message);
    }
    writeFileSync(path, '{"format": 1, "cases": [{"id": "a", "kind": "k"}]}');
    expect(readManifest(folder)).toMatchObject([{ id: 'a', prefix: '', outputs: [], tolerance: { rtol: 0, atol: 0 } }]);
  });
});
