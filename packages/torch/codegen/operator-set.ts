/** Operators of one name, in the order in which a call tries them. */
import { camelCase } from './names.ts';
import type { Argument, Schema } from './schema.ts';

export interface Operator {
  /** Index into the table of schemas. */
  id: number;
  schema: Schema;
  positional: Argument[];
  keywords: Argument[];
}

export interface OperatorSet {
  namespace: string;
  name: string;
  overloads: Operator[];
  /** The most positional arguments of any overload. */
  maxPositional: number;
  /** The fewest positional arguments that a call must give. */
  minPositional: number;
  hasKeywords: boolean;
  /** Whether it is also a method: every overload then begins with `self`. */
  methods: Operator[];
}

export const namespaces = [
  'aten',
  'muster',
  'mkldnn',
  'mkldnn_prepacked',
  'mkl',
  'onednn',
  'quantized',
  '_quantized',
  'sparse',
];

const isRequired = (argument: Argument): boolean => !argument.hasDefault;
const hasNames = (schema: Schema): boolean =>
  schema.arguments.some((argument) => argument.kind === 'strings' || argument.kind === 'string');

/** Named dimensions come last: a string is seldom one. Then fewer arguments first, so that defaults decide little. */
function byPreference(a: Operator, b: Operator): number {
  return (
    Number(hasNames(a.schema)) - Number(hasNames(b.schema)) ||
    a.positional.filter(isRequired).length - b.positional.filter(isRequired).length ||
    a.positional.length - b.positional.length ||
    (a.schema.overload < b.schema.overload ? -1 : 1)
  );
}

/** Groups all schemas of the chosen namespaces by their TypeScript name. Ids follow the sorted texts. */
export function groupOperators(schemas: Schema[]): OperatorSet[] {
  const chosen = schemas.filter((schema) => namespaces.includes(schema.namespace));
  chosen.sort((a, b) => (a.text < b.text ? -1 : 1));
  const sets = new Map<string, OperatorSet>();
  chosen.forEach((schema, id) => {
    if (schema.arguments.some((argument) => argument.kind === 'unsupported')) return;
    const operator: Operator = {
      id,
      schema,
      positional: schema.arguments.filter((argument) => !argument.keyword),
      keywords: schema.arguments.filter((argument) => argument.keyword),
    };
    const name = camelCase(schema.base);
    const key = `${schema.namespace}::${name}`;
    const set = sets.get(key) ?? {
      namespace: schema.namespace,
      name,
      overloads: [],
      maxPositional: 0,
      minPositional: 99,
      hasKeywords: false,
      methods: [],
    };
    set.overloads.push(operator);
    set.maxPositional = Math.max(set.maxPositional, operator.positional.length);
    set.minPositional = Math.min(set.minPositional, operator.positional.filter(isRequired).length);
    set.hasKeywords ||= operator.keywords.length > 0;
    if (
      schema.namespace === 'aten' &&
      operator.positional[0]?.name === 'self' &&
      operator.positional[0].kind === 'tensor'
    )
      set.methods.push(operator);
    sets.set(key, set);
  });
  for (const set of sets.values()) set.overloads.sort(byPreference);
  return [...sets.values()];
}

/** All schema texts in the order of their ids. */
export const schemaTexts = (schemas: Schema[]): string[] =>
  schemas
    .filter((schema) => namespaces.includes(schema.namespace))
    .map((schema) => schema.text)
    .sort((a, b) => (a < b ? -1 : 1));
