/**
 * Finds a Node that can run muster. Runs under old Nodes too, so it uses nothing that is new.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The oldest major version that runs muster: it strips types, and has `node:sqlite` and `using`. */
export const NEEDED_MAJOR = 24;

const require = createRequire(import.meta.url);

/**
 * The current Node if it is new enough, else the one that npm installed beside muster (an optional dependency of a
 * clone).
 *
 * @returns {string | null} path of the program; null if there is none
 */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath;
  const system = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const folder = dirname(require.resolve(`node-${system}-${process.arch}/package.json`));
    const program = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(program) ? program : null;
  } catch {
    // Not installed: there is no package for this platform, or optional dependencies were left out.
    return null;
  }
}

/** @returns {string} the sentence for a machine without a Node that is new enough */
export function noNodeMessage() {
  return (
    `muster needs Node ${NEEDED_MAJOR} or newer and this is ${process.version}: install it from nodejs.org` +
    ' (in a clone on Linux or Windows, `npm ci` brings it).'
  );
}
