import { formatCount, type SkippedFile } from '../base/index.ts';
import type { ClusterOptions } from './cluster-options.ts';
import type { EmbeddedCollection } from './embed.ts';
import type { Scores } from './score.ts';

/** What the reader must know of the images of a run: many left out, damaged, or without a label. */
export function clusterRemarks(
  embedded: EmbeddedCollection,
  skipped: readonly SkippedFile[],
  { labels }: ClusterOptions,
  metrics: Scores | null,
): string[] {
  const images = embedded.items.length;
  const notes: string[] = [];
  if (skipped.length > 0.1 * (skipped.length + images)) {
    notes.push(
      `${skipped.length} of ${skipped.length + images} files were left out, more than a tenth; the report lists them.`,
    );
  }
  if (embedded.warnings.length > 0) {
    notes.push(
      `${formatCount(embedded.warnings.length, 'image')} decoded with complaints and may be damaged, such as ${embedded.warnings[0]?.path ?? ''}.`,
    );
  }
  if (labels !== undefined && metrics === null) notes.push('No grouped image has a label, so there are no scores.');
  else if (metrics !== null && metrics.labelled < images)
    notes.push(`${formatCount(images - metrics.labelled, 'image')} of ${images} have no label and are not scored.`);
  return notes;
}
