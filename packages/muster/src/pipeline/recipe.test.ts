import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRecipe, readRecipe } from './recipe.ts';
import { trainByRecipe } from './train.ts';
import { findTrainer, planTrainer } from './trainer.ts';
import { meanAndSd } from './train-scores.ts';

const recipes = fileURLToPath(new URL('../../../../recipes', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-recipe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string): string {
  const path = join(folder, 'r.toml');
  writeFileSync(path, text);
  return path;
}

const good = 'method = "tsp"\ndata = "d"\nfit = "train"\ntest = "test"\nbackbone = "embedded"\n';
const paper = '[paper]\nid = "p"\ntable = "1"\nrow = "r"\nacc = 0.5\n';

describe('readRecipe', () => {
  test('every recipe of the papers fits the schema and its method’s options', () => {
    const files = readdirSync(recipes, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.toml'));
    expect(files.length).toBeGreaterThan(70);
    for (const file of files) {
      const recipe = readRecipe(join(recipes, file));
      expect(file.startsWith(`${recipe.data}/`)).toBe(true);
      if (recipe.paper !== undefined) expect(recipe.paper.acc ?? recipe.paper.probe).toBeGreaterThan(0);
    }
  });

  test('what a recipe leaves to the images comes to the values of the authors’ code', () => {
    const sides: Record<string, number> = { mnist: 28, 'stl-10': 96, 'tiny-imagenet': 64 };
    const own: Record<string, object> = {
      mmdc: { crop: 20, crops: [20], decayAt: [300] },
      nat: { crop: 20, decayAt: [] },
      rotnet: { crop: 20, decayAt: [60, 120, 160] },
    };
    const files = readdirSync(recipes, { recursive: true }).map(String);
    const wanted = files.filter((name) => /\/(mmdc|nat|rotnet)[^/]*\.toml$/u.test(name));
    expect(wanted.length).toBeGreaterThan(45);
    for (const file of wanted) {
      const { method, data, size, options } = readRecipe(join(recipes, file));
      const trainer = findTrainer(method);
      if (trainer === null) throw new Error(file);
      const side = size ?? sides[data] ?? 32;
      const given = planTrainer(trainer, { set: options }).options;
      const whole = trainer.method.complete(given, { height: side, width: side, channels: 3 });
      expect(whole, file).toMatchObject({ ...own[method], ...options });
    }
  });

  test.each([
    ['method = ', /r\.toml: is no TOML/u],
    [`${good}speed = 1\n`, /speed/u],
    [good.replace('"embedded"', '3'), /backbone: /u],
    [`${good}seeds = 0\n`, /seeds: /u],
    [`${good}[options]\nneighbors = 3\n`, /no option neighbors; did you mean neighbours\?/u],
    [good.replace('tsp', 'tspp'), /did you mean tsp\?/u],
    [
      `${good.replace('tsp', 'mmdc').replace(/backbone.*\n/u, '')}${paper}probe = 0.8\n`,
      /paper\.of: must be "features" where there is a probe/u,
    ],
    [`${good}${paper}of = "features"\n`, /paper\.of: tsp trains no network/u],
    [`${good.replace('tsp', 'rotnet').replace(/backbone.*\n/u, '')}${paper}`, /paper\.of: rotnet makes no groups/u],
    [`${good}[text]\nspace = "clip"\nnouns = "tac-fiel"\nprompts = "ensemble"\n`, /text\.nouns: .*"tac-file"/u],
    [`${good}[text]\nspace = "clop"\nnouns = "unique"\nprompts = "ensemble"\n`, /text\.space: .*"clip"/u],
  ])('%j is refused', (text, message) => {
    expect(() => readRecipe(write(text))).toThrow(message);
    expect(() => readRecipe(write(text))).toThrow(expect.objectContaining({ code: 'recipe', exitCode: 2 }));
  });
});

describe('findRecipe', () => {
  test('by data set and method, with a suggestion for others', () => {
    expect(findRecipe('tac', 'cifar-10', folder)).toBe(join(recipes, 'cifar-10', 'tac.toml'));
    expect(() => findRecipe('tac', 'cifar10', folder)).toThrow(/did you mean cifar-10\?/u);
    expect(() => findRecipe('tacc', 'cifar-10', folder)).toThrow(/did you mean tac\?/u);
  });
});

describe('trainByRecipe refuses before any work', () => {
  test('data that are not here, a missing split, a backbone that is not here, another method', async () => {
    await expect(trainByRecipe({ method: 'tsp', data: 'cifar-10', backbone: 'embedded' })).rejects.toThrow(
      /CIFAR-10 is not in .*; get it from/u,
    );
    const recipe = join(recipes, 'cifar-10', 'tac.toml');
    await expect(trainByRecipe({ method: 'tac', data: folder, recipe })).rejects.toThrow(
      /clip.* cannot be had yet; --backbone embedded/u,
    );
    await expect(trainByRecipe({ method: 'tsp', data: folder, recipe })).rejects.toThrow(
      /a recipe for tac, not for tsp/u,
    );
    mkdirSync(join(folder, 'train', 'cat'), { recursive: true });
    writeFileSync(join(folder, 'train', 'cat', 'a.png'), 'x');
    await expect(
      trainByRecipe({ method: 'tac', data: folder, recipe, split: 'test', backbone: 'embedded' }),
    ).rejects.toThrow(/there is no split test; here are train/u);
  });
});

test('mean and sample standard deviation', () => {
  expect(meanAndSd([1, 2, 3, 6])).toEqual({ mean: 3, sd: Math.sqrt(14 / 3) });
  expect(meanAndSd([0.5])).toEqual({ mean: 0.5, sd: null });
});
