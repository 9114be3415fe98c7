import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { errorMessage, formatBytes, formatCount } from '../base/index.ts';

/** One thing that was looked at. */
export interface DoctorLine {
  readonly name: string;
  /** `note`: works, but the reader may want to know. */
  readonly state: 'good' | 'note' | 'bad';
  readonly found: string;
  /** What to do; null where all is well. */
  readonly fix: string | null;
}

/** All that was looked at. */
export interface DoctorReport {
  readonly lines: readonly DoctorLine[];
  /** Nothing is bad. */
  readonly healthy: boolean;
}

const setupFix = 'run `npx muster setup` and read what it says';

/** Looks at everything a run needs, by using it: each check is on its own, so one failure hides no other. */
export async function examine(): Promise<DoctorReport> {
  const checks = [
    checkNode,
    checkEngine,
    checkProcessor,
    checkDevice,
    checkWeights,
    checkWords,
    checkDecoder,
    checkCache,
    checkHere,
  ];
  const lines: DoctorLine[] = [];
  for (const check of checks) lines.push(...(await check()));
  return { lines, healthy: lines.every(({ state }) => state !== 'bad') };
}

function good(name: string, found: string): DoctorLine {
  return { name, state: 'good', found, fix: null };
}

function bad(name: string, found: string, fix: string): DoctorLine {
  return { name, state: 'bad', found, fix };
}

function checkNode(): DoctorLine[] {
  const { node } = process.versions;
  const isNewEnough = Number(node.split('.')[0]) >= 24;
  return [isNewEnough ? good('Node', node) : bad('Node', node, 'use Node 24 or newer; `npm ci` brings one')];
}

async function checkEngine(): Promise<DoctorLine[]> {
  try {
    const { engineInfo, scope, tensor, threads } = await import('@muster/torch');
    const { version, path, origin, matmul, convolution, kernelThreads } = engineInfo();
    const product = scope(() =>
      tensor([
        [1, 2],
        [3, 4],
      ])
        .mm(tensor([[5], [6]]))
        .toNumbers(),
    );
    if (product.join() !== '17,39') return [bad('Engine', `libtorch ${version} computes wrongly`, setupFix)];
    const own = kernelThreads < threads() ? ', muster’s own kernels on one: compile with g++ for more' : '';
    return [
      good('Engine', `libtorch ${version} from ${originText(origin)}, ${path}`),
      good(
        'Threads',
        `${threads()} of ${availableParallelism()} processors, products by ${matmul === 'onednn' ? 'oneDNN' : 'MKL'}, 3x3 convolutions by ${convolution === 'winograd' ? 'Winograd’s algorithm' : 'oneDNN'}${own}`,
      ),
    ];
  } catch (error) {
    return [bad('Engine', errorMessage(error), setupFix)];
  }
}

function originText(origin: string): string {
  const texts: Record<string, string> = {
    MUSTER_LIBTORCH: 'MUSTER_LIBTORCH',
    cache: "an earlier set-up's download",
    python: "Python's own torch",
    pip: 'the wheel that pip brought',
  };
  return texts[origin] ?? origin;
}

async function checkProcessor(): Promise<DoctorLine[]> {
  try {
    const { engineInfo, hasFastBf16 } = await import('@muster/torch');
    const { cpu } = engineInfo();
    const vectors = cpu.avx512 ? 'AVX-512' : 'no AVX-512';
    const halves = hasFastBf16() ? 'embeds in bfloat16' : 'no fast bfloat16, embeds in float32';
    return [good('Processor', `${cpu.name} (family ${cpu.family}, model ${cpu.model}), ${vectors}, ${halves}`)];
  } catch {
    return []; // the engine's line has said why
  }
}

async function checkDevice(): Promise<DoctorLine[]> {
  try {
    const { engineInfo } = await import('@muster/torch');
    const { cudaDevices } = engineInfo();
    return [
      good(
        'Device',
        cudaDevices === 0 ? 'CPU (no CUDA device that this libtorch can use)' : formatCount(cudaDevices, 'CUDA device'),
      ),
    ];
  } catch {
    return []; // the engine's line has said why
  }
}

async function checkWeights(): Promise<DoctorLine[]> {
  try {
    const { findWeights, verifyWeights, weightsTable } = await import('../models/index.ts');
    const tag = 'efficientnet-lite0';
    const { path, isThere } = findWeights(tag);
    const { title, licence } = weightsTable[tag];
    if (!isThere) return [bad('Weights', `${title} is not at ${path}`, setupFix)];
    if (!(await verifyWeights(tag)))
      return [bad('Weights', `${path} is not what the set-up makes`, `delete it, then ${setupFix}`)];
    return [good('Weights', `${title} (${licence}), ${path}, checksum right`)];
  } catch (error) {
    return [bad('Weights', `not checked: ${errorMessage(error)}`, setupFix)];
  }
}

async function checkWords(): Promise<DoctorLine[]> {
  try {
    const { loadImageClasses, loadNouns } = await import('../language/index.ts');
    return [
      good(
        'Words',
        `${loadNouns().size.toLocaleString('en-US')} nouns of WordNet 3.0, ${formatCount(loadImageClasses().length, 'class', 'classes')}`,
      ),
    ];
  } catch (error) {
    return [bad('Words', errorMessage(error), setupFix)];
  }
}

/** A PNG of one grey pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

async function checkDecoder(): Promise<DoctorLine[]> {
  try {
    const [{ default: sharp }, { decodeImage }] = await Promise.all([import('sharp'), import('../image/index.ts')]);
    await decodeImage(Buffer.from(png, 'base64'), 'test picture');
    return [good('Pictures', `sharp ${sharp.versions.sharp ?? 'unknown'}, libvips ${sharp.versions.vips}`)];
  } catch (error) {
    return [bad('Pictures', errorMessage(error), setupFix)];
  }
}

async function checkCache(): Promise<DoctorLine[]> {
  try {
    const { weightsFolder } = await import('../models/index.ts');
    const folder = dirname(weightsFolder());
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    return [good('Cache', `${folder}, ${formatBytes(bavail * bsize)} free`)];
  } catch (error) {
    return [bad('Cache', errorMessage(error), 'set MUSTER_CACHE to a folder you may write to')];
  }
}

async function checkHere(): Promise<DoctorLine[]> {
  const folder = process.cwd();
  try {
    await access(folder, constants.W_OK);
    return [good('Results', `${folder}/muster-<name>`)];
  } catch {
    return [
      {
        name: 'Results',
        state: 'note',
        found: `${folder} may not be written to`,
        fix: 'start elsewhere or pass --store DIR',
      },
    ];
  }
}
