import { generator } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { seedStream } from '../../base/index.ts';
import { TacHead, train } from '../../train/index.ts';
import { findNeighbours, poolValues } from '../method.ts';
import type { MethodContext, NeighbourLists } from '../method.ts';
import type { TacOptions } from './options.ts';
import { tacTraining } from './training.ts';

/** What the heads are trained on. */
export interface TacPair {
  /** [N, d] unit rows. */
  readonly images: Tensor;
  /** [N, d] unit rows: the text counterpart of each image. */
  readonly counterparts: Tensor;
  /** Neighbours of the images that were found before. */
  readonly known?: NeighbourLists;
  /** The same of the counterparts. */
  readonly knownTexts?: NeighbourLists;
  readonly fingerprint: string;
}

/** Epochs of the paper on its five common data sets. */
const PAPER_EPOCHS = 20;
/** What its smaller sets come to in 20 epochs is 140 to 500 steps; a few dozen are too few to part the groups. */
const LEAST_STEPS = 300;

function enoughEpochs(rows: number, batch: number): number {
  const steps = Math.floor(rows / Math.min(batch, rows));
  return Math.max(PAPER_EPOCHS, Math.ceil(LEAST_STEPS / steps));
}

/**
 * Cross-modal mutual distillation: neighbours in both spaces, two heads, algorithm 1 lines 9-17.
 *
 * @returns the image head, the caller's; the mean loss of the last epoch, and the recalls of neighbours that are not exact
 * @source TAC eq. 9-17; Adam's betas are the code's
 */
export async function trainHeads(
  { images, counterparts, known, knownTexts, fingerprint }: TacPair,
  options: TacOptions,
  context: MethodContext,
): Promise<{ head: TacHead; values: Record<string, number> }> {
  using own = new DisposableStack();
  const { seed, device, signal, emit } = context;
  const { groups, hidden, neighbours: k, pool, distillationTemperature, alpha, without } = options;
  const dim = images.shape[1] ?? 0;
  const search = { k, pool, seed, signal, emit };
  const nearImages = findNeighbours(images, { ...search, known, centred: known?.centred });
  const imageNeighbours = own.use(nearImages.indices);
  const nearTexts = findNeighbours(counterparts, { ...search, known: knownTexts, centred: knownTexts?.centred });
  const textNeighbours = own.use(nearTexts.indices);

  using random = own.use(generator(seedStream(seed, 'heads')));
  const imageHead = new TacHead(dim, hidden, groups, random).to({ device });
  const textHead = own.use(new TacHead(dim, hidden, groups, random).to({ device }));
  const parameters = [...imageHead.parameters(), ...textHead.parameters()];
  const optimizer = own.use(new Adam(parameters, { lr: options.rate, betas: [0.9, 0.99] }));
  const loss = await train(
    tacTraining({
      fingerprint,
      seed,
      epochs: options.epochs ?? enoughEpochs(images.shape[0] ?? 0, options.batch),
      batch: options.batch,
      images,
      counterparts,
      imageNeighbours,
      textNeighbours,
      imageHead,
      textHead,
      optimizer,
      loss: { temperature: distillationTemperature, alpha, form: options.loss, without },
    }),
    context,
  );
  const recalls = { imageNeighbourRecall: nearImages.recall, textNeighbourRecall: nearTexts.recall };
  return { head: imageHead, values: { loss, ...poolValues(pool, recalls) } };
}
