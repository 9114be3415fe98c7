import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { csvLabels, folderLabels, openCollection } from '../packages/muster/src/data/index.ts';
import { buildVocabulary, loadImageClasses, loadNouns } from '../packages/muster/src/language/index.ts';
import { embedImages } from '../packages/muster/src/pipeline/index.ts';
import type { EmbeddedImages } from '../packages/muster/src/pipeline/index.ts';

/** A collection's embeddings and, apart from them, the class of each row. */
export interface LabelledEmbeddings {
  readonly name: string;
  /** With the class names in its text, where the backbone knows them all: for methods that are told them. */
  readonly images: EmbeddedImages;
  /** [N] class of each row, for the scores alone. */
  readonly truth: Int32Array;
  readonly classes: number;
}

/**
 * Embeds a collection of known kinds; the embeddings are kept for the next time.
 * @param argument `COLLECTION` (a tar, or a folder with a folder for each class) or `COLLECTION=LABELS.csv`
 */
export async function labelledEmbeddings(argument: string): Promise<LabelledEmbeddings> {
  const [source = '', labels = 'folders'] = argument.split('=');
  const name = basename(source).replace(/\.tar(\.gz)?$/u, '');
  process.stderr.write(`embedding ${name}\n`);
  const collection = await openCollection(source);
  try {
    const found = labels === 'folders' ? folderLabels(collection) : await csvLabels(collection, labels);
    const classes = areKnown(found.classes) ? found.classes : undefined;
    const images = await embedImages({ source, store: join(tmpdir(), `muster-results-${name}`), classes });
    const classOf = new Map(collection.items.map(({ path }, item) => [path, found.values[item] ?? -1]));
    const truth = Int32Array.from(images.files, (file) => classOf.get(file) ?? -1);
    if (truth.includes(-1)) throw new Error(`not every image of ${source} has a label`);
    return { name, images, truth, classes: found.classes.length };
  } finally {
    await collection.close();
  }
}

/** Whether the embedded text space knows every name. */
function areKnown(names: readonly string[]): boolean {
  const nouns = loadNouns();
  const { bySynset } = buildVocabulary(nouns, loadImageClasses());
  return names.every((name) => nouns.senses(name).some(({ id }) => bySynset.has(id)));
}
