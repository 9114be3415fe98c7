/** What the scripts share about running as a program. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNode, noNodeMessage } from '../packages/muster/bin/find-node.js';

/** Folder of the clone, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} url a module's `import.meta.url` @returns {boolean} true if it was started, not imported */
export function isStarted(url) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(url);
}

/** @returns {string} a Node that runs the tools and the sources, also where the one in use is too old */
export function nodeProgram() {
  const node = findNode();
  if (node === null) throw new Error(noNodeMessage());
  return node;
}
