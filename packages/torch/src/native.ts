/** The compiled addon: loaded once, for the libtorch it was built against and no other. */
import { createRequire } from 'node:module';
import { locateEngine, type EngineRecord } from '../setup/locate.mjs';
import { TorchError, type TorchErrorCode } from './errors.ts';

/** What native/addon.cc exports. Handles are positive doubles; 0 stands for "none". */
export interface Native {
  readonly wire: ArrayBuffer;
  setErrorFactory(factory: (code: TorchErrorCode, operator: string, message: string) => Error): void;
  version(): string;
  call(operator: number): void;
  resolve(name: string, overload: string): number;
  schemaOf(operator: number): string;
  schemas(): string;
  intern(text: string): number;
  interned(id: number): string;
  free(handle: number): boolean;
  scopeBegin(): number;
  scopeEnd(keep: Float64Array): number;
  live(): number;
  meta(handle: number): void;
  item(handle: number): number;
  fromBuffer(buffer: ArrayBufferLike, byteOffset: number, dtype: number, sizes: Float64Array): number;
  toBuffer(handle: number): ArrayBuffer;
  copyOut(handle: number, into: Uint8Array): void;
  mapFile(path: string): number;
  fromMap(map: number, byteOffset: number, dtype: number, sizes: Float64Array): number;
  unmap(map: number): void;
  backward(outputs: Float64Array, gradients: Float64Array, retainGraph: boolean, createGraph: boolean): void;
  gradients(
    outputs: Float64Array,
    inputs: Float64Array,
    gradOutputs: Float64Array,
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): void;
  gradsOf(handles: Float64Array): void;
  setGrads(handles: Float64Array, gradients: Float64Array): void;
  setRequiresGrad(handle: number, value: boolean): void;
  setGradMode(enabled: boolean): boolean;
  setAutocast(dtype: number, deviceType: number): number;
  threads(count?: number): number;
  manualSeed(seed: number): void;
  generator(seed: number, device: number): number;
  generatorState(handle: number, state?: number): number;
  memory(budget?: number): void;
  resetPeakMemory(): void;
  trimMemory(): void;
  cudaDevices(): number;
  /** On how many threads the addon's own kernels run: one where its compiler had no OpenMP. */
  kernelThreads(): number;
  useOneDnnMatmul(): void;
  /** Whether this build has it; the processor must have AVX2 and FMA. */
  useWinograd(): boolean;
  runProgram(
    code: Float64Array,
    pinned: Float64Array,
    wanted: Float64Array,
    gradMode: boolean,
    autocast: number,
    lastUses: Float64Array,
  ): Promise<number[]>;
}

function locate(): EngineRecord {
  try {
    return locateEngine();
  } catch (cause) {
    throw new TorchError('E_NATIVE', 'load', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Where the addon and its libtorch lie. */
export const engine: EngineRecord = locate();

export const native = createRequire(import.meta.url)(engine.addonPath) as Native;

if (!engine.version.startsWith(native.version())) {
  throw new TorchError(
    'E_NATIVE',
    'load',
    `the addon was compiled for libtorch ${native.version()}, beside it lies ${engine.version}`,
  );
}
native.setErrorFactory((code, operator, message) => new TorchError(code, operator, message));
