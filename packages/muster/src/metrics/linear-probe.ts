import { setImmediate } from 'node:timers/promises';
import { generator, noGrad, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { Linear } from '@muster/torch/nn';
import { cosineWarmup, SGD } from '@muster/torch/optim';
import { MusterError, randomStream, seedStream, silent } from '../base/index.ts';
import type { Emit } from '../base/index.ts';
import { encodeLabels } from './labels.ts';
import type { Labels } from './labels.ts';

/** Features of some images in one epoch, [n, D]: the caller's reads, freed here. It is how augmented images are fitted on. */
export type FeaturesOf = (rows: Int32Array, epoch: number) => Tensor | Promise<Tensor>;

/** Labelled images. */
export interface ProbeSplit {
  /** [N, D] float32 frozen features; or what computes those of a batch anew in every epoch. */
  readonly features: Tensor | FeaturesOf;
  /** [N] true classes. */
  readonly labels: Labels;
}

/** Settings of {@link linearProbe}; the defaults are those of MMDC's Table IV. */
export interface LinearProbeOptions {
  readonly epochs?: number;
  readonly batch?: number;
  /** Learning rate of the first epoch; it falls to 0 along a cosine. */
  readonly rate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly seed?: number;
  readonly device?: Device;
  readonly emit?: Emit;
  readonly signal?: AbortSignal;
}

/** What a probe found. */
export interface LinearProbe {
  /** Share of the test images that get their true class. */
  readonly accuracy: number;
  /** The same of the images it was fitted on, in the last epoch, while it was fitted. */
  readonly fitAccuracy: number;
  readonly classes: number;
  /** Always true: this is the one evaluation that learns from labels. */
  readonly fittedOnLabels: true;
  /** A sentence for reports that says so. */
  readonly note: string;
}

/** The longest stretch without a turn of the event loop, in milliseconds. */
const TURN_MS = 100;

/**
 * Accuracy of a linear classifier on frozen features: how well classes can be told apart by a plane. It is fitted on the labels of one
 * split and scored on another, so its figure is no clustering figure; no trainer ever sees it.
 *
 * @param fit the split it learns from
 * @param test features as a table, [M, D], and labels
 * @throws MusterError `metrics.probe` where features and labels do not match, or a test class does not occur in `fit`
 * @source MMDC section IV, "Feature Evaluation": SGD, rate .1 with cosine annealing, momentum .9, weight decay 1e-5, batch 128, 100 epochs
 */
export async function linearProbe(
  fit: ProbeSplit,
  test: { readonly features: Tensor; readonly labels: Labels },
  options: LinearProbeOptions = {},
): Promise<LinearProbe> {
  const { values, codes } = encodeLabels(fit.labels);
  const [tested = 0, width = 0] = test.features.shape;
  const wanted = testCodes(test.labels, values);
  if (tested !== wanted.length) throw refuse(`${tested} rows of test features for ${wanted.length} labels`);
  if (fit.features instanceof torch.Tensor && fit.features.shape.join() !== `${codes.length},${width}`)
    throw refuse(`features to fit on are ${fit.features.toString()}, expected [${codes.length}, ${width}]`);
  if (codes.length === 0 || tested === 0) throw refuse('a split is empty');

  const { seed = 0, device = 'cpu' } = options;
  using random = generator(seedStream(seed, 'probe'));
  using head = new Linear(width, values.length, { generator: random }).to({ device });
  const fitAccuracy = await fitHead(head, fit.features, codes, options);
  return {
    accuracy: accuracyOf(head, test.features, wanted, device),
    fitAccuracy,
    classes: values.length,
    fittedOnLabels: true,
    note: `linear probe: a classifier fitted on the labels of ${codes.length} images and scored on ${tested}; not a clustering figure`,
  };
}

/** Trains the head; returns its accuracy on the batches of the last epoch. */
async function fitHead(
  head: Linear,
  features: Tensor | FeaturesOf,
  codes: Int32Array,
  options: LinearProbeOptions,
): Promise<number> {
  const { epochs = 100, batch = 128, rate = 0.1, momentum = 0.9, weightDecay = 1e-5, seed = 0 } = options;
  const { device = 'cpu', emit = silent, signal } = options;
  using optimizer = new SGD(head.parameters(), { lr: rate, momentum, weightDecay });
  const rates = cosineWarmup({ base: rate, final: 0, epochs, stepsPerEpoch: 1 });
  let hits = 0;
  let turned = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    optimizer.lr = rates[epoch] ?? 0;
    const order = randomStream(seed, 'probe-shuffle', epoch).permutation(codes.length);
    hits = 0;
    for (let start = 0; start < codes.length; start += batch) {
      const rows = Int32Array.from(order.subarray(start, start + batch));
      const x = await featuresOf(features, rows, epoch);
      hits += scope(() => step(head, optimizer, x.to({ device }), rows, codes));
      x.dispose();
      if (performance.now() - turned < TURN_MS) continue;
      signal?.throwIfAborted();
      await setImmediate();
      turned = performance.now();
    }
    emit({ stage: 'probe', done: epoch + 1, total: epochs, unit: 'epochs', values: { accuracy: hits / codes.length } });
  }
  return epochs === 0 ? Number.NaN : hits / codes.length;
}

async function featuresOf(features: Tensor | FeaturesOf, rows: Int32Array, epoch: number): Promise<Tensor> {
  if (typeof features === 'function') return await features(rows, epoch);
  return scope(() => features.indexSelect(0, places(rows).to({ device: features.device })));
}

/** One step down the cross-entropy; returns how many of the batch were right before it. */
function step(head: Linear, optimizer: SGD, x: Tensor, rows: Int32Array, codes: Int32Array): number {
  const truth = places(Int32Array.from(rows, (row) => codes[row] ?? -1)).to({ device: x.device });
  const logits = head.forward(x.detach());
  optimizer.zeroGrad();
  torch.crossEntropyLoss(logits, truth).backward();
  optimizer.step();
  return noGrad(() => logits.argmax(1).eq(truth).sum().item());
}

/** Rows scored at a time. */
const BLOCK = 8192;

function accuracyOf(head: Linear, features: Tensor, codes: Int32Array, device: Device): number {
  let hits = 0;
  for (let start = 0; start < codes.length; start += BLOCK) {
    hits += scope(() =>
      noGrad(() => {
        const part = codes.subarray(start, start + BLOCK);
        const found = head.forward(features.narrow(0, start, part.length).to({ device })).argmax(1);
        return found.eq(places(part).to({ device })).sum().item();
      }),
    );
  }
  return hits / codes.length;
}

/** Whole numbers as int64 [n]. */
function places(rows: Int32Array): Tensor {
  return torch.tensor(BigInt64Array.from(rows, BigInt));
}

/** Test labels as places among the classes that were fitted. */
function testCodes(labels: Labels, values: readonly (number | bigint)[]): Int32Array {
  const place = new Map(values.map((value, index) => [String(value), index]));
  return Int32Array.from({ length: labels.length }, (_, i) => {
    const code = place.get(String(labels[i]));
    if (code === undefined) throw refuse(`test class ${labels[i]} does not occur among the images to fit on`);
    return code;
  });
}

function refuse(what: string): MusterError {
  return new MusterError('metrics.probe', what, { fix: 'give both splits of the same data set' });
}
