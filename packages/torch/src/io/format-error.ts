import { TorchError } from '../errors.ts';

/** The refusal of a file by a reader: code `E_FORMAT`; the message names the reader, the file and what is wrong with it. */
export function formatError(reader: string, file: string, problem: string): TorchError {
  return new TorchError('E_FORMAT', reader, `${file}: ${problem}`);
}

/** Refuses the file that is being read; never returns. */
export type Refuse = (problem: string) => never;
