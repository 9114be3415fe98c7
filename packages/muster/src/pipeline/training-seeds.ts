import { join } from 'node:path';
import { chooseLocations, type Locations } from '../store/index.ts';
import type { Recipe } from './recipe.ts';
import type { TrainOptions } from './train-options.ts';

/** The seeds of the runs: one where only the first is given, else the recipe's number of them. */
export function seedsOf({ seeds, seed }: Pick<TrainOptions, 'seeds' | 'seed'>, recipe: Recipe | null): number[] {
  const count = seeds ?? (seed === undefined ? (recipe?.seeds ?? 1) : 1);
  return Array.from({ length: count }, (_, at) => (seed ?? 0) + at);
}

/** Where the run of a seed goes: the folder asked for or, of several runs, one in it for each; all have one store. */
export function placeOf(
  source: string,
  { out, store }: Pick<TrainOptions, 'out' | 'store'>,
  seed: number,
  seeds: number,
): Locations {
  const folder = out === undefined || seeds === 1 ? out : join(out, `seed-${seed}`);
  const place = chooseLocations({ source, out: folder, store, cwd: process.cwd() });
  return out === undefined
    ? place
    : { ...place, store: chooseLocations({ source, out, store, cwd: process.cwd() }).store };
}
