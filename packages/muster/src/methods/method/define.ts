import { z } from 'zod';
import { MusterError } from '../../base/index.ts';
import type { Emit } from '../../base/index.ts';
import { knownNumbers } from '../../train/index.ts';
import { areAllEqual, checkData } from './check.ts';
import { FittedModel, labelRows, readFitted } from './fitted.ts';
import type {
  EmbeddingData,
  EmbeddingMethod,
  EmbeddingFitted,
  Fit,
  Labelling,
  MethodContext,
  Model,
  StoredModel,
  Usage,
} from './types.ts';
import { usageOf } from './usage.ts';

/** A method as its file writes it: `fit` gets checked options and data. */
export interface MethodDefinition<Options extends z.ZodObject> extends Omit<
  EmbeddingMethod,
  'options' | 'fit' | 'load' | 'trains' | 'text' | 'needs'
> {
  readonly options: Options;
  readonly needs?: EmbeddingMethod['needs'];
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
export function defineMethod<Options extends z.ZodObject>(definition: MethodDefinition<Options>): EmbeddingMethod {
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
      const options = parseOptions(definition.id, definition.options, given);
      checkData(data, groupsOf(options), text);
      context.signal?.throwIfAborted();
      return finish(definition, await definition.fit(data, options, context), data, context);
    },
    load: (folder) => {
      const { parts, model } = readFitted(folder, definition.id, restore);
      return new FittedModel(parts, model, 'cpu');
    },
  };
}

/**
 * Options with their defaults.
 *
 * @throws MusterError `method.options` naming the method and what is wrong
 */
export function parseOptions<Options extends z.ZodObject>(
  id: string,
  options: Options,
  given: Readonly<Record<string, unknown>>,
): z.output<Options> {
  const parsed = options.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new MusterError('method.options', z.prettifyError(parsed.error).replaceAll('\n', ' '), {
    where: id,
    kind: 'usage',
  });
}

/** The number of groups asked for; undefined where the method takes none. */
export function groupsOf(options: Readonly<Record<string, unknown>>): number | undefined {
  const { groups } = options;
  return typeof groups === 'number' ? groups : undefined;
}

function finish<Options extends z.ZodObject>(
  { id, promises }: MethodDefinition<Options>,
  { model, groups, labels, values = {}, words = [] }: Fit,
  { embeddings }: EmbeddingData,
  { device, emit }: MethodContext,
): EmbeddingFitted {
  const own = ownLabels(labels, labelRows(model, groups, embeddings, device));
  const usage = judgeUsage(usageOf(own.labels, groups, promises), areAllEqual(embeddings), id, emit);
  return new FittedModel({ method: id, groups, own, usage, values: knownNumbers(values), words }, model, device);
}

/** The fit's own labels where it has them, with the model's confidence where it agrees, 0 where it would say otherwise. */
export function ownLabels(labels: Int32Array | undefined, found: Labelling): Labelling {
  if (labels === undefined) return found;
  const confidence = found.confidence.map((value, row) => (found.labels[row] === labels[row] ? value : 0));
  return { labels, confidence };
}

/** Adds to the use of groups what equal rows mean for it, and tells a collapse. */
export function judgeUsage(spread: Usage, areEqual: boolean, id: string, emit: Emit): Usage {
  const usage = { ...spread, collapsed: spread.collapsed || areEqual };
  if (!usage.collapsed) return usage;
  const { occupied, effective, sizes } = usage;
  const message = areEqual
    ? 'The groups have collapsed: all rows are equal, nothing tells them apart'
    : `The groups have collapsed: ${occupied} of ${sizes.length} are in use, ${effective.toFixed(1)} in effect`;
  emit({ stage: id, level: 'warning', message, values: { occupied, effective } });
  return usage;
}
