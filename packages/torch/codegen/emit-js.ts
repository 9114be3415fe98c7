/**
 * The run-time half of the generated operators: one straight-line writer for each operator, one resolver for each name.
 * Plain JavaScript, so that nothing is stripped from a megabyte of text at every start; the types stand beside it.
 */
import { isReserved } from './names.ts';
import type { Operator, OperatorSet } from './operator-set.ts';
import type { Argument, Result } from './schema.ts';
import { camelCase } from './names.ts';

/** Writers of wire.ts by kind. */
const writers: Record<Argument['kind'], string> = {
  tensor: 'w.tensor',
  integer: 'w.integer',
  float: 'w.float',
  boolean: 'w.boolean',
  scalar: 'w.scalar',
  string: 'w.string',
  dtype: 'w.dtype',
  layout: 'w.layout',
  memoryFormat: 'w.memoryFormat',
  device: 'w.device',
  generator: 'w.generator',
  object: 'w.object',
  tensors: 'w.tensors',
  optionalTensors: 'w.optionalTensors',
  integers: 'w.integers',
  floats: 'w.floats',
  booleans: 'w.booleans',
  scalars: 'w.scalars',
  optionalScalars: 'w.optionalScalars',
  strings: 'w.strings',
  unsupported: 'w.unsupported',
};

const keywordName = (argument: Argument): string => camelCase(argument.name);

/** Sets of keywords are shared between operators: most have one of a few. */
class KeywordSets {
  readonly #ids = new Map<string, number>();

  reference(keywords: Argument[]): string {
    const required = keywords.filter((keyword) => !keyword.hasDefault).map(keywordName);
    const key = JSON.stringify([keywords.map(keywordName), required]);
    const id = this.#ids.get(key) ?? this.#ids.size;
    this.#ids.set(key, id);
    return `k${id}`;
  }

  toString(): string {
    return [...this.#ids.keys()].map((key, id) => `const k${id} = w.keywords(...${key});`).join('\n');
  }
}

/** The expression that reads the results off the wire. */
function resultExpression(operator: Operator, given: (argument: Argument) => string): string {
  const { results, arguments: args } = operator.schema;
  const mutated = (result: Result): string | null => {
    const argument =
      result.mutated === null ? undefined : args.find((candidate) => candidate.mutates === result.mutated);
    return argument ? given(argument) : null;
  };
  const [only] = results;
  if (results.length === 0 || !only) return 'w.nothing()';
  if (results.length > 1) {
    return results.some(mutated)
      ? `w.tuple(${results.length}, [${results.map((r) => mutated(r) ?? 'undefined').join(', ')}])`
      : `w.tuple(${results.length})`;
  }
  const self = mutated(only);
  if (self) return `w.mutated(${self})`;
  if (only.type === 'Tensor') return 'w.fresh()';
  return 'w.value()';
}

function writer(operator: Operator): string {
  const position = new Map(operator.positional.map((argument, i) => [argument, `a${i}`]));
  const given = (argument: Argument): string => position.get(argument) ?? `o?.${keywordName(argument)}`;
  const parameters = operator.positional.map((_, i) => `a${i}`);
  if (operator.keywords.length > 0) parameters.push('o');
  const writes = operator.schema.arguments.map((argument) => {
    const write = argument.kind === 'integers' && argument.broadcast ? 'w.integersOrOne' : writers[argument.kind];
    return `${write}(${given(argument)});`;
  });
  return `function $${operator.id}(${parameters.join(', ')}) { w.begin(${operator.id}); ${writes.join(' ')} return ${resultExpression(operator, given)}; }`;
}

/** Tests of overload resolution by kind (also in wire.ts). */
function accepts(argument: Argument, value: string): string {
  const kind = argument.kind === 'integers' && argument.broadcast ? 'integersOrOne' : argument.kind;
  const test = `is.${kind}(${value})`;
  if (argument.optional) return `(${value} == null || ${test})`;
  return argument.hasDefault ? `(${value} === undefined || ${test})` : test;
}

function resolver(set: OperatorSet, keywordSets: KeywordSets): string {
  const name = functionName(set);
  const parameters = Array.from({ length: set.maxPositional + (set.hasKeywords ? 1 : 0) }, (_, i) => `a${i}`);
  const options = `a${set.maxPositional}`;
  const lines = [
    `if (arguments.length > ${parameters.length}) w.excess(${JSON.stringify(set.name)}, ${parameters.length}, arguments.length);`,
  ];
  if (set.hasKeywords) {
    lines.push(`let o = ${options};`);
    for (let i = set.minPositional; i < set.maxPositional; i++)
      lines.push(`if (w.isOptions(a${i})) { o = a${i}; a${i} = undefined; }`);
  }
  const call = (operator: Operator): string => {
    const given = operator.positional.map((_, i) => `a${i}`);
    if (operator.keywords.length > 0) given.push('o');
    return `$${operator.id}(${given.join(', ')})`;
  };
  const [first] = set.overloads;
  if (set.overloads.length === 1 && first) {
    if (set.hasKeywords)
      lines.push(`if (o !== undefined) ${keywordSets.reference(first.keywords)}.check(o, ${first.id});`);
    lines.push(`return ${call(first)};`);
  } else {
    for (const operator of set.overloads) {
      const tests = operator.positional.map((argument, i) => accepts(argument, `a${i}`));
      for (let i = operator.positional.length; i < set.maxPositional; i++) tests.push(`a${i} === undefined`);
      if (operator.keywords.length > 0) tests.push(`${keywordSets.reference(operator.keywords)}.fits(o)`);
      else if (set.hasKeywords) tests.push('o === undefined');
      lines.push(`if (${tests.join(' && ') || 'true'}) return ${call(operator)};`);
    }
    lines.push(`return w.noOverload([${set.overloads.map((operator) => operator.id).join(', ')}], arguments);`);
  }
  return `function ${name}(${parameters.join(', ')}) {\n  ${lines.join('\n  ')}\n}`;
}

const functionName = (set: OperatorSet): string =>
  set.namespace === 'aten' ? `$${set.name}` : `${set.namespace}$${set.name}`;

function method(set: OperatorSet): string {
  const count = set.maxPositional + (set.hasKeywords ? 1 : 0) - 1;
  const parameters = Array.from({ length: count }, (_, i) => `a${i}`);
  return `  ${set.name}(${parameters.join(', ')}) { return $${set.name}(${['this', ...parameters].join(', ')}); },`;
}

const banner = `// Generated by codegen/generate.ts from the operator schemas of libtorch. Do not edit: run \`npm run codegen\`.\n`;

/** The text of src/generated/operators.js. */
export function emitOperators(sets: OperatorSet[]): string {
  const keywordSets = new KeywordSets();
  const operators = sets.flatMap((set) => set.overloads).sort((a, b) => a.id - b.id);
  const resolvers = sets.map((set) => resolver(set, keywordSets));
  const aten = sets.filter((set) => set.namespace === 'aten');
  const others = [...new Set(sets.map((set) => set.namespace))].filter((namespace) => namespace !== 'aten');
  const exported = aten.map((set) => `$${set.name} as ${set.name}`);
  return [
    banner,
    `import * as w from '../wire.ts';`,
    `import { is } from '../argument-kinds.ts';`,
    '',
    keywordSets.toString(),
    '',
    ...operators.map(writer),
    '',
    ...resolvers,
    '',
    `export const methods = {`,
    ...aten.filter((set) => set.methods.length > 0).map(method),
    `};`,
    '',
    `export const op = {`,
    ...operators.map(
      (o) =>
        `  ${JSON.stringify(`${o.schema.namespace}::${o.schema.base}${o.schema.overload ? `.${o.schema.overload}` : ''}`)}: $${o.id},`,
    ),
    `};`,
    '',
    ...others.map(
      (namespace) =>
        `export const ${namespace} = { ${sets
          .filter((set) => set.namespace === namespace)
          .map((set) => `${isReserved(set.name) ? JSON.stringify(set.name) : set.name}: ${functionName(set)}`)
          .join(', ')} };`,
    ),
    `export { ${exported.join(', ')} };`,
    '',
  ].join('\n');
}

/** The text of src/generated/schemas.js. */
export function emitSchemas(texts: string[]): string {
  return `${banner}\nexport const schemas = [\n${texts.map((text) => `  ${JSON.stringify(text)},`).join('\n')}\n];\n`;
}
