import { printable } from './text.ts';

/**
 * Exit codes of the command. `skipped`: done, but more files were skipped than the limit set; `usage`: wrong arguments;
 * `input`: bad input; `resources`: out of memory, disk or time; `internal`: our own fault.
 */
export const exitCodes = { done: 0, skipped: 1, usage: 2, input: 3, resources: 4, internal: 5 } as const;

/** Whose fault an error is, which decides the command's exit code. */
export type ErrorKind = 'usage' | 'input' | 'resources' | 'internal';

/** What an error may say beside its code and sentence. */
export interface MusterErrorOptions {
  /** The file, option or case it is about. */
  where?: string;
  /** What the reader can do. */
  fix?: string;
  /** Default `input`. */
  kind?: ErrorKind;
  cause?: unknown;
}

/**
 * An error for people: `where: what; fix`, on one line, safe to print. `code` is stable and meant for programs
 * (`TRUNCATED`, `recipe.groups`).
 */
export class MusterError extends Error {
  override readonly name: string = 'MusterError';
  readonly code: string;
  /** The sentence alone. */
  readonly what: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;
  readonly kind: ErrorKind;

  constructor(code: string, what: string, options: MusterErrorOptions = {}) {
    const { where, fix, kind = 'input', cause } = options;
    const start = where === undefined || where === '' ? '' : `${where}: `;
    const end = fix === undefined || fix === '' ? '' : `; ${fix}`;
    super(
      printable(`${start}${end === '' ? what : what.replace(/\.$/, '')}${end}`),
      cause === undefined ? {} : { cause },
    );
    this.code = code;
    this.what = what;
    this.where = where;
    this.fix = fix;
    this.kind = kind;
  }

  /** The exit code of a command that ends with this error. */
  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** The exit code for anything thrown: a MusterError's own, an engine's out-of-memory 4, everything else 5. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof MusterError) return error.exitCode;
  const code = errorCode(error);
  return code === 'E_OOM' || code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS'
    ? exitCodes.resources
    : exitCodes.internal;
}

/** The `code` of a thrown value where it has one: a MusterError's, an engine error's, or the system's (`ENOENT`). */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything thrown, on one line and safe to print. */
export function errorMessage(error: unknown): string {
  return printable((error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim());
}
