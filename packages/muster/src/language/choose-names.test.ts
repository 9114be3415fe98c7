import { describe, expect, test } from 'vitest';
import { chooseNames } from './choose-names.ts';
import type { SpaceWord } from './text-space.ts';

// Kinds: 0 corgi, 1 pug, 2 tabby, 3 car, 4 truck, 5..19 others.
const words: SpaceWord[] = [
  ...['corgi', 'pug', 'tabby', 'car', 'truck'].map((text, kind) => ({ id: text, text, below: [kind] })),
  { id: 'dog', text: 'dog', below: [0, 1] },
  { id: 'carnivore', text: 'carnivore', below: [0, 1, 2] },
  { id: 'vehicle', text: 'vehicle', below: [3, 4] },
  { id: 'self-propelled vehicle', text: 'self-propelled vehicle', below: [3, 4] },
];

function shares(entries: Record<number, number>): Float64Array {
  const row = new Float64Array(20);
  for (const [kind, share] of Object.entries(entries)) row[Number(kind)] = share;
  const rest = 1 - row.reduce((sum, value) => sum + value, 0);
  for (let kind = 5; kind < 20; kind++) row[kind] = rest / 15;
  return row;
}

const usage = (word: string): number => (['self-propelled vehicle', 'carnivore'].includes(word) ? 1 : 20);
const name = (rows: Float64Array[], sizes = rows.map(() => 10)) =>
  chooseNames(rows, sizes, words, usage).map((group) => group.name);

describe('chooseNames', () => {
  test('a mix of species gets the word above them, one species its own', () => {
    expect(name([shares({ 0: 0.4, 1: 0.45 }), shares({ 3: 0.9 }), shares({ 2: 0.9 })])).toEqual([
      'dog',
      'car',
      'tabby',
    ]);
  });

  test('of words that fit alike the familiar one is taken', () => {
    expect(name([shares({ 3: 0.4, 4: 0.45 }), shares({ 0: 0.9 })])[0]).toBe('vehicle');
  });

  test('no name where a word covers too little, or as much elsewhere', () => {
    expect(name([shares({ 0: 0.2 }), shares({})])).toEqual([null, null]);
    expect(name([shares({ 0: 0.65 }), shares({})])).toEqual([null, null]); // one kind may be a look-alike
    expect(name([shares({ 0: 0.35, 1: 0.3 }), shares({})])).toEqual(['dog', null]); // two agree
    expect(name([shares({ 0: 0.6 }), shares({ 0: 0.55 })])).toEqual([null, null]);
  });

  test('names are unique: a second group of the kind takes another fitting word or a number', () => {
    const rows = [
      shares({ 0: 0.45, 1: 0.45 }),
      shares({ 0: 0.85, 1: 0.1 }),
      ...Array.from({ length: 12 }, () => shares({ 3: 0.01 })),
    ];
    const [first, second] = name(rows);
    expect(new Set([first, second])).toEqual(new Set(['dog', 'corgi']));
    const twice = name([shares({ 2: 0.9 }), shares({ 2: 0.9 }), ...Array.from({ length: 12 }, () => shares({}))]);
    expect(new Set(twice.slice(0, 2)).size).toBe(2);
    expect(twice.slice(0, 2).every((text) => text !== null)).toBe(true);
  });

  test('the evidence is the share here and elsewhere, and names stay with their groups', () => {
    const [dogs] = chooseNames([shares({ 0: 0.5, 1: 0.3 }), shares({ 0: 0.05 })], [30, 10], words, usage);
    expect(dogs?.best).toMatchObject({
      text: 'dog',
      share: expect.closeTo(0.8, 6),
      elsewhere: expect.closeTo(0.05, 6),
    });
    expect(dogs?.runnerUp?.text).not.toBe('dog');
  });

  test('a single group is not named by a word that is merely broad', () => {
    expect(name([shares({ 0: 0.85 })])).toEqual(['corgi']);
    expect(name([shares({})])).toEqual([null]);
  });

  test('an empty group and no words do no harm', () => {
    expect(name([new Float64Array(20), shares({ 3: 0.9 })], [0, 10])).toEqual([null, 'car']);
    expect(chooseNames([shares({})], [3], [], usage)).toEqual([{ name: null, best: null, runnerUp: null }]);
  });
});
