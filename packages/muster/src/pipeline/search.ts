import { resolve } from 'node:path';
import { noGrad, scope, setThreads, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { formatCount, MusterError, printable, silent, type Emit } from '../base/index.ts';
import { nearestNeighbours, unitRows } from '../cluster/index.ts';
import { decodeImage, prepareImage, readFileBytes, stackImages } from '../image/index.ts';
import {
  buildVocabulary,
  EmbeddedTextSpace,
  loadImageClasses,
  loadNouns,
  readQuery,
  suggestWords,
} from '../language/index.ts';
import type { Backbone } from '../models/index.ts';
import { renderContactSheet } from '../report/index.ts';
import { isInside, writeFileAtomic } from '../store/index.ts';
import { groupCaption, withRun, type OpenRun } from './open-run.ts';
import { parseOptions } from './parse-options.ts';
import { geometryOfBackbone, leastSideOf } from './run-backbone.ts';
import { searchOptions, unknownSentence, type SearchHit, type SearchOptions } from './search-options.ts';
import type { SearchOptionsInput, SearchResult } from './search-options.ts';
import { loadPictures } from './showcase.ts';

/** How the command writes options. */
const optionNames = {
  run: '<run>',
  image: '--image',
  count: '--count',
  html: '--html',
  threads: '--threads',
  store: '--store',
};

/**
 * Finds the images of a run that are most like a text or a picture: the largest cosine between the query and the
 * embeddings from which the collection's mean was taken.
 *
 * @throws MusterError `options`; `search.unknown` where no word of the text is known; as `withRun`
 */
export async function searchRun(
  input: SearchOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<SearchResult> {
  const options = parseOptions(searchOptions, input, optionNames);
  if ((options.text ?? '').trim() === '' && options.image === undefined) {
    throw new MusterError('options', 'there is nothing to look for', {
      kind: 'usage',
      fix: 'give words, or a picture as --image FILE',
    });
  }
  if (options.threads !== undefined) setThreads(options.threads);
  return withRun(options, emit, signal, (run) => search(run, options, emit, signal));
}

async function search(run: OpenRun, options: SearchOptions, emit: Emit, signal: AbortSignal): Promise<SearchResult> {
  const html = options.html === undefined ? null : resolve(options.html);
  if (html !== null) refuseInside(html, run);
  const words = options.text === undefined ? null : lookUp(run.backbone, options.text);
  using vector = words?.vector ?? null;
  using picture = options.image === undefined ? null : await embedPicture(run.backbone, options.image);
  const found = scope(() =>
    noGrad(() => {
      const mean = run.embedded.embeddings.mean([0], true); // (1, D)
      const rows = unitRows(run.embedded.embeddings.sub(mean));
      const parts = [...(vector === null ? [] : [vector]), ...(picture === null ? [] : [unitRows(picture.sub(mean))])];
      const query = unitRows(torch.cat(parts).mean([0], true)); // (1, D)
      const k = Math.min(options.count, run.embedded.items.length);
      const { indices, values } = nearestNeighbours(rows, { k, metric: 'cosine', query, signal });
      return { rows: Array.from(indices.toTypedArray(), Number), scores: values.toFloat64Array() };
    }),
  );
  const result: SearchResult = {
    known: words?.known ?? [],
    unknown: words?.unknown ?? [],
    image: options.image ?? null,
    images: run.embedded.items.length,
    hits: found.rows.map((row, at) => hitOf(run, row, at, found.scores[at] ?? 0)),
    folder: run.folder,
    html,
  };
  if (html !== null) await writeFileAtomic(html, await renderHits(run, result, found.rows, emit, signal));
  return result;
}

function hitOf(run: OpenRun, row: number, at: number, score: number): SearchHit {
  const group = run.labels[row] ?? -1;
  return {
    rank: at + 1,
    file: run.collection.items[run.embedded.items[row] ?? 0]?.path ?? '',
    score: Number(score.toFixed(4)),
    group: group < 0 ? null : group + 1,
    groupName: groupCaption(run, group),
  };
}

interface Words extends Pick<SearchResult, 'known' | 'unknown'> {
  /** (1, D), the mean of the known words; null where none was given. The caller's. */
  readonly vector: Tensor | null;
}

function lookUp({ classifier, id }: Backbone, text: string): Words {
  if (text.trim() === '') return { known: [], unknown: [], vector: null };
  if (classifier === null) {
    throw new MusterError('search.no-words', `the backbone ${id} has no words`, {
      kind: 'usage',
      fix: 'search by a picture: --image FILE',
    });
  }
  const nouns = loadNouns();
  const space = new EmbeddedTextSpace(classifier, nouns, loadImageClasses());
  try {
    const query = readQuery(space, text);
    const vocabulary = buildVocabulary(nouns, loadImageClasses());
    const unknown = query.unknown.map((word) => ({ word, near: suggestWords(vocabulary, nouns, word) }));
    if (query.known.length === 0) throw nothingKnown(text, unknown);
    const vector = scope(() => unitRows(space.encode(query.known).vectors.mean([0], true)));
    return { known: query.known, unknown, vector };
  } finally {
    space.dispose();
  }
}

function nothingKnown(text: string, unknown: SearchResult['unknown']): MusterError {
  const near = [...new Set(unknown.flatMap((word) => word.near))];
  return new MusterError('search.unknown', `no word of "${text}" is among the 1,390 that the backbone knows`, {
    kind: 'usage',
    fix: near.length > 0 ? `try ${near.join(', ')}` : 'try a kind of thing, such as dog, car or clock, or --image FILE',
  });
}

/** (1, D), as the backbone gives it. The caller's. */
async function embedPicture(backbone: Backbone, path: string): Promise<Tensor> {
  const image = await decodeImage(await readFileBytes(path, printable(path)), printable(path), {
    atLeast: leastSideOf(backbone),
  });
  const geometry = geometryOfBackbone(backbone);
  return scope(() => {
    const rows = backbone.embed(stackImages([prepareImage(image, geometry)]));
    return tensor(rows.to('float16').toFloat32Array(), [1, backbone.dimension]); // rounded as the collection's are
  });
}

function refuseInside(html: string, { collection, config }: OpenRun): void {
  if (collection.kind !== 'folder' || !isInside(html, config.source)) return;
  throw new MusterError('store.inside-images', `--html ${html} is inside the image folder ${config.source}`, {
    kind: 'usage',
    fix: 'choose a place outside it',
  });
}

async function renderHits(
  run: OpenRun,
  { hits, images, known, unknown, image }: SearchResult,
  rows: readonly number[],
  emit: Emit,
  signal: AbortSignal,
): Promise<string> {
  const pictures = await loadPictures(run.collection, rows, run.embedded.items, null, emit, signal);
  const asked = [...(known.length > 0 ? [known.join(' + ')] : []), ...(image === null ? [] : [`like ${image}`])];
  return renderContactSheet({
    kicker: `Search in ${run.collection.name}`,
    title: asked.join(', and '),
    lead: `The ${formatCount(hits.length, 'image')} of ${images.toLocaleString('en-US')} that are most like it, the best first. The number is the cosine with the query.`,
    notes: unknown.map(unknownSentence),
    images: hits.flatMap((hit, at) => {
      const shown = pictures.get(rows[at] ?? -1);
      return shown === undefined ? [] : [{ image: shown, caption: `${hit.score.toFixed(2)} · ${hit.groupName}` }];
    }),
    madeAt: new Date().toISOString(),
  });
}
