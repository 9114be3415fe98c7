import type { PaperFigures } from '../pipeline/index.ts';

/** The scores of a table, in their order. */
export const scoreNames = ['acc', 'nmi', 'ari'] as const;

/** A score as tables have it; `-` where there is none. */
export function scoreText(value: number | null | undefined): string {
  return value?.toFixed(3) ?? '-';
}

/** `Paper (table I, MMDC): ACC 0.820, NMI 0.703, ARI -`. */
export function paperLine(paper: PaperFigures): string {
  const text = scoreNames.map((name) => `${name.toUpperCase()} ${scoreText(paper[name])}`).join(', ');
  return `Paper (${paper.row}): ${text}`;
}
