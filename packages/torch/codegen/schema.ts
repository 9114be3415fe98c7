/**
 * The operator schemas as libtorch prints them, parsed.
 *
 * A line of the addon's list is the schema, a tab, and one field for each argument: the number of its kind (the native `Kind`),
 * `?` optional, `*` keyword-only, `=` has a default, `[N]` a list of which one number stands for N.
 */

/** In the order of the native enum `Kind`. */
export const kinds = [
  'tensor',
  'integer',
  'float',
  'boolean',
  'scalar',
  'string',
  'dtype',
  'layout',
  'memoryFormat',
  'device',
  'generator',
  'object',
  'tensors',
  'optionalTensors',
  'integers',
  'floats',
  'booleans',
  'scalars',
  'optionalScalars',
  'strings',
  'unsupported',
] as const;

export type Kind = (typeof kinds)[number];

export interface Argument {
  name: string;
  kind: Kind;
  optional: boolean;
  keyword: boolean;
  hasDefault: boolean;
  broadcast: boolean;
  /** Alias set of a mutated argument, as `a` in `Tensor(a!) self`. */
  mutates: string | null;
}

export interface Result {
  type: string;
  name: string | null;
  /** Alias set of the mutated argument that comes back here. */
  mutated: string | null;
}

export interface Schema {
  /** The whole text, compared at first use with that of the libtorch at hand. */
  text: string;
  namespace: string;
  base: string;
  overload: string;
  arguments: Argument[];
  results: Result[];
}

/** Splits at commas that stand outside of brackets and quotes. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"' && text[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (c === '(' || c === '[') depth++;
    if (c === ')' || c === ']') depth--;
    if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last ? [...parts, last] : parts;
}

/** The index of the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return i;
  }
  throw new Error(`unbalanced brackets in ${text}`);
}

function parseArgument(text: string, field: string): Argument {
  const declaration = text.split('=')[0] ?? text;
  const space = declaration.trim().lastIndexOf(' ');
  const type = declaration.slice(0, space);
  const kind = kinds[Number.parseInt(field, 10)];
  if (!kind) throw new Error(`unknown kind in ${field} of ${text}`);
  return {
    name: declaration.slice(space + 1).trim(),
    kind,
    optional: field.includes('?'),
    keyword: field.includes('*'),
    hasDefault: field.includes('='),
    broadcast: field.includes('['),
    mutates: /\((\w+)!/.exec(type)?.[1] ?? null,
  };
}

function parseResult(text: string): Result {
  const match = /^(.*?)(?: (\w+))?$/.exec(text);
  const type = match?.[1] ?? text;
  return {
    type: type.replace(/\(\w+(!)?( -> [\w*]+)?\)/, ''),
    name: match?.[2] ?? null,
    mutated: /\((\w+)!/.exec(type)?.[1] ?? null,
  };
}

/** Parses one line of the addon's list. */
export function parseSchema(line: string): Schema {
  const [text = '', fields = ''] = line.split('\t');
  const open = text.indexOf('(');
  const close = closing(text, open);
  const [namespace = '', name = ''] = text.slice(0, open).split('::');
  const [base = '', overload = ''] = name.split('.');
  const kindFields = fields.trim().split(' ');
  const args = splitList(text.slice(open + 1, close)).filter((part) => part !== '*');
  const returned = text.slice(close + ') -> '.length);
  const results = returned.startsWith('(') ? splitList(returned.slice(1, -1)) : [returned];
  return {
    text,
    namespace,
    base,
    overload,
    arguments: args.map((part, i) => parseArgument(part, kindFields[i] ?? '')),
    results: results.map(parseResult),
  };
}
