import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { SGD } from '@muster/torch/optim';
import { seedStream } from '../../base/index.ts';
import { imageShapeOf, inPrecision, requireSquare, trainingState } from '../../train/index.ts';
import type { Arithmetic } from '../../train/index.ts';
import type { ImageData, MethodContext } from '../method.ts';
import { HeldTargets } from './held-targets.ts';
import { modelTensors } from './model.ts';
import { buildNetwork } from './network.ts';
import type { MmdcNetwork } from './network.ts';
import { completeMmdc } from './options.ts';
import type { CompleteMmdcOptions, MmdcOptions } from './options.ts';
import { OutputWatch } from './output-watch.ts';
import { drawComponents, drawMeans, drawNoise, indexOf, targetPoints } from './targets.ts';
import { mmdcViews } from './views.ts';
import type { MmdcViews } from './views.ts';

/** Everything that an epoch works with. */
export interface MmdcState extends Disposable {
  readonly options: CompleteMmdcOptions;
  readonly pixels: Tensor;
  readonly channels: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly views: MmdcViews;
  /** f_θ. */
  readonly network: MmdcNetwork;
  /** [K, d] */
  readonly means: Tensor;
  /** T and P. */
  readonly targets: HeldTargets;
  readonly watch: OutputWatch;
  readonly optimizer: SGD;
  readonly arithmetic: Arithmetic;
  /** f_θ before its rows are scaled to length 1: float32 [n, d]. */
  outputs(images: Tensor): Tensor;
  /** All that a training changes, and what a model is made of: for checkpoints. */
  tensors(): Map<string, Tensor>;
}

/** Init of algorithm 1: random weights, targets drawn from the mixture and given out at random. */
export function startMmdc({ pixels }: ImageData, given: MmdcOptions, context: MethodContext): MmdcState {
  using making = new DisposableStack();
  const { seed, device, signal } = context;
  const { groups, dimension = groups, momentum, weightDecay, rate } = given;
  const shape = imageShapeOf({ pixels });
  const { count, channels } = shape;
  if (given.rotation) requireSquare(pixels);
  const options = completeMmdc(given, shape);

  using random = generator(seedStream(seed, 'mmdc', 'network'));
  const network = buildNetwork(options, channels, random, device);
  making.use(network.module);
  const optimizer = making.use(new SGD(decayGroups(network.module.parameters()), { lr: rate, momentum, weightDecay }));
  const means = making.use(scope(() => drawMeans(options, seed).to({ device })));
  const components = drawComponents(count, groups, seed);
  const targets = making.use(new HeldTargets(components, means, drawPoints(options, means, components, seed)));
  const watch = making.use(new OutputWatch(groups, dimension));

  const own = making.move();
  return {
    ...{ options, pixels, channels, seed, signal, network, means, targets, watch, optimizer },
    arithmetic: context,
    views: mmdcViews(options, channels, device),
    outputs: (images) => inPrecision(context, () => network.topLayer.forward(network.features(images))).to('float32'),
    tensors: () => {
      const trained = trainingState([network.module.stateDict()], optimizer);
      return new Map([...trained, ...modelTensors(means, watch.spread), ['targets', targets.state]]);
    },
    [Symbol.dispose]: () => own.dispose(),
  };
}

/** A point for each image; null where all points are means. */
function drawPoints(options: CompleteMmdcOptions, means: Tensor, components: Int32Array, seed: number): Tensor | null {
  const { sigma, sigmaIs } = options;
  if (sigma === 0) return null;
  return scope(() => {
    const { device } = means;
    const noise = drawNoise(components.length, means.shape[1] ?? 0, seed).to({ device });
    return targetPoints({ means, sigma, sigmaIs }, indexOf(components).to({ device }), noise);
  });
}

/** Weights decay; biases and the scales and shifts of batch normalisations do not. Source: the authors' code. */
function decayGroups(parameters: readonly Tensor[]): { parameters: Tensor[]; weightDecay?: number }[] {
  return [
    { parameters: parameters.filter(({ ndim }) => ndim > 1) },
    { parameters: parameters.filter(({ ndim }) => ndim <= 1), weightDecay: 0 },
  ];
}
