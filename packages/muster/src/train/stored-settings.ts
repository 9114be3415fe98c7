import { tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { errorMessage, MusterError } from '../base/index.ts';

/**
 * Settings that a training found out by itself, such as the mean colour of its images, as a tensor of its state: with them a checkpoint
 * alone tells how its network looks at images.
 *
 * @param settings plain JSON values
 * @returns uint8 [bytes], the caller's
 */
export function settingsTensor(settings: object): Tensor {
  return tensor(new TextEncoder().encode(JSON.stringify(settings)));
}

/**
 * What {@link settingsTensor} holds.
 *
 * @throws MusterError `train.checkpoint` where it is missing or holds something else
 */
export function readSettings<Settings>(stored: Tensor | undefined, schema: z.ZodType<Settings>): Settings {
  const refuse = (why: string, cause?: unknown): MusterError =>
    new MusterError('train.checkpoint', `The checkpoint's settings ${why}`, {
      cause,
      fix: 'take one of the same training',
    });
  const bytes = stored?.toTypedArray();
  if (!(bytes instanceof Uint8Array)) throw refuse('are missing');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw refuse(`are damaged (${errorMessage(error)})`, error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse(`are others: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
