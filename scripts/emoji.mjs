/**
 * Lays out the example pictures: emoji of twenty kinds from the npm package `emoji-datasource-google`, with their
 * kinds in `emoji.csv`. They are not part of the repository; `examples/emoji-NOTICE.md` names their licences.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeWhole } from '@muster/torch/setup';

/** At most this many pictures of a kind; the package has 259 flags. */
const CAP = 40;

/** Kinds as a person would name them, each from one or several subcategories of the package. */
const KINDS = Object.freeze({
  flag: ['country-flag'],
  face: ['face-smiling', 'face-affection', 'face-tongue', 'face-neutral-skeptical', 'face-concerned'],
  hand: ['hand-fingers-open', 'hand-fingers-partial', 'hand-single-finger', 'hand-fingers-closed'],
  heart: ['heart'],
  mammal: ['animal-mammal'],
  bird: ['animal-bird'],
  'sea animal': ['animal-marine'],
  bug: ['animal-bug'],
  flower: ['plant-flower'],
  fruit: ['food-fruit'],
  vegetable: ['food-vegetable'],
  dish: ['food-prepared'],
  drink: ['drink'],
  vehicle: ['transport-ground'],
  building: ['place-building'],
  clock: ['time'],
  clothing: ['clothing'],
  instrument: ['musical-instrument'],
  'zodiac sign': ['zodiac'],
  arrow: ['arrow'],
});

/**
 * @typedef {object} Emoji an entry of the package's `emoji.json`
 * @property {string} image file name: the code points, which say nothing of the kind
 * @property {string} subcategory
 * @property {number} sort_order
 * @property {boolean} has_img_google
 */

/**
 * Chooses the pictures: of a kind with too many, evenly spaced ones in the standard's order.
 *
 * @param {readonly Emoji[]} all
 * @returns {{ file: string, label: string }[]} in the order of their file names
 */
export function chooseEmoji(all) {
  const chosen = Object.entries(KINDS).flatMap(([label, subcategories]) => {
    const ofKind = all.filter((emoji) => emoji.has_img_google && subcategories.includes(emoji.subcategory));
    ofKind.sort((a, b) => a.sort_order - b.sort_order);
    const n = Math.min(CAP, ofKind.length);
    const spaced = Array.from({ length: n }, (_, i) => ofKind[Math.floor((i * ofKind.length) / n)]);
    return spaced.flatMap((emoji) => (emoji ? [{ file: emoji.image, label }] : []));
  });
  return chosen.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** @param {string} path @param {string} content @returns {boolean} true if the file holds just this */
function holds(path, content) {
  return existsSync(path) && readFileSync(path, 'utf8') === content;
}

/**
 * @param {string} folder
 * @param {readonly { file: string }[]} chosen in the order of their file names
 * @returns {boolean} true if just these are there
 */
export function isLaidOut(folder, chosen) {
  if (!existsSync(folder)) return false;
  return readdirSync(folder).sort().join('/') === chosen.map(({ file }) => file).join('/');
}

/**
 * Lays out `examples/emoji/` and `examples/emoji.csv`, unless they are there as they should be.
 *
 * @param {(line: string) => void} say
 */
export function layOutEmoji(say) {
  const require = createRequire(import.meta.url);
  let source;
  try {
    source = dirname(require.resolve('emoji-datasource-google/package.json'));
  } catch {
    say('examples: left out, as development dependencies are not installed');
    return;
  }
  const chosen = chooseEmoji(JSON.parse(readFileSync(join(source, 'emoji.json'), 'utf8')));
  const examples = fileURLToPath(new URL('../examples/', import.meta.url));
  const folder = join(examples, 'emoji');
  const table = join(examples, 'emoji.csv');
  const text = `file,label\n${chosen.map(({ file, label }) => `${file},${label}\n`).join('')}`;
  if (isLaidOut(folder, chosen) && holds(table, text)) {
    say('examples: ready, examples/emoji');
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  makeWhole(folder, (temporary) => {
    mkdirSync(temporary);
    for (const { file } of chosen) cpSync(join(source, 'img', 'google', '64', file), join(temporary, file));
  });
  makeWhole(table, (temporary) => writeFileSync(temporary, text));
  say(`examples: ${chosen.length} emoji of ${Object.keys(KINDS).length} kinds in examples/emoji`);
}
