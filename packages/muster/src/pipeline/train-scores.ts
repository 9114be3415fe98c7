import type { Recipe } from './recipe.ts';
import type { Scores } from './score.ts';
import type { PaperFigures, ScoreSpread, Spread, TrainResult } from './train-options.ts';

/** Mean and standard deviation of each score; null where some run has none. */
export function spreadOf(scores: readonly (Scores | null)[]): ScoreSpread | null {
  const all = scores.filter((one) => one !== null);
  if (all.length < scores.length) return null;
  const spread = (name: 'acc' | 'nmi' | 'ari'): Spread => meanAndSd(all.map((one) => one[name]));
  return { acc: spread('acc'), nmi: spread('nmi'), ari: spread('ari') };
}

/** The sample's standard deviation (n - 1); null for one value. */
export function meanAndSd(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, sd: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

/**
 * The paper's figures in a recipe; null where they are not of groups, as the scores beside them are.
 * @param sameBackbone whether they were reached on what this runs on
 */
export function paperOf(recipe: Recipe | null, sameBackbone: boolean): TrainResult['paper'] {
  if (recipe?.paper?.of !== 'groups') return null;
  return { ...figuresOf(recipe.paper), sameBackbone };
}

/** The scores that a recipe quotes from its paper. */
export function figuresOf(paper: NonNullable<Recipe['paper']>): PaperFigures {
  const { table, row, acc = null, nmi = null, ari = null } = paper;
  return { row: `table ${table}, ${row}`, acc, nmi, ari };
}
