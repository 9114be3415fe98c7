import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveTensors } from '@muster/torch';
import * as torch from '@muster/torch';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawSheet } from './augment-sheet.ts';
import { drawAugmentations } from './augment.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-augment-'));
const file = (name: string) => join(folder, name);

const recipe = `
method = "mmdc"
data = "made"
fit = "train"
test = "train"
[options]
groups = 2
`;

beforeAll(async () => {
  mkdirSync(file('images/train/a'), { recursive: true });
  for (let number = 0; number < 5; number++) {
    const rgb = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => (at * (number + 3)) % 251);
    await sharp(rgb, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toFile(file(`images/train/a/${number}.png`));
  }
  writeFileSync(file('recipe.toml'), recipe);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const draw = async (sheet: string, more: { seed?: number; recipe?: string } = {}) => {
  const given = { recipe: file('recipe.toml'), data: file('images'), images: 3, views: 4, ...more };
  const result = await drawAugmentations({ ...given, sheet: file(sheet) });
  return { result, bytes: readFileSync(result.sheet) };
};

test('a sheet of a recipe: images in rows, views in columns, the same again, another for another seed', async () => {
  const before = liveTensors();
  const { result, bytes } = await draw('one.png');
  expect(result).toMatchObject({ method: 'mmdc', views: 4, isStretched: false });
  expect(result.images).toEqual(['train/a/0.png', 'train/a/2.png', 'train/a/4.png']);
  const { width, height } = await sharp(bytes).metadata();
  expect([width, height]).toEqual([4 + 5 * 76, 4 + 3 * 76]);
  expect((await draw('two.png')).bytes.equals(bytes)).toBe(true);
  expect((await draw('three.png', { seed: 1 })).bytes.equals(bytes)).toBe(false);
  expect(liveTensors()).toBe(before);
});

test('a method without views is refused by the recipe’s name', async () => {
  writeFileSync(
    file('tac.toml'),
    recipe.replace('"mmdc"', '"k-means"').replace('[options]', 'backbone = "embedded"\n[options]'),
  );
  await expect(draw('none.png', { recipe: file('tac.toml') })).rejects.toThrow(
    /tac\.toml: k-means works on embeddings/,
  );
});

test.each(['nat', 'rotnet', 'simclr', 'scan-images'])('%s shows its views, too', async (method) => {
  const options = { nat: 'crop = 12\nsize = 16', rotnet: 'crop = 12\nsize = 16' }[method] ?? '';
  const groups = method === 'scan-images' ? 'groups = 2' : '';
  const head = recipe.slice(0, recipe.indexOf('[options]')).replace('"mmdc"', `"${method}"`);
  writeFileSync(file(`${method}.toml`), `${head}[options]\n${options}\n${groups}\n`);
  const { result } = await draw(`${method}.png`, { recipe: file(`${method}.toml`) });
  expect(result).toMatchObject({ method, views: 4, isStretched: method === 'nat' }); // its edges leave 0..1
});

test('pixels are shown as they are, enlarged, and numbers beyond 0..1 are stretched', async () => {
  using pixels = torch.tensor(Uint8Array.of(0, 255, 128, 64), [1, 2, 2, 1]);
  using view = torch.tensor([-1, 0, 1, 3], [1, 1, 2, 2]);
  const { png, isStretched } = await drawSheet(pixels, [view]);
  expect(isStretched).toBe(true);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([156, 80, 3]);
  const at = (x: number, y: number) => data[(y * info.width + x) * 3];
  expect([at(0, 0), at(4, 4), at(75, 4), at(4, 75), at(75, 75)]).toEqual([255, 0, 255, 128, 64]);
  expect([at(80, 4), at(151, 4), at(80, 75), at(151, 75)]).toEqual([0, 64, 128, 255]);
});
