/** Edits that a mistyped name may be away, as a share of its length; at least 2. */
const editShare = 0.4;

/**
 * The candidate that was probably meant: the nearest by edits (insert, delete, replace, each 1), the first on a tie.
 *
 * @returns undefined where none is near
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const most = Math.max(2, Math.floor(editShare * name.length));
  let best: string | undefined;
  let bestEdits = most + 1;
  for (const candidate of candidates) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** `did you mean x?`, or else `use one of: a, b`. */
export function suggestName(name: string, candidates: readonly string[]): string {
  const meant = nearestName(name, candidates);
  return meant === undefined ? `use one of: ${candidates.join(', ')}` : `did you mean ${meant}?`;
}

/** Levenshtein's distance, one row of its table at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
