import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { recipePlaces } from '../packages/muster/src/pipeline/index.ts';
import { copyRecipes } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Paths of all files below a folder. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

test('the package holds every recipe, where its modules look for them', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-pack-'));
  try {
    const installed = join(folder, 'node_modules', 'muster-images');
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, 'packages', 'muster', 'package.json'), join(installed, 'package.json'));
    copyRecipes(join(installed, 'dist'));
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const report: unknown = JSON.parse(execFileSync('npm', args, { cwd: installed, encoding: 'utf8' }));
    const packed = new Set(
      JSON.stringify(report)
        .match(/"path":"[^"]*"/gu)
        ?.map((text) => text.slice(8, -1)),
    );
    const recipes = filesIn(join(root, 'recipes'));
    expect(recipes.length).toBeGreaterThan(70);
    for (const recipe of recipes) expect(packed).toContain(`dist/recipes/${recipe}`);
    const module = pathToFileURL(join(installed, 'dist', 'pipeline', 'recipe.js')).href;
    mkdirSync(join(folder, 'recipes')); // a folder of the user's project has no part in it
    const found = recipePlaces(join(folder, 'elsewhere'), module).find((place) => existsSync(place));
    expect(found).toBe(join(installed, 'dist', 'recipes'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a clone uses its own recipes', () => {
  const module = pathToFileURL(join(root, 'packages', 'muster', 'src', 'pipeline', 'recipe.ts')).href;
  const found = recipePlaces(join(root, 'nowhere'), module).find((place) => existsSync(place));
  expect(found).toBe(join(root, 'recipes'));
});
