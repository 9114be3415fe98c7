/** What the engine runs on: libtorch, the processor, devices. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { mkldnn } from './operators.ts';
import { engine, native } from './native.ts';

export interface Cpu {
  vendor: 'amd' | 'intel' | 'other';
  name: string;
  family: number;
  model: number;
  /** AVX2 and FMA instructions. */
  avx2: boolean;
  /** AVX-512 foundation instructions. */
  avx512: boolean;
  /** Products of bfloat16 in hardware (AVX-512 BF16 or AMX); without them bfloat16 is emulated and slow. */
  bf16: boolean;
}

export interface EngineInfo {
  version: string;
  path: string;
  origin: string;
  cpu: Cpu;
  cudaDevices: number;
  /** The library that multiplies large float32 matrices. */
  matmul: 'mkl' | 'onednn';
  /** What computes float32 convolutions of 3x3 with stride 1; others are oneDNN's in any case. */
  convolution: 'winograd' | 'onednn';
  /** On how many threads the engine's own kernels run: one where it was not compiled by GCC. */
  kernelThreads: number;
}

function readCpu(): Cpu {
  let text = '';
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0] ?? '';
  } catch {
    // no such file outside of Linux: the name below is all there is
  }
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const flags = new Set(field('flags').split(' '));
  const vendor = { AuthenticAMD: 'amd', GenuineIntel: 'intel' }[field('vendor_id')] ?? 'other';
  return {
    vendor: vendor as Cpu['vendor'],
    name: field('model name') || (cpus()[0]?.model ?? 'unknown'),
    family: Number(field('cpu family')),
    model: Number(field('model')),
    avx2: flags.has('avx2') && flags.has('fma'),
    avx512: flags.has('avx512f'),
    bf16: flags.has('avx512_bf16') || flags.has('amx_bf16'),
  };
}

const cpu = readCpu();

/** MKL keeps AMD processors off its AVX-512 path; without AVX-512 the two are equally fast, and oneDNN's product refuses. */
function chooseMatmul(): EngineInfo['matmul'] {
  const wanted = process.env['MUSTER_MATMUL'];
  const choice =
    wanted === 'mkl' || wanted === 'onednn' ? wanted : cpu.vendor === 'amd' && cpu.avx512 ? 'onednn' : 'mkl';
  if (choice === 'onednn') native.useOneDnnMatmul();
  return choice;
}

const matmul = chooseMatmul();

/** Measured on a Zen 3; with AVX-512 oneDNN's direct convolution has twice the arithmetic on many processors. */
function chooseConvolution(): EngineInfo['convolution'] {
  const wanted = process.env['MUSTER_CONVOLUTION'];
  const isWanted = wanted === 'winograd' || wanted === 'onednn' ? wanted === 'winograd' : !cpu.avx512;
  return isWanted && cpu.avx2 && native.useWinograd() ? 'winograd' : 'onednn';
}

const convolution = chooseConvolution();

/** What the engine runs on. */
export const engineInfo = (): EngineInfo => ({
  version: engine.version,
  path: engine.torchPath,
  origin: engine.origin,
  cpu,
  cudaDevices: native.cudaDevices(),
  matmul,
  convolution,
  kernelThreads: native.kernelThreads(),
});

/** Whether bfloat16 pays on this processor. */
export const hasFastBf16 = (): boolean => cpu.bf16 && mkldnn._isMkldnnBf16Supported();
