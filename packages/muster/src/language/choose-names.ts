import type { SpaceWord } from './text-space.ts';

/** A word and how much of a group it covers. */
export interface WordFit {
  readonly text: string;
  /** WordNet synset. */
  readonly synset: string;
  /** Expected share of the group's images that are this thing, 0..1. */
  readonly share: number;
  /** The same over all other images, 0..1. */
  readonly elsewhere: number;
}

/** A group's name with its evidence. */
export interface GroupName {
  /** Null where no word clearly fits: better no name than a false one. Unique among the groups. */
  readonly name: string | null;
  /** The word behind the name, or the closest word where there is no name; null only without any words. */
  readonly best: WordFit | null;
  /** The next word by the same score. */
  readonly runnerUp: WordFit | null;
}

/** What a word must reach to become a name. */
export interface NamingRules {
  /** Least images in a group with a name. */
  readonly minImages: number;
  /** Least share for a word whose evidence rests on a single kind: one kind can be a mere look-alike. */
  readonly shareOfOne: number;
  /** Least share for a word that many kinds agree on; in between it falls with their number (see `leastShare`). */
  readonly shareOfMany: number;
  /** Least odds of the word in the group over its odds elsewhere, or over those of a random kind if they are higher. */
  readonly minOdds: number;
  /** What the score of a word that nobody uses is multiplied by; an everyday word keeps its own. */
  readonly unfamiliar: number;
}

/** Tuned on photos, drawings and aerial views: see docs/guide/cluster.md, "Where the names come from". */
export const defaultNamingRules: NamingRules = {
  minImages: 3,
  shareOfOne: 0.7,
  shareOfMany: 0.3,
  minOdds: 8.5,
  unfamiliar: 0.75,
};

/** A word in 2^4 lemmas of WordNet is an everyday one. */
const everydayBits = 4;

interface Candidate {
  readonly fit: WordFit;
  /** How often a random kind would be one of this word's. */
  readonly breadth: number;
  /** Over how many of its kinds the word's mass in the group is spread: the exponential of their entropy. */
  readonly spread: number;
  readonly score: number;
}

/**
 * Names for groups from how likely each kind of thing is in each of them.
 *
 * A word is scored like a search for the group: recall is the share of the group it covers, precision the part of the
 * word's mass that lies in this group, where one further group of average size stands for the rest of the world and
 * holds every kind equally (or "object" would fit any single group). The score is their harmonic mean, so a hypernym
 * wins over its species where the group mixes several of them; it is lowered for words that hardly anyone uses.
 *
 * @param shares for each group the mean over its images of the likelihood of each kind; rows sum to 1
 * @param sizes images in each group
 * @param usage how familiar a word is (`NounGraph.usage`)
 */
export function chooseNames(
  shares: readonly Float64Array[],
  sizes: readonly number[],
  words: readonly SpaceWord[],
  usage: (word: string) => number,
  rules: NamingRules = defaultNamingRules,
): GroupName[] {
  const ranked = rankWords(shares, sizes, words, usage, rules);
  const order = ranked.map((_, group) => group);
  order.sort((a, b) => (ranked[b]?.[0]?.score ?? 0) - (ranked[a]?.[0]?.score ?? 0) || a - b);
  const names = new Array<GroupName>(ranked.length);
  const taken = new Set<string>();
  for (const group of order) {
    const candidates = ranked[group] ?? [];
    const isEnough = (sizes[group] ?? 0) >= rules.minImages;
    const clear = isEnough ? candidates.filter((candidate) => isClear(candidate, rules)) : [];
    const chosen = clear.find(({ fit }) => !taken.has(fit.text)) ?? clear[0];
    const name = chosen === undefined ? null : uniqueName(chosen.fit.text, taken);
    if (name !== null) taken.add(name);
    const best = chosen ?? candidates[0];
    names[group] = { name, best: best?.fit ?? null, runnerUp: candidates.find((other) => other !== best)?.fit ?? null };
  }
  return names;
}

function isClear({ fit, breadth, spread }: Candidate, rules: NamingRules): boolean {
  const isFrequent = fit.share >= leastShare(spread, rules);
  return isFrequent && odds(fit.share) >= rules.minOdds * odds(Math.max(fit.elsewhere, breadth));
}

/** From `shareOfOne` at a spread of one kind towards `shareOfMany`, the distance halved when the spread doubles. */
function leastShare(spread: number, { shareOfOne, shareOfMany }: NamingRules): number {
  return shareOfMany + (shareOfOne - shareOfMany) / spread;
}

function odds(share: number): number {
  return share / Math.max(1e-12, 1 - share);
}

function uniqueName(text: string, taken: ReadonlySet<string>): string {
  if (!taken.has(text)) return text;
  let count = 2;
  while (taken.has(`${text} (${count})`)) count++;
  return `${text} (${count})`;
}

function rankWords(
  shares: readonly Float64Array[],
  sizes: readonly number[],
  words: readonly SpaceWord[],
  usage: (word: string) => number,
  rules: NamingRules,
): Candidate[][] {
  const images = sizes.reduce((sum, size) => sum + size, 0);
  const kinds = shares[0]?.length ?? 0;
  const ranked: Candidate[][] = shares.map(() => []);
  const surprises = shares.map((row) => row.map((share) => (share > 0 ? -share * Math.log(share) : 0)));
  for (const word of words) {
    const masses = shares.map((row, group) => sumOver(row, word.below) * (sizes[group] ?? 0)); // images of this kind
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    const breadth = word.below.length / kinds;
    const world = (images / shares.length) * breadth;
    const familiarity = Math.min(1, Math.log2(1 + usage(word.text)) / everydayBits);
    const factor = rules.unfamiliar + (1 - rules.unfamiliar) * familiarity;
    masses.forEach((mass, group) => {
      const size = sizes[group] ?? 0;
      const share = size === 0 ? 0 : mass / size;
      const precision = mass / (total + world);
      const score = mass === 0 ? 0 : (factor * 2 * share * precision) / (share + precision);
      const elsewhere = images === size ? 0 : Math.max(0, total - mass) / (images - size);
      const spread = share === 0 ? 1 : Math.exp(sumOver(surprises[group], word.below) / share + Math.log(share));
      ranked[group]?.push({ fit: { text: word.text, synset: word.id, share, elsewhere }, breadth, spread, score });
    });
  }
  for (const candidates of ranked) candidates.sort((a, b) => b.score - a.score);
  return ranked;
}

function sumOver(row: Float64Array | undefined, columns: readonly number[]): number {
  let sum = 0;
  for (const column of columns) sum += row?.[column] ?? 0;
  return sum;
}
