/** A picture in the report. */
export interface ReportImage {
  /** Path below the collection's root, as the collection writes it. */
  readonly path: string;
  /** 0..1; null where none is claimed. */
  readonly confidence: number | null;
  /** `data:image/webp;base64,…`; null where no thumbnail could be made. */
  readonly thumbnail: { readonly uri: string; readonly width: number; readonly height: number } | null;
}

/** A group in the report. */
export interface ReportGroup {
  /** From 1, as the reader counts. */
  readonly number: number;
  /** Null where no name clearly fits. */
  readonly name: string | null;
  /** Why the name, or why none, in one sentence; null where nothing can be said. */
  readonly evidence: string | null;
  /** Nouns that the method describes the group with, the most frequent first, and the share that each explains, 0..1. */
  readonly nouns: readonly { readonly text: string; readonly share: number }[];
  readonly size: number;
  /** Images by how sure they are; null where no confidence is claimed. */
  readonly confidence: { readonly sure: number; readonly fair: number; readonly unsure: number } | null;
  /** The most typical first. */
  readonly central: readonly ReportImage[];
  /** The least certain first. */
  readonly doubtful: readonly ReportImage[];
}

/** Everything the report shows, ready to be laid out. */
export interface ReportData {
  /** Name of the collection. */
  readonly title: string;
  /** Where it lies. */
  readonly source: string;
  /** When it was made, ISO 8601 in UTC. */
  readonly madeAt: string;
  readonly images: number;
  readonly groups: readonly ReportGroup[];
  /** Remarks the reader must not miss. */
  readonly notes: readonly string[];
  /** Scores against labels; null where none were given. */
  readonly scores: ReportScores | null;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly skipped: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

/** Agreement with given labels, each at most 1. */
export interface ReportScores {
  readonly acc: number;
  readonly nmi: number;
  readonly ari: number;
  /** Images that have a label. */
  readonly labelled: number;
  readonly classes: number;
}
