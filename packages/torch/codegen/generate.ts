/**
 * Writes src/generated from the schemas of the libtorch at hand: `npm run codegen`. With `--check` it writes nothing and
 * fails where the checked-in files are stale. The checked-in output is that of libtorch 2.13.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { native } from '../src/native.ts';
import { emitOperators, emitSchemas } from './emit-js.ts';
import { emitTypes } from './emit-types.ts';
import { groupOperators, schemaTexts } from './operator-set.ts';
import { parseSchema } from './schema.ts';

/** Some take anything (`...`): these cannot be typed. */
const isTyped = (line: string): boolean => !line.includes('...');

/** The generated files: name in src/generated -> content. */
export function generate(): Map<string, string> {
  const parsed = native.schemas().trim().split('\n').filter(isTyped).map(parseSchema);
  const sets = groupOperators(parsed);
  return new Map([
    ['schemas.js', emitSchemas(schemaTexts(parsed))],
    ['schemas.d.ts', `export declare const schemas: readonly string[];\n`],
    ['operators.js', emitOperators(sets)],
    ['operators.d.ts', emitTypes(sets)],
  ]);
}

/** Names of checked-in files that differ from what this libtorch gives. */
export function staleFiles(): string[] {
  return [...generate()]
    .filter(([name, content]) => readFileSync(fileOf(name), 'utf8') !== content)
    .map(([name]) => name);
}

const fileOf = (name: string): URL => new URL(`../src/generated/${name}`, import.meta.url);

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const stale = staleFiles();
    if (stale.length > 0) {
      console.error(
        `stale: ${stale.join(', ')} in packages/torch/src/generated: run \`npm run codegen\` under libtorch 2.13`,
      );
      process.exitCode = 1;
    }
  } else {
    for (const [name, content] of generate()) writeFileSync(fileOf(name), content);
  }
}
