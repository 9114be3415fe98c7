import { z } from 'zod';
import { MusterError } from '../../base/index.ts';
import { areAllEqual, checkData } from './check.ts';
import { FittedModel, labelRows, loadFitted } from './fitted.ts';
import type { EmbeddingData, Fit, Fitted, Method, MethodContext, Model, StoredModel } from './types.ts';
import { usageOf } from './usage.ts';

/** A method as its file writes it: `fit` gets checked options and data. */
export interface MethodDefinition<Options extends z.ZodObject> extends Omit<
  Method,
  'options' | 'fit' | 'load' | 'trains' | 'text' | 'needs'
> {
  readonly options: Options;
  readonly needs?: Method['needs'];
  readonly text?: boolean;
  readonly trains?: boolean;
  fit(data: EmbeddingData, options: z.output<Options>, context: MethodContext): Fit | Promise<Fit>;
  /** Makes the model again from what it stored; takes the tensors over. */
  readonly restore: (stored: StoredModel) => Model;
}

/**
 * Makes a method of its definition: options are checked against the schema, data are checked before and groups after the fit, so that
 * no method does it by itself. A collapse is a warning event and a field of the result.
 */
export function defineMethod<Options extends z.ZodObject>(definition: MethodDefinition<Options>): Method {
  const { needs = 'embeddings', text = false, trains = false, restore } = definition;
  return {
    id: definition.id,
    title: definition.title,
    paper: definition.paper,
    promises: definition.promises,
    options: definition.options,
    cost: definition.cost,
    needs,
    text,
    trains,
    fit: async (data, given, context) => {
      const options = parseOptions(definition, given);
      checkData(data, groupsOf(options), text);
      context.signal?.throwIfAborted();
      return finish(definition, await definition.fit(data, options, context), data, context);
    },
    load: (folder) => loadFitted(folder, definition.id, restore),
  };
}

function parseOptions<Options extends z.ZodObject>(
  { id, options }: MethodDefinition<Options>,
  given: Readonly<Record<string, unknown>>,
): z.output<Options> {
  const parsed = options.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new MusterError('method.options', z.prettifyError(parsed.error).replaceAll('\n', ' '), {
    where: id,
    kind: 'usage',
  });
}

function groupsOf(options: Readonly<Record<string, unknown>>): number | undefined {
  const { groups } = options;
  return typeof groups === 'number' ? groups : undefined;
}

function finish<Options extends z.ZodObject>(
  { id, promises }: MethodDefinition<Options>,
  { model, groups, labels, values = {}, words = [] }: Fit,
  { embeddings }: EmbeddingData,
  { device, emit }: MethodContext,
): Fitted {
  const found = labelRows(model, groups, embeddings, device);
  const own = labels === undefined ? found : { labels, confidence: confidenceOf(labels, found) };
  const spread = usageOf(own.labels, groups, promises);
  const equal = areAllEqual(embeddings);
  const usage = { ...spread, collapsed: spread.collapsed || equal };
  if (usage.collapsed) {
    const message = equal
      ? 'The groups have collapsed: all rows are equal, nothing tells them apart'
      : `The groups have collapsed: ${usage.occupied} of ${groups} are in use, ${usage.effective.toFixed(1)} in effect`;
    emit({ stage: id, level: 'warning', message, values: { occupied: usage.occupied, effective: usage.effective } });
  }
  return new FittedModel({ method: id, groups, own, usage, values, words }, model, device);
}

/** The model's confidence where it agrees with the labels; 0 where it would say otherwise. */
function confidenceOf(labels: Int32Array, found: { labels: Int32Array; confidence: Float32Array }): Float32Array {
  return found.confidence.map((value, row) => (found.labels[row] === labels[row] ? value : 0));
}
