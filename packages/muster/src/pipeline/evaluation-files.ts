import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lineChart } from '../export/index.ts';
import { writeCsv } from '../formats/index.ts';
import { eventsFile, writeFileAtomic } from '../store/index.ts';
import type { CheckpointScores } from './evaluate-options.ts';

/** Scores over epochs: `scores.csv` and `scores.svg`. @returns their paths */
export async function writeScoreCurve(
  folder: string,
  title: string,
  subtitle: readonly string[],
  curve: readonly CheckpointScores[],
): Promise<string[]> {
  return await writeCurve(join(folder, 'scores'), title, subtitle, curve);
}

/** The same of k-means on the features: `features.csv` and `features.svg`. @returns their paths */
export async function writeFeatureCurve(
  folder: string,
  title: string,
  subtitle: readonly string[],
  curve: readonly CheckpointScores[],
): Promise<string[]> {
  const ofFeatures = curve.flatMap((one) => (one.features === null ? [] : [{ ...one, ...one.features }]));
  return await writeCurve(join(folder, 'features'), `${title}: k-means on the features`, subtitle, ofFeatures);
}

/** @param start of the files' paths */
async function writeCurve(
  start: string,
  title: string,
  subtitle: readonly string[],
  curve: readonly CheckpointScores[],
): Promise<string[]> {
  const names = ['acc', 'nmi', 'ari'] as const;
  const rows = curve.map(({ training, epoch, scores, groups }) => [
    training,
    epoch,
    ...names.map((name) => Number(scores[name].toFixed(6))),
    groups,
  ]);
  const table = `${start}.csv`;
  await writeFileAtomic(table, writeCsv([['training', 'epoch', ...names, 'groups'], ...rows]));
  if (curve.length < 2) return [table];
  const chart = `${start}.svg`;
  const lines = names.map((name) => ({ name: name.toUpperCase(), values: curve.map(({ scores }) => scores[name]) }));
  const axes = { xTitle: 'epochs', yTitle: 'score', yRange: [0, 1] } as const;
  await writeFileAtomic(chart, lineChart({ title, subtitle, ...axes, x: runningEpochs(curve), lines }));
  return [table, chart];
}

/** Epochs of all trainings, those of the earlier ones counted in. */
function runningEpochs(curve: readonly CheckpointScores[]): number[] {
  let before = 0;
  return curve.map(({ epoch, training }, at) => {
    const last = curve[at - 1];
    if (last !== undefined && last.training !== training) before += last.epoch;
    return before + epoch;
  });
}

const epochEvent = z.object({
  stage: z.string(),
  done: z.int(),
  unit: z.literal('epochs'),
  values: z.record(z.string(), z.number().nullable()),
});
type EpochEvent = z.infer<typeof epochEvent>;

/**
 * What the training itself told after each epoch, such as its loss or the cost of an assignment: `training.csv`, and a chart of each number
 * that changes. No label was known there.
 *
 * @returns the paths; none where there are no events
 */
export async function writeTrainingCurves(run: string, folder: string, title: string): Promise<string[]> {
  const events = lastOfEach(readEvents(join(run, eventsFile)));
  if (events.length === 0) return [];
  const names = [...new Set(events.flatMap(({ values }) => Object.keys(values)))];
  const rows = events.map(({ stage, done, values }) => [stage, done, ...names.map((name) => values[name] ?? null)]);
  const table = join(folder, 'training.csv');
  await writeFileAtomic(table, writeCsv([['training', 'epoch', ...names], ...rows]));
  const files = [table];
  for (const name of names.filter((one) => !timings.includes(one))) {
    const values = events.map((event) => event.values[name] ?? Number.NaN);
    const known = values.filter((value) => Number.isFinite(value));
    if (new Set(known).size < 2) continue;
    const chart = join(folder, `training-${fileName(name)}.svg`);
    const x = events.map((_, at) => at + 1);
    const axes = { xTitle: 'epochs', yTitle: name } as const;
    await writeFileAtomic(
      chart,
      lineChart({ title: `${title}: ${name}`, subtitle: [], ...axes, x, lines: [{ name, values }] }),
    );
    files.push(chart);
  }
  return files;
}

/** Numbers of the machine rather than of the training. */
const timings: readonly string[] = ['seconds', 'imagesPerSecond'];

function fileName(text: string): string {
  return text.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`).replaceAll(/[^a-z0-9-]/gu, '-');
}

function readEvents(path: string): EpochEvent[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const event = epochEvent.safeParse(parse(line));
      return event.success ? [event.data] : [];
    });
}

/** A training that was killed told some epochs twice. */
function lastOfEach(events: readonly EpochEvent[]): EpochEvent[] {
  return [...new Map(events.map((event) => [`${event.stage} ${event.done}`, event])).values()];
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // an empty line, or the last one of a process that was killed
  }
}
