import { formatCount, type Emit } from '../base/index.ts';
import { lineCharts, type Line, type LinePanel } from '../export/index.ts';
import type { Drawing, FigureRun } from './figure-run.ts';
import { readNamingWords } from './naming-words.ts';
import { valueText, type SweepPlan } from './plan-sweep.ts';
import { runSweep, type SweepResult, type SweepValue } from './sweep.ts';
import { BackboneText } from './text-data.ts';
import type { Spread } from './train-options.ts';

/**
 * TAC's figure 5 for any option of any method: the run's method fitted anew with each value, and its scores drawn over them.
 *
 * @throws MusterError as `runSweep`; `method.text`, `language.noun-list`, `language.under` where the run's words are gone
 */
export async function sweepFigure(
  run: FigureRun,
  plan: SweepPlan,
  seeds: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<{ drawing: Drawing; result: SweepResult }> {
  using text = await openText(run, plan);
  const { rows, truth, embedded, seed } = run;
  const { embeddings } = embedded;
  const inputs = { embeddings, rows, truth: truth?.values ?? null, text: text?.data, seed, seeds };
  const result = await runSweep(plan, inputs, emit, signal);
  return { drawing: drawSweep(result, plan, run), result };
}

/** The words that the run had; null where its method has none. */
async function openText({ config, backbone }: FigureRun, { positions }: SweepPlan): Promise<BackboneText | null> {
  if (!positions.some(({ fit }) => fit.plan?.method.text === true)) return null;
  const words = await readNamingWords({ nouns: config.nouns ?? undefined, under: config.under ?? undefined });
  return BackboneText.open(backbone, config.classes ?? undefined, words?.words);
}

/** What a chart of a sweep says beside its numbers. */
export type SweepCaption = Pick<FigureRun, 'config' | 'collection' | 'backbone' | 'embedded'>;

/** The chart of a finished sweep: scores where there are labels, else what needs none. */
export function drawSweep(result: SweepResult, plan: SweepPlan, caption: SweepCaption): Drawing {
  const { key, values } = result;
  const isScored = values.some(({ acc }) => acc !== null);
  const axis = axisOf(key, values);
  const panel = (yTitle: string, ...lines: Line[]): LinePanel => ({ ...axis, yTitle, lines });
  const panels = isScored
    ? [panel('score', line('ACC', values, 'acc'), line('NMI', values, 'nmi'), line('ARI', values, 'ari'))]
    : [
        panel('silhouette', line('silhouette of the embeddings by group', values, 'silhouette')),
        panel('groups', line('groups, in effect', values, 'effective'), line('groups with images', values, 'groups')),
      ];
  const title = isScored ? `ACC, NMI and ARI over ${key}` : `Silhouette and groups in use over ${key}`;
  return { file: `sweep-${key}.svg`, title, svg: lineCharts({ title, subtitle: subtitle(result, plan, caption), panels }) }; // prettier-ignore
}

function axisOf(
  key: string,
  values: readonly SweepValue[],
): Pick<LinePanel, 'xTitle' | 'x' | 'xNames' | 'even' | 'mark'> {
  const numbers = values.map(({ value }) => value).filter((value) => typeof value === 'number');
  const own = values.findIndex(({ isOwn }) => isOwn);
  const mark = own < 0 ? {} : { mark: { at: own, name: 'this run' } };
  if (numbers.length === values.length) return { xTitle: key, x: numbers, even: spansDecade(numbers), ...mark };
  const xNames = values.map(({ value }) => valueText(value));
  return { xTitle: key, x: values.map((_, at) => at), xNames, ...mark };
}

/** Whether the values are so far apart that the small ones would lie on one another. */
export function spansDecade(values: readonly number[]): boolean {
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  return sizes.length > 1 && Math.max(...sizes) / Math.min(...sizes) >= 10;
}

type ScoreName = 'acc' | 'nmi' | 'ari' | 'silhouette' | 'effective' | 'groups';

function line(name: string, values: readonly SweepValue[], score: ScoreName): Line {
  const spreads: readonly (Spread | null)[] = values.map((value) => value[score]);
  const spread = spreads.map((one) => one?.sd ?? 0);
  return { name, values: spreads.map((one) => one?.mean ?? NaN), spread };
}

function subtitle(
  { key, seeds, own }: SweepResult,
  { description }: SweepPlan,
  { config, collection, backbone, embedded }: SweepCaption,
): string[] {
  const images = `${formatCount(embedded.items.length, 'image')} of ${collection.name}, ${backbone.describe().title}.`;
  const method = `${config.method.replace(/^./u, (first) => first.toUpperCase())}; all other options as in the run.`;
  const option = description === null ? '' : `${key}: ${description}. `;
  const left = own === null ? 'The run left it to the method. ' : '';
  const spread =
    seeds.length === 1
      ? `Seed ${seeds[0] ?? 0}.`
      : `Means of the seeds ${seeds[0] ?? 0} to ${seeds.at(-1) ?? 0}; bars: one standard deviation.`;
  return [`${images} ${method}`, `${option}${left}${spread}`];
}
