/** k-means of very large tables: what bench owners call for the row of 1,000,000 x 512 mapped features. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generator, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { openSafetensors } from '@muster/torch/io';
import { silent } from '../packages/muster/src/base/index.ts';
import { kmeans, lloyd } from '../packages/muster/src/cluster/index.ts';
import type { KMeansAlgorithm } from '../packages/muster/src/cluster/index.ts';
import { findEmbeddingMethod } from '../packages/muster/src/methods/index.ts';
import type { Fitted } from '../packages/muster/src/methods/index.ts';
import { anonymousBytes, watchMemory } from './memory-watch.ts';

/** A made table and how it is clustered. */
export interface MillionOptions {
  /** Where the table lies, or is written if it is not there: a safetensors file with one float32 tensor `x`. */
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  /** Planted groups, and as many clusters. */
  readonly groups: number;
  readonly seed: number;
  /** Rows of the sample on which Lloyd's algorithm runs whole. */
  readonly sampleRows: number;
  /** Default auto: by the size of the table. */
  readonly algorithm?: KMeansAlgorithm;
}

/** What was measured. */
export interface MillionResult {
  readonly seconds: number;
  /** Bytes that no file backs: at most, and before the clustering began; NaN where the system does not tell. */
  readonly peakBytes: number;
  readonly startBytes: number;
  readonly fileBytes: number;
  readonly inertia: number;
  /** Inertia of the sample around our centres, as a share of what whole Lloyd runs on the sample reach there. */
  readonly inertiaRatio: number;
  readonly emptyGroups: number;
}

const WRITE_ROWS = 16_384;
/** Distance of the planted centres from the origin, in standard deviations of a column: groups overlap a little. */
const SPREAD = 0.35;
const LLOYD_ROUNDS = 100;

/** Writes the made table block by block; the same options give the same bytes. */
export function writeMade({ file, rows, columns, groups, seed }: MillionOptions): void {
  const bytes = rows * columns * 4;
  const entry = { x: { dtype: 'F32', shape: [rows, columns], data_offsets: [0, bytes] } };
  const json = Buffer.from(JSON.stringify(entry));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  const descriptor = openSync(file, 'w');
  try {
    writeSync(descriptor, header);
    forMadeBlocks({ rows, columns, groups, seed }, (block) => {
      writeAll(descriptor, new Uint8Array(block.toFloat32Array().buffer));
    });
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The planted group of each row of the made table, which the file does not hold: drawn once more. */
export function plantedGroups(options: MillionOptions): Int32Array {
  const planted = new Int32Array(options.rows);
  forMadeBlocks(options, (_block, group, start) => planted.set(group.toNumbers(), start));
  return planted;
}

/** Makes the table block by block: its rows and int64 [length], their groups. */
function forMadeBlocks(
  { rows, columns, groups, seed }: Pick<MillionOptions, 'rows' | 'columns' | 'groups' | 'seed'>,
  visit: (block: Tensor, group: Tensor, start: number) => void,
): void {
  using random = generator(seed);
  using centres = scope(() => torch.randn([groups, columns], { generator: random }).mul(SPREAD));
  for (let start = 0; start < rows; start += WRITE_ROWS) {
    scope(() => {
      const length = Math.min(WRITE_ROWS, rows - start);
      const group = torch.randint(0, groups, [length], { generator: random, dtype: 'int64' });
      const noise = torch.randn([length, columns], { generator: random });
      visit(centres.indexSelect(0, group).add(noise), group, start);
    });
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at);
}

/** Clusters the mapped table by the method k-means, its rows left where they are, and a sample of it by Lloyd's algorithm for comparison. */
export async function measureMillion(options: MillionOptions): Promise<MillionResult> {
  if (statSync(options.file, { throwIfNoEntry: false }) === undefined) writeMade(options);
  const table = openSafetensors(options.file);
  const x = table.get('x');
  try {
    const startBytes = anonymousBytes();
    const memory = watchMemory();
    const began = performance.now();
    const settings = { groups: options.groups, rows: 'raw', algorithm: options.algorithm ?? 'auto' };
    const context = { seed: options.seed + 1, device: 'cpu', emit: silent } as const;
    const fitted = await findEmbeddingMethod('k-means').fit({ embeddings: x }, settings, context);
    const seconds = (performance.now() - began) / 1000;
    const peakBytes = await memory.stop();
    using centres = centresOf(fitted);
    const inertiaRatio = compareOnSample(x, centres, options);
    const emptyGroups = options.groups - fitted.usage.occupied;
    const inertia = fitted.values['inertia'] ?? NaN;
    fitted.dispose();
    return {
      seconds,
      peakBytes,
      startBytes,
      fileBytes: statSync(options.file).size,
      inertia,
      inertiaRatio,
      emptyGroups,
    };
  } finally {
    x.dispose();
    table.close();
  }
}

/** [K, D] centres as the fit saves them. */
function centresOf(fitted: Fitted): Tensor {
  const folder = mkdtempSync(join(tmpdir(), 'muster-million-'));
  try {
    fitted.save(folder);
    const saved = openSafetensors(join(folder, 'fitted.safetensors'));
    using mapped = saved.get('model.centres');
    const centres = mapped.clone();
    saved.close();
    return centres;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compareOnSample(x: Tensor, centres: Tensor, { rows, groups, sampleRows, seed }: MillionOptions): number {
  return scope(() => {
    using random = generator(seed + 2);
    const [places] = torch.randperm(rows, { generator: random }).narrow(0, 0, Math.min(rows, sampleRows)).sort();
    const sample = x.indexSelect(0, places);
    const settings = { k: groups, algorithm: 'lloyd', restarts: 1, maxIterations: LLOYD_ROUNDS } as const;
    const whole = kmeans(sample, { ...settings, generator: random });
    return lloyd(sample, centres, { maxIterations: 0 }).inertia / whole.inertia;
  });
}
