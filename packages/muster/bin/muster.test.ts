/** The launcher in a child process, in front of a main file of our own. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('.', import.meta.url));

/** Makes the running Node look like an old one, before the launcher looks. */
const OLD_NODE =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})';

let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'muster-bin-')));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'bin'));
  for (const name of ['muster.js', 'find-node.js']) cpSync(join(BIN, name), join(folder, 'bin', name));
  mkdirSync(join(folder, 'src', 'cli'), { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeMain(text: string): void {
  writeFileSync(join(folder, 'src', 'cli', 'main.ts'), text);
}

test('runs the sources with arguments, condition and decoding threads, and ends as they end', () => {
  writeMain(
    [
      'const args: string[] = process.argv.slice(2);',
      'console.log(JSON.stringify([args, process.execArgv, process.env.UV_THREADPOOL_SIZE]));',
      'process.exitCode = 3;',
    ].join('\n'),
  );
  const env = { ...process.env };
  delete env['UV_THREADPOOL_SIZE'];
  const args = [join(folder, 'bin', 'muster.js'), 'cluster', 'a b', '--json'];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  const expected = [['cluster', 'a b', '--json'], ['--conditions=muster-source'], String(availableParallelism())];
  expect(JSON.parse(result.stdout)).toEqual(expected);
  expect(result.status).toBe(3);
});

test('passes a signal on and dies of it as the child does', async () => {
  writeMain("console.log('up'); setInterval(() => {}, 1000);");
  const child = spawn(process.execPath, [join(folder, 'bin', 'muster.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  const signal = await new Promise((done) => child.once('exit', (_code, name) => done(name)));
  expect(signal).toBe('SIGTERM');
});

test('a child that handles the signal decides the exit status', async () => {
  writeMain("process.on('SIGINT', () => process.exit(130)); console.log('up'); setInterval(() => {}, 1000);");
  const child = spawn(process.execPath, [join(folder, 'bin', 'muster.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.kill('SIGINT'));
  const code = await new Promise((done) => child.once('exit', (status) => done(status)));
  expect(code).toBe(130);
});

test('under a Node that is too old, with no other, it says what to install', () => {
  writeMain('');
  const args = ['--import', OLD_NODE, join(folder, 'bin', 'muster.js')];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
  expect(result.stderr).toMatch(/needs Node 24 or newer/);
  expect(result.status).toBe(1);
});
