import { errorMessage, MusterError } from '../base/index.ts';
import type { PaperScores } from './evaluate-options.ts';
import { readRecipe, type Recipe } from './recipe.ts';
import { figuresOf } from './train-scores.ts';
import type { TrainingConfig } from './training-config.ts';

/**
 * The paper's figures in the recipe of a run. Scores are left out where the paper's are of other splits than the run was trained on, which are
 * those that are scored.
 *
 * @param notes told here where the recipe cannot be read any more
 * @returns null where there are none
 */
export function paperScores(
  { recipe: path, split }: Pick<TrainingConfig, 'recipe' | 'split'>,
  notes: string[],
): PaperScores | null {
  const recipe = path === null ? null : readAgain(path, notes);
  if (recipe?.paper === undefined) return null;
  const { of, probe = null } = recipe.paper;
  const figures = figuresOf(recipe.paper);
  return split === recipe.test
    ? { ...figures, of, probe }
    : { row: figures.row, acc: null, nmi: null, ari: null, of, probe };
}

function readAgain(path: string, notes: string[]): Recipe | null {
  try {
    return readRecipe(path);
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    notes.push(`The paper's figures are not shown: ${errorMessage(error)}.`);
    return null;
  }
}
