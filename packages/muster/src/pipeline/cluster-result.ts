import type { SkippedFile } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import type { GroupName, WordFit, WordShare } from '../language/index.ts';
import type { BackboneDescription } from '../models/index.ts';
import type { Locations } from '../store/index.ts';
import type { EmbeddedCollection } from './embed.ts';
import type { Grouping } from './group.ts';
import type { LabelledCollection } from './label-collection.ts';
import type { RunModel } from './run-model.ts';
import type { Scores } from './score.ts';

/** A group of the result. */
export interface GroupResult {
  /** From 1, the largest group first. */
  readonly id: number;
  /** Unique; null where no word clearly fits. */
  readonly name: string | null;
  readonly size: number;
  /** The word behind the name, or the closest one; null where the backbone has no words. */
  readonly word: WordFit | null;
  readonly runnerUp: WordFit | null;
  /** The method's own nouns that its images are described with, and the share of the group that each explains; empty where it has none. */
  readonly nouns: readonly WordShare[];
  /** Mean confidence of its images; null where none is claimed. */
  readonly confidence: number | null;
}

/** What a run was made with: enough to make it again. */
export interface RunSettings {
  readonly muster: string;
  readonly source: string;
  /** Splits of a data set that were grouped, and its name; null: not said. */
  readonly split: string | null;
  readonly as: string | null;
  readonly followLinks: boolean;
  readonly method: string;
  /** Of the method in the registry; null for the default way. */
  readonly methodId: string | null;
  readonly paper: string | null;
  /** Options of the method that were set. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Class names that were given. */
  readonly classes: readonly string[] | null;
  /** File of the nouns that words were restricted to; null: none. */
  readonly nouns: string | null;
  /** The noun below which words were taken; null: none. */
  readonly under: string | null;
  /** Images that the groups were tried on, and which splits of them. */
  readonly test: string | null;
  readonly testSplit: string | null;
  /** The wanted number of groups; null: it was estimated. */
  readonly groups: number | null;
  readonly seed: number;
  /** The wanted number of starts; null: chosen by size, see the result. */
  readonly restarts: number | null;
  readonly labels: string | null;
  readonly threads: number;
  readonly engine: string;
  readonly backbone: BackboneDescription;
}

/** How the groups do on images that they were not found in. */
export interface TestResult {
  readonly source: string;
  readonly images: number;
  /** Scores against the labels; null without labels. */
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/** What the method itself tells. */
export interface MethodReport {
  /** All its options, defaults among them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Loss, rounds and the like. */
  readonly values: Readonly<Record<string, number>>;
  /** Words that it chose. */
  readonly words: readonly string[];
}

/** What `muster cluster` finds. */
export interface ClusterResult {
  readonly settings: RunSettings;
  readonly images: number;
  readonly groups: readonly GroupResult[];
  /** Why so many groups. */
  readonly reason: string;
  /** Scores against the labels; null without labels. */
  readonly metrics: Scores | null;
  /** Null where no further images were given. */
  readonly test: TestResult | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Images whose embeddings an earlier run had made. */
  readonly reused: number;
  readonly seconds: { readonly embed: number; readonly group: number; readonly all: number };
  /** Folder of the run, and the report in it: absolute paths. */
  readonly folder: string;
  readonly report: string;
}

/** The images that were grouped. */
export type UsedImages = Pick<EmbeddedCollection, 'items' | 'warnings'>;

/** Everything that is known when the run is saved. */
export interface FinishedRun {
  /** What goes into `config.json`, beside its format. */
  readonly config: object;
  /** What the report says of how it was made. */
  readonly about: readonly (readonly [name: string, value: string])[];
  /** Null for the default way. */
  readonly method: MethodReport | null;
  readonly model: RunModel;
  readonly test: LabelledCollection | null;
  readonly collection: Collection;
  readonly locations: Locations;
  readonly embedded: UsedImages;
  readonly grouping: Grouping;
  readonly names: readonly GroupName[];
  /** Nouns of each group, for methods that choose words; undefined: the method has none. */
  readonly nouns?: readonly (readonly WordShare[])[] | undefined;
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Seconds of a training, its earlier parts included; undefined: nothing was trained. */
  readonly seconds?: number;
}
