import { crossEntropyLoss, grad } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  LayerNorm,
  Linear,
  LogSoftmax,
  MaxPool2d,
  MultiHeadAttention,
  Softmax,
  TransformerBlock,
  activations,
  interpolate,
} from '@muster/torch/nn';
import type { Layer, Module, Pair } from '@muster/torch/nn';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

/** Gives a fresh module the case's weights, in the dtype of the input. */
function loaded<T extends Module>(c: ParityCase, module: T, x: Tensor): T {
  module.to({ dtype: x.dtype }).loadStateDict(c.weights());
  return module;
}

/** The `loss` and the gradients of the input and of all weights. */
function gradients(loss: Tensor, x: Tensor, module?: Module): Answers {
  const weights = module === undefined ? [] : [...module.namedParameters()];
  const [ofInput, ...ofWeights] = grad([loss], [x, ...weights.map(([, weight]) => weight)], { allowUnused: true });
  const answers: Answers = { loss };
  if (ofInput) answers['grad/x'] = ofInput;
  weights.forEach(([name], i) => {
    const gradient = ofWeights[i];
    if (gradient) answers[`grad/w/${name}`] = gradient;
  });
  return answers;
}

/** Runs a function of the input; the loss is sum(y * cotangent). */
function throughCotangent(c: ParityCase, x: Tensor, run: (x: Tensor) => Tensor, module?: Module): Answers {
  x.requiresGrad_(true);
  const y = run(x);
  return { y, ...gradients(y.mul(c.input('cotangent')).sum(), x, module) };
}

function throughLayer(c: ParityCase, make: (x: Tensor) => Layer): Answers {
  const x = c.input('x');
  const layer = make(x);
  return throughCotangent(c, x, (input) => layer.forward(input), layer);
}

/** A parameter that is a number or [rows, columns]. */
function pair(c: ParityCase, key: string): Pair {
  if (typeof c.params[key] === 'number') return c.number(key);
  const [rows, columns] = c.numbers(key);
  if (rows === undefined || columns === undefined) throw new CaseError(`${c.id}: params.${key} has not two numbers`);
  return [rows, columns];
}

/** Size of an axis of a weight. */
function size(weights: ReadonlyMap<string, Tensor>, name: string, axis: number): number {
  return weights.get(name)?.shape[axis] ?? 0;
}

const conv2d: Kind = (c) =>
  throughLayer(c, (x) => {
    const weights = c.weights();
    const kernel = [size(weights, 'weight', 2), size(weights, 'weight', 3)] as const;
    const options = { stride: pair(c, 'stride'), padding: pair(c, 'padding'), dilation: pair(c, 'dilation') };
    const groups = c.number('groups');
    const bias = weights.has('bias');
    return loaded(c, new Conv2d(x.shape[1] ?? 0, size(weights, 'weight', 0), kernel, { ...options, groups, bias }), x);
  });

const batchnorm: Kind = (c) => {
  const x = c.input('x');
  const options = { eps: c.number('eps'), momentum: c.number('momentum') };
  const features = x.shape[1] ?? 0;
  const norm = x.ndim === 4 ? new BatchNorm2d(features, options) : new BatchNorm1d(features, options);
  loaded(c, norm, x).train(c.boolean('training'));
  const answers = throughCotangent(c, x, (input) => norm.forward(input), norm);
  return { ...answers, outRunningMean: norm.runningMean, outRunningVar: norm.runningVar };
};

const layernorm: Kind = (c) =>
  throughLayer(c, (x) => loaded(c, new LayerNorm(x.shape.at(-1) ?? 0, { eps: c.number('eps') }), x));

const activation: Kind = (c) => {
  const named: Readonly<Record<string, () => Layer>> = {
    ...activations,
    softmax: () => new Softmax(-1),
    'log-softmax': () => new LogSoftmax(-1),
  };
  const make = named[c.string('name')];
  if (make === undefined) throw new CaseError(`${c.id}: no activation ${c.string('name')}`);
  return throughLayer(c, make);
};

const attention: Kind = (c) =>
  throughLayer(c, (x) => {
    const dim = x.shape[2] ?? 0;
    const qkvBias = c.optionalBoolean('qkvBias') ?? true;
    return loaded(c, new MultiHeadAttention(dim, { heads: c.number('heads'), qkvBias }), x);
  });

const block: Kind = (c) =>
  throughLayer(c, (x) => {
    const weights = c.weights();
    const hidden = size(weights, 'mlp.fc1.weight', 0);
    const qkvBias = weights.has('attn.qkv.bias');
    const options = { heads: c.number('heads'), eps: c.number('eps'), hidden, qkvBias };
    return loaded(c, new TransformerBlock(x.shape[2] ?? 0, options), x);
  });

const pool: Kind = (c) =>
  throughLayer(c, () => {
    const name = c.string('name');
    if (name === 'adaptive-avg') return new AdaptiveAvgPool2d(pair(c, 'output'));
    const options = { stride: pair(c, 'stride'), padding: pair(c, 'padding') };
    if (name === 'max') return new MaxPool2d(pair(c, 'kernel'), options);
    if (name === 'avg') return new AvgPool2d(pair(c, 'kernel'), options);
    throw new CaseError(`${c.id}: no pooling ${name}`);
  });

const resample: Kind = (c) => {
  const [height = 0, width = 0] = c.numbers('size');
  const mode = c.string('mode');
  if (mode !== 'nearest' && mode !== 'bilinear' && mode !== 'bicubic') throw new CaseError(`${c.id}: no mode ${mode}`);
  const antialias = c.optionalBoolean('antialias') ?? false;
  return throughCotangent(c, c.input('x'), (x) => interpolate(x, { size: [height, width], mode, antialias }));
};

const linearCe: Kind = (c) => {
  const x = c.input('x').requiresGrad_(true);
  const weights = c.weights();
  const linear = new Linear(size(weights, 'weight', 1), size(weights, 'weight', 0), { bias: weights.has('bias') });
  const logits = loaded(c, linear, x).forward(x);
  const loss = crossEntropyLoss(logits, c.input('labels'), null, MEAN, IGNORE_NOTHING, c.number('smoothing'));
  return { logits, ...gradients(loss, x, linear) };
};

/** libtorch's numbers of a reduction by the mean and of no label left out. */
const MEAN = 1;
const IGNORE_NOTHING = -100;

/** Layers and their gradients: the kinds `nn.*`. */
export const nnKinds: Record<string, Kind> = {
  'nn.conv2d': conv2d,
  'nn.batchnorm': batchnorm,
  'nn.layernorm': layernorm,
  'nn.activation': activation,
  'nn.attention': attention,
  'nn.block': block,
  'nn.pool': pool,
  'nn.interpolate': resample,
  'nn.linear_ce': linearCe,
};
