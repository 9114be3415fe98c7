/** Why a file was not used. Stable: they stand in ledgers, exports and `--json`. */
export const fileCodes = {
  EMPTY: 'has no bytes',
  TRUNCATED: 'ends before its picture does',
  NOT_IMAGE: 'is no image',
  TOO_LARGE: 'is beyond a limit',
  UNSUPPORTED: 'is of a kind that is not read',
  DECODE: 'cannot be decoded',
  TIMEOUT: 'took too long to decode',
  MEMORY: 'needs more memory than there is',
  PERMISSION: 'may not be read',
  READ: 'could not be read from its disk',
  VANISHED: 'was there when listed and is gone',
  CHANGED: 'was changed after it was listed',
  LINK: 'is a link that is not followed',
  SPECIAL: 'is no regular file',
  NAME: 'has a name that is not accepted',
} as const;

/** One of {@link fileCodes}. */
export type FileCode = keyof typeof fileCodes;

/** A file that is left out, and why. `path` is escaped for showing. */
export interface SkippedFile {
  readonly path: string;
  readonly code: FileCode;
  readonly message: string;
}

/** Whether a text is one of {@link fileCodes}. */
export function isFileCode(code: string | undefined): code is FileCode {
  return code !== undefined && Object.hasOwn(fileCodes, code);
}
