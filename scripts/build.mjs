#!/usr/bin/env node
/**
 * Builds the packages' `dist` folders for publishing: JavaScript, declarations and source maps. A clone does not need
 * it: sources run as they are.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, isStarted, nodeProgram } from './program.mjs';

/** The engine first: muster is checked against its declarations. */
const PACKAGES = Object.freeze(['torch', 'muster']);

/**
 * Copies generated sources, which are JavaScript with declarations already: the compiler only reads them. As it does
 * elsewhere, relative imports of `.ts` become `.js`.
 *
 * @param {string} from
 * @param {string} to
 */
function copyGenerated(from, to) {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), 'utf8');
    writeFileSync(join(to, name), text.replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
}

/**
 * Copies the recipes into the package, where `muster train` finds them once it is installed.
 *
 * @param {string} dist
 */
export function copyRecipes(dist) {
  cpSync(join(ROOT, 'recipes'), join(dist, 'recipes'), { recursive: true });
}

/** @param {string} name @returns {boolean} true if it was built */
function build(name) {
  const folder = join(ROOT, 'packages', name);
  const dist = join(folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const compiler = join(ROOT, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const args = [compiler, '--project', join(folder, 'tsconfig.build.json')];
  const built = spawnSync(nodeProgram(), args, { cwd: ROOT, stdio: 'inherit' }).status === 0;
  copyGenerated(join(folder, 'src', 'generated'), join(dist, 'generated'));
  if (name === 'muster') copyRecipes(dist);
  return built;
}

if (isStarted(import.meta.url)) process.exitCode = PACKAGES.every(build) ? 0 : 1;
