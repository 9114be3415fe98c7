import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { paperScores } from './evaluate-paper.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-paper-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const head = 'method = "mmdc"\ndata = "d"\nfit = "train+test"\ntest = "train+test"\n';
const figures = '[paper]\nid = "mmdc"\ntable = "IV"\nrow = "MMDC"\nof = "features"\nacc = 0.4\nprobe = 0.9\n';
const options = '[options]\ngroups = 10\n';

function recipe(text: string): string {
  const path = join(folder, 'r.toml');
  writeFileSync(path, text);
  return path;
}

test('figures of the images that are scored; of other splits the probe’s alone, which has splits of its own', () => {
  const notes: string[] = [];
  const path = recipe(head + figures + options);
  const all = { row: 'table IV, MMDC', of: 'features', acc: 0.4, nmi: null, ari: null, probe: 0.9 };
  expect(paperScores({ recipe: path, split: 'train+test' }, notes)).toEqual(all);
  expect(paperScores({ recipe: path, split: 'train' }, notes)).toEqual({ ...all, acc: null });
  expect(paperScores({ recipe: recipe(head + options), split: 'train+test' }, notes)).toBeNull();
  expect(paperScores({ recipe: null, split: null }, notes)).toBeNull();
  expect(notes).toEqual([]);
});

test('a recipe that is gone is told', () => {
  const notes: string[] = [];
  expect(paperScores({ recipe: join(folder, 'gone.toml'), split: null }, notes)).toBeNull();
  expect(notes).toEqual([expect.stringMatching(/figures are not shown: .*gone\.toml: cannot be read/u)]);
});
