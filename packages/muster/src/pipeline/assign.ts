import { join } from 'node:path';
import { setThreads } from '@muster/torch';
import { z } from 'zod';
import { MusterError, silent, type Emit } from '../base/index.ts';
import { locateData } from '../data/index.ts';
import type { BackboneDescription } from '../models/index.ts';
import {
  assignedKind,
  checkRunFolder,
  checkWritable,
  chooseLocations,
  findRun,
  makeRunFolder,
  markFolder,
  modelFolder,
  resultFile,
  writeRun,
  type Locations,
} from '../store/index.ts';
import { assignOptions, type AssignOptions, type AssignOptionsInput } from './assign-options.ts';
import type { AssignedGroup, AssignResult } from './assign-result.ts';
import { assignmentsCsv, assignmentsJson } from './assignments-csv.ts';
import { labelCollection, openToLabel, type LabelledCollection } from './label-collection.ts';
import { readSaved } from './open-run.ts';
import { parseOptions } from './parse-options.ts';
import { backboneForMore } from './run-backbone.ts';
import { loadRunModel, type RunModel } from './run-model.ts';
import { labelImages, openTrainingImages } from './training-data.ts';
import { readTraining } from './training-folder.ts';

const optionNames = { labels: '--labels', out: '--out', store: '--store', threads: '--threads', run: '<run>' };

const savedConfig = z.object({
  method: z.string(),
  methodId: z.string().nullable().default(null),
  /** None where the run trained its own network. */
  backbone: z
    .object({
      id: z.string(),
      dtype: z.enum(['float32', 'bfloat16']),
      weights: z.object({ source: z.string(), sourceSha256: z.string() }),
    })
    .optional(),
});
const savedResult = z.object({ groups: z.array(z.object({ name: z.string().nullable() })) });

/** The run that groups come from. */
interface Source {
  readonly folder: string;
  readonly config: z.infer<typeof savedConfig>;
  /** Name of each group. */
  readonly names: readonly (string | null)[];
}

/**
 * Gives further images the groups of a finished run, which learns nothing from them. Images of the run itself get the
 * groups they have there.
 *
 * @throws MusterError `store.no-run`, `run.model`, `run.backbone`, or what opening the images throws
 */
export async function assignImages(
  input: AssignOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<AssignResult> {
  const given = parseOptions(assignOptions, input, optionNames);
  const start = performance.now();
  const run = await readRun(given.run);
  const options = { ...given, source: locateData(given.source) };
  const locations = await chooseChecked(options);
  if (options.threads !== undefined) setThreads(options.threads);
  await using open = new AsyncDisposableStack();
  const model = open.use(loadRunModel(join(run.folder, modelFolder)));
  const wanted = { ...options, store: locations.store };
  const labelled = await (model.needs === 'images'
    ? labelPixels(run, wanted, model, emit, signal)
    : labelEmbeddings(run, wanted, model, emit, signal));
  signal.throwIfAborted();
  const groups = countGroups(labelled, run.names);
  const folder = await save(run, locations, labelled, groups);
  return {
    run: run.folder,
    method: run.config.method,
    source: labelled.root,
    images: labelled.files.length,
    groups,
    outside: labelled.labels.filter((label) => label < 0).length,
    metrics: labelled.metrics,
    notes: labelled.notes,
    skipped: labelled.skipped,
    reused: labelled.reused,
    seconds: { embed: labelled.seconds, all: (performance.now() - start) / 1000 },
    folder,
    table: join(folder, 'assignments.csv'),
  };
}

/** What is labelled, and where embeddings and pixels are kept. */
type Wanted = AssignOptions & { readonly store: string };

async function labelEmbeddings(
  run: Source,
  wanted: Wanted,
  model: RunModel,
  emit: Emit,
  signal: AbortSignal,
): Promise<LabelledCollection> {
  await using open = new AsyncDisposableStack();
  const collection = open.adopt(await openToLabel(wanted, emit, signal), (left) => left.close());
  const backbone = open.adopt(await backboneForMore(run.config.backbone), (left) => left.dispose());
  requireSame(run, backbone.describe());
  return await labelCollection(collection, wanted, model, backbone, emit, signal);
}

/** The same by the run's own network. */
async function labelPixels(
  { folder }: Source,
  { source, split, labels, store }: Wanted,
  model: RunModel,
  emit: Emit,
  signal: AbortSignal,
): Promise<LabelledCollection> {
  const config = readTraining(folder);
  if (config?.shape === undefined) {
    throw new MusterError('run.format', 'its config.json does not tell what images it was trained on', {
      where: folder,
      fix: 'train it again with this version',
    });
  }
  const { height, width, channels } = config.shape;
  // The size of its own images, which those here get whatever theirs is.
  const form = { ...config.pixels, size: [height, width] as const, channels };
  const choice = { source, as: null, split: split ?? null, labels: labels ?? null, store, form };
  const images = await openTrainingImages(choice, emit, signal);
  try {
    return labelImages(images, model);
  } finally {
    images[Symbol.dispose]();
    await images.close();
  }
}

async function readRun(name: string): Promise<Source> {
  const folder = await findRun(name, process.cwd());
  const config = await readSaved(join(folder, 'config.json'), savedConfig);
  const { groups } = await readSaved(join(folder, resultFile), savedResult);
  return { folder, config, names: groups.map((group) => group.name) };
}

async function chooseChecked({ source, out, store }: AssignOptions): Promise<Locations> {
  const locations = chooseLocations({ source, out, store, cwd: process.cwd() });
  await checkWritable(locations.store);
  if (locations.run !== null) {
    await checkRunFolder(locations.run, locations.store, assignedKind);
    await checkWritable(locations.run);
  }
  return locations;
}

function requireSame({ folder, config }: Source, now: BackboneDescription): void {
  if (config.backbone === undefined) return;
  const { id, weights } = config.backbone;
  if (id === now.id && weights.sourceSha256 === now.weights.sourceSha256) return;
  const text = (name: string, sha256: string): string => (sha256 === '' ? name : `${name} (${sha256.slice(0, 8)})`);
  throw new MusterError('run.backbone', `the run was made with the backbone ${text(id, weights.sourceSha256)}`, {
    where: folder,
    kind: 'usage',
    fix: `run muster cluster again, with ${text(now.id, now.weights.sourceSha256)}`,
  });
}

function countGroups({ labels, confidence }: LabelledCollection, names: readonly (string | null)[]): AssignedGroup[] {
  const count = labels.reduce((most, label) => Math.max(most, label + 1), names.length);
  const sizes = new Array<number>(count).fill(0);
  const sums = new Array<number>(count).fill(0);
  labels.forEach((label, row) => {
    if (label < 0) return;
    sizes[label] = (sizes[label] ?? 0) + 1;
    sums[label] = (sums[label] ?? 0) + (confidence?.[row] ?? 0);
  });
  return sizes.map((size, group) => ({
    id: group + 1,
    name: names[group] ?? null,
    size,
    confidence: confidence === null || size === 0 ? null : (sums[group] ?? 0) / size,
  }));
}

async function save(
  run: Source,
  locations: Locations,
  labelled: LabelledCollection,
  groups: readonly AssignedGroup[],
): Promise<string> {
  const madeAt = new Date();
  const { root, metrics, notes, skipped } = labelled;
  const { method, methodId } = run.config;
  const about = { format: 1, madeAt: madeAt.toISOString(), run: run.folder, method, methodId, source: root };
  const content = { ...about, metrics, notes, groups, skipped, assignments: assignmentsJson(labelled) };
  const files = {
    'assignments.csv': assignmentsCsv({ ...labelled, names: run.names, withWords: methodId === null }),
    'assigned.json': `${JSON.stringify(content, null, 1)}\n`,
  };
  const folder = locations.run ?? (await makeRunFolder(locations.store, madeAt, assignedKind));
  await markFolder(locations.run ?? locations.store);
  await writeRun(folder, files, assignedKind);
  return folder;
}
