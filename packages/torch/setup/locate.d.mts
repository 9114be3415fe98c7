/** What the set-up records of a built engine, in `engine.json` of the cache. */
export interface EngineRecord {
  /** The compiled addon, to be loaded with `process.dlopen` or `require`. */
  readonly addonPath: string;
  /** The libtorch it was built for: a folder with `include/` and `lib/`. */
  readonly torchPath: string;
  /** That libtorch's full version, such as `2.13.0+cpu`. */
  readonly version: string;
  /** The commit that libtorch was built from. */
  readonly git: string;
  /** The CUDA version of a CUDA build, else null. */
  readonly cuda: string | null;
  /** Where libtorch came from. */
  readonly origin: 'MUSTER_LIBTORCH' | 'cache' | 'python' | 'pip';
  /** Hash of the addon's sources, flags and headers. */
  readonly hash: string;
  /** Version of the Node-API headers. */
  readonly headers: string;
}

/** A version as a libtorch folder states it. */
export interface TorchVersion {
  readonly version: string;
  readonly cuda: string | null;
  readonly git: string;
}

export declare const COMPILE_FLAGS: readonly string[];
export declare const NATIVE_FOLDER: string;
export declare function cacheFolder(): string;
export declare function setupCommand(): string;
export declare function nodeApiHeaders(): { version: string; include: string };
export declare function sourceHash(folder?: string): string;
export declare function readTorchVersion(path: string): TorchVersion | null;
export declare function engineFolder(hash: string): string;
export declare function readEngineRecord(hash: string): EngineRecord | null;
export declare function engineObjection(record: EngineRecord): string | null;
/**
 * Finds the compiled addon and the libtorch it was built for; starts no process.
 * Throws an Error with `code` `E_NATIVE` that names the command to run.
 */
export declare function locateEngine(): EngineRecord;
