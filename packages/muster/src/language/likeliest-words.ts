/** A word and how likely it is, or how much of a group it explains: 0..1. */
export interface WordShare {
  readonly text: string;
  readonly share: number;
}

/**
 * The words with the largest shares, the largest first. Words that are written alike ("crane", twice) count as one.
 *
 * @param shares one for each word
 * @param count how many are wanted, at most
 */
export function likeliestWords(shares: Iterable<number>, words: readonly string[], count: number): WordShare[] {
  const byText = new Map<string, number>();
  let at = 0;
  for (const share of shares) {
    const text = words[at++] ?? '';
    byText.set(text, (byText.get(text) ?? 0) + share);
  }
  const sorted = [...byText].sort(([, a], [, b]) => b - a); // stable: of equal ones the earlier word
  return sorted.slice(0, count).map(([text, share]) => ({ text, share }));
}
