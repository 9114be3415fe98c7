import { readFileSync, writeFileSync } from 'node:fs';
import { trimMemory } from '@muster/torch';
import { silent } from '../packages/muster/src/base/index.ts';
import { acc, ari, nmi } from '../packages/muster/src/metrics/index.ts';
import { findEmbeddingMethod } from '../packages/muster/src/methods/index.ts';
import type { TextData } from '../packages/muster/src/methods/index.ts';
import type { LabelledEmbeddings } from './labelled-embeddings.ts';
import type { Scores } from './results-page.ts';

/** A method with options, as a line of a table. */
export interface Line {
  readonly title: string;
  readonly method: string;
  readonly set?: Readonly<Record<string, unknown>>;
  /** Nothing in it is drawn at random: one run tells all. */
  readonly fixed?: boolean;
  /** Words in place of the backbone's kinds of things. */
  readonly text?: (data: LabelledEmbeddings) => TextData;
}

/** What came of a line. */
export interface Scored {
  /** One a seed. */
  readonly scores: readonly Scores[];
  /** Mean time of a fit. */
  readonly seconds: number;
  /** Memory of the process at most beyond what it had before the fit, in bytes; NaN where the system does not tell. */
  readonly peakBytes: number;
}

/** Fits a line once a seed on all rows, K being the number of classes, and scores the groups. */
export async function scoreMethod(line: Line, data: LabelledEmbeddings, seeds: number): Promise<Scored> {
  const { images, truth, classes } = data;
  const method = findEmbeddingMethod(line.method);
  const text = line.text?.(data) ?? images.text;
  const input = { embeddings: images.embeddings, ...(text === undefined ? {} : { text }) };
  const options = { ...('groups' in method.options.shape ? { groups: classes } : {}), ...line.set };
  const scores: Scores[] = [];
  let seconds = 0;
  let peakBytes = 0;
  for (let seed = 0; seed < (line.fixed === true ? 1 : seeds); seed++) {
    trimMemory();
    const before = resetPeak();
    const start = performance.now();
    const fitted = await method.fit(input, options, { seed, device: 'cpu', emit: silent });
    seconds += (performance.now() - start) / 1000;
    peakBytes = Math.max(peakBytes, memory('VmHWM') - before);
    const { labels } = fitted.own;
    scores.push({ acc: acc(truth, labels), nmi: nmi(truth, labels), ari: ari(truth, labels) });
    fitted.dispose();
  }
  return { scores, seconds: seconds / scores.length, peakBytes };
}

/** Forgets the process's peak of memory. @returns bytes in use now */
function resetPeak(): number {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return NaN;
  }
  return memory('VmRSS');
}

function memory(field: 'VmRSS' | 'VmHWM'): number {
  try {
    return (
      1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'mu').exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
    );
  } catch {
    return NaN;
  }
}
