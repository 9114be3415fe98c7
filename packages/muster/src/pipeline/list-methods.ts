import { z } from 'zod';
import { findMethod, methods, needsImages, type Method } from '../methods/index.ts';
import { findPretraining, pretrainings, type Pretraining } from '../pretraining/index.ts';

/** One option of a method. */
export interface MethodOption {
  readonly name: string;
  /** What it may be, in words: `whole number, at least 1`, `gaussian or hard`. */
  readonly takes: string;
  /** As it is written after `--set name=`; null where it has to be given. */
  readonly default: string | null;
  readonly description: string;
}

/** What a method is, for those who choose one. */
export interface MethodSummary {
  readonly id: string;
  readonly title: string;
  readonly paper: string;
  /** What it works on, in words. */
  readonly needs: string;
  /** What it gives, in words. */
  readonly gives: string;
  readonly cost: string;
  /** The command that runs it: `cluster` and, by a recipe, `train`; or `train` alone. */
  readonly command: 'cluster' | 'train';
  readonly options: readonly MethodOption[];
}

const gives = {
  'exactly-k': 'exactly K groups',
  'up-to-k': 'up to K groups',
  'as-many-as-found': 'as many as it finds',
} as const;

/** Every registered method and pretraining, or the one of an id. @throws MusterError `methods.unknown` */
export function listMethods(id?: string): MethodSummary[] {
  if (id === undefined) return [...methods.map(summary), ...pretrainings.map(pretrainingSummary)];
  const pretraining = findPretraining(id);
  return [pretraining === undefined ? summary(findMethod(id)) : pretrainingSummary(pretraining)];
}

function pretrainingSummary({ id, title, paper, cost, options }: Pretraining): MethodSummary {
  return {
    id,
    title,
    paper,
    needs: 'images',
    gives: 'a backbone',
    cost,
    command: 'train',
    options: optionsOf(options),
  };
}

function summary(method: Method): MethodSummary {
  const { id, title, paper, cost, promises } = method;
  const needs = `${method.needs === 'either' ? 'embeddings or pixels' : method.needs}${method.text ? ' and words' : ''}`;
  const command = needsImages(method) ? 'train' : 'cluster';
  return { id, title, paper, needs, gives: gives[promises], cost, command, options: optionsOf(method.options) };
}

/** The parts of a JSON schema that options use. */
const property = z.object({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.object({ type: z.string().optional() }).loose()).optional(),
  // false where a list has exactly the items before it.
  items: z
    .union([z.literal(false), z.object({ enum: z.array(z.unknown()).optional(), type: z.string().optional() }).loose()])
    .optional(),
  prefixItems: z.array(z.object({ type: z.string().optional() }).loose()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
});
type Property = z.infer<typeof property>;

function optionsOf(options: z.ZodObject): MethodOption[] {
  const schema = z.toJSONSchema(options, { io: 'input' });
  return Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const found = property.parse(value);
    const { default: fallback, description = '' } = found;
    return { name, takes: takes(found), default: fallback === undefined ? null : valueText(fallback), description };
  });
}

function valueText(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Bounds that every whole number has anyway. */
const isBound = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

function takes(schema: Property): string {
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((part) => (part.type === 'null' ? 'null' : takes(property.parse(part)))).join(', or ');
  }
  if (schema.enum !== undefined) return schema.enum.map(String).join(' or ');
  if (schema.type === 'array') return listText(schema);
  if (schema.type === 'boolean') return 'true or false';
  const bounds = [
    isBound(schema.minimum) ? `at least ${schema.minimum}` : '',
    schema.exclusiveMinimum === undefined ? '' : `above ${schema.exclusiveMinimum}`,
    isBound(schema.maximum) ? `at most ${schema.maximum}` : '',
  ].filter((text) => text !== '');
  return [schema.type === 'integer' ? 'whole number' : (schema.type ?? 'any'), ...bounds].join(', ');
}

/** Kinds of numbers, as a list has them. */
const plurals: Readonly<Record<string, string>> = { integer: 'whole numbers', number: 'numbers', string: 'words' };

function listText({ items, prefixItems }: Property): string {
  if (prefixItems !== undefined) return `${prefixItems.length} ${plurals[prefixItems[0]?.type ?? ''] ?? 'values'}`;
  if (items === undefined || items === false) return 'list';
  const choices = items.enum?.map(String).join(', ');
  return `list of ${choices ?? plurals[items.type ?? ''] ?? 'values'}`;
}
