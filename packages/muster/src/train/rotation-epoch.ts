import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import { MusterError } from '../base/index.ts';
import { Draws, quarterTurns } from '../augment/index.ts';
import type { Transform } from '../augment/index.ts';
import type { Epoch } from './epochs.ts';
import { imageShapeOf } from './image-data.ts';
import { descend, imageEpoch } from './image-epoch.ts';
import type { Arithmetic } from './precision.ts';
import { inPrecision } from './precision.ts';
import { shuffledRows } from './shuffled-rows.ts';

/** Telling quarter turns apart, as a task beside others or alone. */
export interface RotationTask {
  /** uint8 [N, H, H, C] */
  readonly pixels: Tensor;
  /** Images of a step; four times as many go through the network. The last, smaller batch is kept. */
  readonly batch: number;
  readonly seed: number;
  /** What happens to each of the four after the turn, with draws of its own: a random crop. */
  readonly view: Transform;
  readonly optimizer: Optimizer;
  readonly arithmetic: Arithmetic;
  /** @param images [m, c, h, w] @returns [m, 4] */
  readonly logits: (images: Tensor) => Tensor;
  /** @param labels int64 [m], 0..3 */
  readonly loss: (logits: Tensor, labels: Tensor) => Tensor;
}

/** Turns of an image, and the number of its view: those below are other tasks'. */
const [TURNS, VIEW] = [4, 2] as const;

/**
 * One epoch of the rotation task: all images in an order of its own, each in four turns. Its steps give the terms `loss` and `rotation`,
 * which are the same, and `turnsTold`: the share of turns that were told right.
 *
 * @source Gidaris et al. 2018 (RotNet); the crop of each turn's own is MMDC's
 */
export function rotationEpoch(task: RotationTask, epoch: number): Epoch<Tensor> {
  const { pixels, batch, seed } = task;
  return imageEpoch({
    pixels,
    batches: shuffledRows(pixels.shape[0] ?? 0, batch, seed, epoch, 'rotation'),
    step: (images, rows) => rotationStep(task, images, { epoch, rows }),
  });
}

/** @throws MusterError `train.pixels` for images that are not square: a quarter turn would change their shape */
export function requireSquare(pixels: Tensor): void {
  const { height, width } = imageShapeOf({ pixels });
  if (height === width) return;
  throw new MusterError('train.pixels', `images of ${height} x ${width} pixels cannot be turned by quarters`, {
    fix: 'resize them to a square',
    kind: 'usage',
  });
}

function rotationStep(
  { view, optimizer, arithmetic, seed, logits, loss }: RotationTask,
  images: Tensor,
  { epoch, rows }: { epoch: number; rows: Int32Array },
): Record<'loss' | 'rotation' | 'turnsTold', Tensor> {
  const turned = quarterTurns(images.to({ device: arithmetic.device }));
  const own = Float64Array.from({ length: TURNS * rows.length }, (_, at) => {
    const row = rows[Math.floor(at / TURNS)] ?? 0;
    return TURNS * row + (at % TURNS);
  });
  const crops = view(turned.images, new Draws({ seed, epoch, view: VIEW, rows: own }));
  const input = crops.contiguous({ memoryFormat: 'channelsLast' });
  const told = inPrecision(arithmetic, () => logits(input)).to('float32'); // (4n, 4)
  const turnsTold = noGrad(() => scope(() => told.argmax(1).eq(turned.labels).to('float32').mean()));
  const whole = descend(optimizer, loss(told, turned.labels));
  return { loss: whole, rotation: whole.detach(), turnsTold };
}
