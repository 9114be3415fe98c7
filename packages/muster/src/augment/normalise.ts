import * as torch from '@muster/torch';
import { MusterError } from '../base/index.ts';
import type { Transform } from './transform.ts';

/** By channel, on the scale 0..1. */
export interface NormaliseOptions {
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

/** (x - mean) / sd by channel. The last transform of a pipeline. @throws MusterError `augment.normalise` */
export function normalise({ mean, sd }: NormaliseOptions): Transform {
  if (mean.length !== sd.length || sd.some((value) => !(value > 0))) {
    throw new MusterError(
      'augment.normalise',
      `expected as many means as positive deviations, got ${mean.join(' ')}, ${sd.join(' ')}`,
      { kind: 'internal' },
    );
  }
  return (images) =>
    torch.scope(() => {
      const column = (values: readonly number[]) =>
        torch
          .tensor(Float32Array.from(values), [1, values.length, 1, 1])
          .to({ dtype: images.dtype, device: images.device });
      return images.sub(column(mean)).div_(column(sd));
    });
}
