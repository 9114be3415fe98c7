import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where recipes may lie, the first that exists counts: where the user is, beside the built modules of the installed package, in
 * the clone whose sources run.
 *
 * @param module URL of this module: in `dist/pipeline` of the package, or in `packages/muster/src/pipeline` of a clone
 */
export function recipePlaces(cwd: string, module: string): string[] {
  return [
    join(cwd, 'recipes'),
    ...['../recipes', '../../../../recipes'].map((way) => fileURLToPath(new URL(way, module))),
  ];
}
