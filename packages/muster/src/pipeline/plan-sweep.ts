import { z } from 'zod';
import { MusterError, suggestName } from '../base/index.ts';
import { findMethod } from '../methods/index.ts';
import type { SavedRun } from './open-run.ts';
import { planMethod, type MethodPlan } from './plan-method.ts';

/** How one value of a sweep is fitted: by a method, or in the default way. */
export type SweepFit =
  | { readonly plan: MethodPlan }
  | { readonly plan: null; readonly groups: number; readonly restarts: number | undefined };

/** A value of a sweep. */
export interface SweepPosition {
  readonly value: unknown;
  /** Whether the run itself has it. */
  readonly isOwn: boolean;
  readonly fit: SweepFit;
}

/** One option of a run with the values that it is to take, all others staying as they are; checked. */
export interface SweepPlan {
  readonly key: string;
  /** What the option is; null where its name says it all. */
  readonly description: string | null;
  /** The run's own value; null where it was left to the method, which chose by the data. */
  readonly own: unknown;
  /** At least two; numbers ascending, other values in the order they were given. The run's own is among them. */
  readonly positions: readonly SweepPosition[];
}

const mostGroups = 1_000_000;
const mostRestarts = 1000;

/** What the default way can be told. */
const defaultWay = z.strictObject({
  groups: z.int().min(1).max(mostGroups).describe('number of groups'),
  restarts: z.int().min(1).max(mostRestarts).describe('starts of k-means; the best is kept'),
});
type DefaultOption = keyof typeof defaultWay.shape;

/** A value as the option's schema reads it, with the fit that it asks for. */
interface Reading {
  readonly value: unknown;
  readonly fit: SweepFit;
}

/**
 * Plans a sweep over an option of a finished run, checking every value against the schema before anything runs.
 *
 * @param values as a text with commas between them (semicolons where values have commas themselves), or as they are
 * @throws MusterError `sweep.option` for an option that there is not, naming the one that was probably meant;
 *   `sweep.value`; `sweep.values` where fewer than two differ
 */
export function planSweep(run: SavedRun, key: string, values: string | readonly unknown[]): SweepPlan {
  const { own, description, read } = sweepable(run, key);
  const asked = distinct((typeof values === 'string' ? splitValues(values) : values).map(read));
  const ownKey = JSON.stringify(own);
  const hasOwn = asked.some(({ value }) => JSON.stringify(value) === ownKey);
  const all = own === null || hasOwn ? asked : [read(own), ...asked];
  if (all.length < 2) {
    throw new MusterError('sweep.values', 'a sweep needs at least two values', {
      where: `--sweep ${key}`,
      kind: 'usage',
      fix: `give them with commas between: --sweep ${key}=${valueText(own ?? 1)},…`,
    });
  }
  const sorted = all.every(({ value }) => typeof value === 'number')
    ? all.toSorted((a, b) => Number(a.value) - Number(b.value))
    : all;
  const positions = sorted.map(({ value, fit }) => ({ value, fit, isOwn: JSON.stringify(value) === ownKey }));
  return { key, description, own, positions };
}

/** A value as figures and tables show it. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  if (value === null) return 'default';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function splitValues(text: string): string[] {
  return text
    .split(text.includes(';') ? ';' : ',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

function distinct(readings: readonly Reading[]): Reading[] {
  const seen = new Map(readings.toReversed().map((reading) => [JSON.stringify(reading.value), reading]));
  return [...seen.values()].reverse();
}

/** An option of a run: its value there, and how others are read. */
interface Sweepable {
  readonly own: unknown;
  readonly description: string | null;
  readonly read: (value: unknown) => Reading;
}

function sweepable(run: SavedRun, key: string): Sweepable {
  const { methodId } = run.config;
  return methodId === null ? optionOfDefaultWay(run, key) : optionOfMethod(run, methodId, key);
}

function optionOfMethod({ config, result }: SavedRun, id: string, key: string): Sweepable {
  const { shape } = findMethod(id).options;
  refuseUnknown(key, Object.keys(shape), id);
  const recorded = result.method?.options ?? {};
  const description = (shape[key] as z.ZodType | undefined)?.description ?? null;
  const read = (value: unknown): Reading => {
    try {
      const classes = config.classes ?? undefined;
      const plan = planMethod({ method: id, set: { ...recorded, [key]: value }, classes });
      return { value: key === 'groups' ? plan.groups : plan.set[key], fit: { plan } };
    } catch (error) {
      if (error instanceof MusterError) throw refuse(key, error.what, error.fix, error);
      throw error;
    }
  };
  return { own: recorded[key] ?? null, description, read };
}

function optionOfDefaultWay({ result }: SavedRun, key: string): Sweepable {
  const names = Object.keys(defaultWay.shape);
  refuseUnknown(key, names, null);
  const { groups, restarts } = { groups: result.groups.length, restarts: result.restarts };
  const option = key as DefaultOption;
  const read = (value: unknown): Reading => {
    const parsed = defaultWay.shape[option].safeParse(typeof value === 'string' ? Number(value) : value);
    if (!parsed.success) {
      const most = option === 'groups' ? mostGroups : mostRestarts;
      throw refuse(key, `${key}=${valueText(value)} is no whole number from 1 to ${most.toLocaleString('en-US')}`);
    }
    const wanted = { groups, restarts: restarts === 0 ? undefined : restarts, [option]: parsed.data };
    return { value: parsed.data, fit: { plan: null, ...wanted } };
  };
  const own = option === 'groups' ? groups : restarts === 0 ? null : restarts;
  return { own, description: defaultWay.shape[option].description ?? null, read };
}

function refuseUnknown(key: string, names: readonly string[], method: string | null): void {
  if (names.includes(key)) return;
  const what = method === null ? 'the run was made in the default way, which has no option' : `${method} has no option`;
  throw new MusterError('sweep.option', `${what} ${key}`, {
    where: '--sweep',
    kind: 'usage',
    fix: suggestName(key, names),
  });
}

function refuse(key: string, what: string, fix?: string, cause?: unknown): MusterError {
  return new MusterError('sweep.value', what, {
    where: `--sweep ${key}`,
    kind: 'usage',
    cause,
    ...(fix === undefined ? {} : { fix }),
  });
}
