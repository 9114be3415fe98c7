import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generator, liveTensors, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Backbone } from '../models/index.ts';
import { readNamingWords } from './naming-words.ts';
import { BackboneText } from './text-data.ts';

let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-nouns-'));
  file = join(folder, 'nouns.txt');
  writeFileSync(file, 'dog\nzxqv\nclock\ntabby\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file, a branch, or both restrict the words; unknown nouns are told', async () => {
  expect(await readNamingWords({})).toBeNull();
  const given = await readNamingWords({ nouns: file });
  expect(given?.words.map(({ text }) => text)).toEqual(['dog', 'clock', 'tabby']);
  expect(given?.notes.join()).toContain('zxqv');
  const both = await readNamingWords({ nouns: file, under: 'animal' });
  expect(both?.words.map(({ text }) => text)).toEqual(['dog', 'tabby']);
  expect((await readNamingWords({ under: 'animal' }))?.notes).toEqual([]);
});

test('what cannot be used is refused with what to do', async () => {
  await expect(readNamingWords({ nouns: join(folder, 'none') })).rejects.toMatchObject({ exitCode: 2 });
  writeFileSync(join(folder, 'latin'), Buffer.from([0x66, 0xfc, 0x72]));
  await expect(readNamingWords({ nouns: join(folder, 'latin') })).rejects.toThrow(/not UTF-8/u);
  await expect(readNamingWords({ nouns: file, under: 'vehicle' })).rejects.toThrow(/below "vehicle"/u);
});

test('methods with words get the rows of these words alone', async () => {
  const random = generator(1);
  const before = liveTensors();
  const weight = torch.randn([1000, 8], { generator: random, dtype: 'float32' });
  const bias = torch.zeros([1000], { dtype: 'float32' });
  const backbone = { id: 'made', classifier: { weight, bias } } as Partial<Backbone> as Backbone;
  const words = (await readNamingWords({ nouns: file }))?.words ?? [];
  {
    using all = BackboneText.open(backbone, undefined);
    using some = BackboneText.open(backbone, undefined, words);
    expect(some.data.words).toEqual(['dog', 'clock', 'tabby']);
    expect(some.data.nouns.shape).toEqual([3, 8]);
    const tabby = all.data.words.indexOf('tabby');
    scope(() => expect(some.data.nouns.select(0, 2).toNumbers()).toEqual(all.data.nouns.select(0, tabby).toNumbers()));
  }
  weight.dispose();
  bias.dispose();
  expect(liveTensors()).toBe(before);
});
