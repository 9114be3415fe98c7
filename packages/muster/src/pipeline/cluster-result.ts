import type { SkippedFile } from '../base/index.ts';
import type { Collection } from '../data/index.ts';
import type { GroupName, WordFit } from '../language/index.ts';
import type { BackboneDescription } from '../models/index.ts';
import type { Locations } from '../store/index.ts';
import type { EmbeddedCollection } from './embed.ts';
import type { Grouping } from './group.ts';
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
  /** Mean confidence of its images; null where none is claimed. */
  readonly confidence: number | null;
}

/** What a run was made with: enough to make it again. */
export interface RunSettings {
  readonly muster: string;
  readonly source: string;
  readonly followLinks: boolean;
  readonly method: string;
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

/** What `muster cluster` finds. */
export interface ClusterResult {
  readonly settings: RunSettings;
  readonly images: number;
  readonly groups: readonly GroupResult[];
  /** Why so many groups. */
  readonly reason: string;
  /** Scores against the labels; null without labels. */
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Images whose embeddings an earlier run had made. */
  readonly reused: number;
  readonly seconds: { readonly embed: number; readonly group: number; readonly all: number };
  /** Folder of the run, and the report in it: absolute paths. */
  readonly folder: string;
  readonly report: string;
}

/** Everything that is known when the run is saved. */
export interface FinishedRun {
  readonly collection: Collection;
  readonly locations: Locations;
  readonly embedded: EmbeddedCollection;
  readonly grouping: Grouping;
  readonly names: readonly GroupName[];
  readonly settings: RunSettings;
  readonly metrics: Scores | null;
  readonly notes: readonly string[];
  readonly skipped: readonly SkippedFile[];
}
