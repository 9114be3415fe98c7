import { grad, noGrad } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Module } from '@muster/torch/nn';
import {
  EfficientNetLite,
  ResNet,
  SmallVgg,
  VisionTransformer,
  VitIc,
  efficientNetLiteWidths,
  interpolatePositions,
  openBackbone,
  sincos1d,
  sincos1dHalves,
  sincos2d,
} from '../../packages/muster/src/models/index.ts';
import type { PositionResampling, PositionTable } from '../../packages/muster/src/models/index.ts';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

function load<M extends Module>(network: M, weights: ReadonlyMap<string, Tensor>): M {
  network.loadStateDict(weights);
  return network;
}

/** Runs a network on input `x`; where the case has a cotangent, adds the loss and every gradient that it asks for. */
function answer(c: ParityCase, network: Module, run: (x: Tensor) => Record<string, Tensor>): Answers {
  network.train(c.optionalBoolean('training') ?? false);
  if (!c.has('cotangent')) return noGrad(() => run(c.input('x')));
  const x = c.input('x').requiresGrad_(true);
  const outputs = run(x);
  const output = outputs[c.string('lossOf')];
  if (output === undefined)
    throw new CaseError(`${c.id}: the loss is of ${c.string('lossOf')}, which this kind does not give`);
  const loss = output.mul(c.input('cotangent')).sum();
  const sources = new Map<string, Tensor>([['grad/x', x]]);
  for (const [name, parameter] of network.namedParameters()) sources.set(`grad/w/${name}`, parameter);
  const wanted = [...sources].filter(([name]) => c.wants(name));
  const gradients = grad(
    [loss],
    wanted.map(([, source]) => source),
  );
  const answers: Answers = { ...outputs, loss };
  wanted.forEach(([name], index) => {
    const gradient = gradients[index];
    if (gradient) answers[name] = gradient;
  });
  return answers;
}

function unitRows(rows: Tensor): Tensor {
  return rows.div(rows.square().sum([1], true).sqrt());
}

function sizeOf(weights: ReadonlyMap<string, Tensor>, name: string, axis: number): number {
  const size = weights.get(name)?.shape[axis];
  if (size === undefined) throw new CaseError(`the weights have no ${name}`);
  return size;
}

function resnet(c: ParityCase): Answers {
  const weights = c.weights();
  const depth = c.number('depth');
  const stem = c.string('stem');
  if (depth !== 18 && depth !== 34 && depth !== 50) throw new CaseError(`${c.id}: no ResNet of depth ${depth}`);
  if (stem !== 'imagenet' && stem !== 'cifar' && stem !== 'mmdc') throw new CaseError(`${c.id}: no stem ${stem}`);
  const network = new ResNet({
    depth,
    stem,
    width: c.number('width'),
    channels: sizeOf(weights, 'conv1.weight', 1),
    bnEps: c.optionalNumber('bnEps') ?? 1e-5,
    classes: weights.has('fc.weight') ? sizeOf(weights, 'fc.weight', 0) : null,
    targetDim: weights.has('top_layer.weight') ? sizeOf(weights, 'top_layer.weight', 0) : null,
  });
  load(network, weights);
  return answer(c, network, (x): Record<string, Tensor> => {
    const features = network.features(x);
    const { topLayer, rotnetHead } = network;
    if (topLayer === null || rotnetHead === null) return { features };
    return { features, embedding: unitRows(topLayer.forward(features)), rotation: rotnetHead.forward(features) };
  });
}

function smallVgg(c: ParityCase): Answers {
  const weights = c.weights();
  const network = new SmallVgg({
    channels: sizeOf(weights, 'features.0.weight', 1),
    inputSize: c.input('x').shape[2] ?? 0,
    targetDim: sizeOf(weights, 'top_layer.weight', 0),
    width: sizeOf(weights, 'features.0.weight', 0),
    bnEps: c.optionalNumber('bnEps') ?? 1e-5,
  });
  load(network, weights);
  return answer(c, network, (x) => ({ embedding: unitRows(network.forward(x)) }));
}

function resampling(c: ParityCase, name: string): PositionResampling | null {
  const mode = c.optionalString(name);
  if (mode === undefined) return null;
  if (mode === 'plain' || mode === 'antialias' || mode === 'dino') return mode;
  throw new CaseError(`${c.id}: no resampling ${mode}`);
}

function vit(c: ParityCase): Answers {
  const weights = c.weights();
  const dim = sizeOf(weights, 'pos_embed', 2);
  const network = new VisionTransformer({
    grid: Math.sqrt(sizeOf(weights, 'pos_embed', 1) - 1),
    patch: c.number('patch'),
    dim,
    depth: c.number('depth'),
    heads: c.number('heads'),
    channels: sizeOf(weights, 'patch_embed.proj.weight', 1),
    mlpRatio: sizeOf(weights, 'blocks.0.mlp.fc1.weight', 0) / dim,
    eps: c.number('eps'),
    qkvBias: weights.has('blocks.0.attn.qkv.bias'),
    interpolation: resampling(c, 'interpolation'),
  });
  load(network, weights);
  return answer(c, network, (x) => {
    const tokens = network.tokens(x);
    return { tokens, cls: tokens.select(1, 0) };
  });
}

function vitIc(c: ParityCase): Answers {
  const weights = c.weights();
  const dim = sizeOf(weights, 'stem.12.weight', 0);
  const headNorm = c.boolean('headNorm');
  const last = headNorm ? 6 : 4;
  const pool = c.string('pool');
  if (pool !== 'cls' && pool !== 'mean') throw new CaseError(`${c.id}: no pool ${pool}`);
  const network = new VitIc({
    groups: sizeOf(weights, `cluster_head.${last}.weight`, 0),
    projection: sizeOf(weights, `instance_head.${last}.weight`, 0),
    hidden: sizeOf(weights, 'cluster_head.0.weight', 0),
    headNorm,
    grid: (c.input('x').shape[2] ?? 0) / VITIC_PATCH,
    patch: VITIC_PATCH,
    dim,
    depth: c.number('depth'),
    heads: c.number('heads'),
    channels: sizeOf(weights, 'stem.0.weight', 1),
    stemWidths: [0, 3, 6, 9].map((index) => sizeOf(weights, `stem.${index}.weight`, 0)),
    bnEps: c.optionalNumber('bnEps') ?? 1e-5,
    mlpRatio: sizeOf(weights, 'blocks.0.mlp.fc1.weight', 0) / dim,
    eps: c.number('eps'),
    qkvBias: weights.has('blocks.0.attn.qkv.bias'),
    classToken: pool === 'cls',
    pool,
    positions: fixedTable(c),
  });
  load(network, weights);
  return answer(c, network, (x) => {
    const h = network.embed(x);
    const instances = network.instances(h);
    const z = c.boolean('normalise') ? unitRows(instances) : instances;
    return { h, z, y: network.probabilities(h) };
  });
}

/** Four halvings. */
const VITIC_PATCH = 16;

function fixedTable(c: ParityCase): PositionTable {
  const table = c.string('pos');
  if (table === '1d' || table === '2d' || table === '2d-rows') return `sincos-${table}`;
  throw new CaseError(`${c.id}: no table of type ${table}`);
}

function efficientNetLite(c: ParityCase): Answers {
  const weights = c.weights();
  const padding = c.string('padding');
  if (padding !== 'symmetric' && padding !== 'tf-same') throw new CaseError(`${c.id}: no padding ${padding}`);
  const options = { padding, bnEps: c.optionalNumber('bnEps') ?? 1e-5 } as const;
  const network = load(new EfficientNetLite(efficientNetLiteWidths(weights), options), weights);
  return answer(c, network, (x): Record<string, Tensor> => {
    const { map, features, logits } = network.forward(x);
    return logits === null ? { map, features } : { map, features, logits };
  });
}

function embedded(c: ParityCase): Answers {
  const backbone = openBackbone('efficientnet-lite0', { dtype: 'float32' });
  const embedding = backbone.embed(c.input('pixels'));
  return { embedding, logits: backbone.logits(embedding) };
}

function positionTable(c: ParityCase): Answers {
  const type = c.string('type');
  const dim = c.number('dim');
  if (type === '1d') return { table: sincos1d(c.number('length'), dim) };
  if (type === '1d-halves') return { table: sincos1dHalves(c.number('length'), dim) };
  if (type !== '2d' && type !== '2d-rows') throw new CaseError(`${c.id}: no table of type ${type}`);
  const classToken = c.optionalBoolean('cls') ?? false;
  return { table: sincos2d(c.number('grid'), dim, { first: type === '2d' ? 'column' : 'row', classToken }) };
}

function positionResampling(c: ParityCase): Answers {
  const grid = { extra: c.number('extra'), height: c.number('height'), width: c.number('width') };
  const mode = resampling(c, 'mode');
  if (mode === null) throw new CaseError(`${c.id}: no mode is given`);
  return { out: interpolatePositions(c.input('posEmbed'), grid, mode) };
}

/** The kinds of networks and of what they are made of. */
export const modelKinds: Record<string, Kind> = {
  'model.resnet': resnet,
  'model.vgg_mmdc': smallVgg,
  'model.vit': vit,
  'model.vitic': vitIc,
  'model.efficientnet_lite': efficientNetLite,
  'model.embedded': embedded,
  'pos.sincos': positionTable,
  'pos.interpolate': positionResampling,
};
