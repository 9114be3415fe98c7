#!/usr/bin/env node
/**
 * The command `muster`: starts the command line under a Node that is new enough, from the sources in a clone and from
 * `dist` when published, with one decoding thread a core. `muster setup` needs neither and is answered here.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, noNodeMessage } from './find-node.js';

/** @returns {string[] | null} Node's arguments for the command line's main file; null if there is none */
function mainArguments() {
  const source = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  // Node strips no types below node_modules, wherever the package's own sources may come to lie there.
  if (existsSync(source) && !source.includes(`${sep}node_modules${sep}`)) {
    return ['--conditions=muster-source', source];
  }
  const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  return existsSync(built) ? [built] : null;
}

/**
 * Runs the command line and ends as it ends.
 *
 * @param {string} node path of the program
 * @param {readonly string[]} main
 */
function start(node, main) {
  const child = spawn(node, [...main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { UV_THREADPOOL_SIZE: String(availableParallelism()), ...process.env },
  });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);
  for (const signal of signals) {
    // A terminal sends its signals to the child as well, which takes two within a second for one.
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`muster: ${node} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** @param {string} message */
function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

if (process.argv[2] === 'setup' && process.argv.length === 3) {
  await import('../setup/install.mjs');
} else {
  const node = findNode();
  const main = mainArguments();
  if (node === null) refuse(noNodeMessage());
  else if (main === null) refuse('muster is not whole: its dist folder is missing; install muster-images again.');
  else start(node, main);
}
