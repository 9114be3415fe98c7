import { autocast } from '@muster/torch';
import type { Device } from '@muster/torch';
import type { Precision, TrainingContext } from './context.ts';

/** Where and how finely a step computes. */
export interface Arithmetic extends Pick<TrainingContext, 'precision'> {
  readonly device: Device;
}

/**
 * Runs a forward pass in the context's precision. Losses want float32 and gradients follow what was recorded, so both stay outside.
 *
 * @example const logits = inPrecision(context, () => network.forward(images)).to('float32');
 */
export function inPrecision<T>({ precision, device }: Arithmetic, body: () => T): T {
  return precision === 'bfloat16' ? autocast('bfloat16', body, device) : body();
}

/** Whether a text names a precision. */
export function isPrecision(text: string): text is Precision {
  return text === 'float32' || text === 'bfloat16';
}
