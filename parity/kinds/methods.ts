import { grad, linear } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Linear, Module, ReLU, Sequential } from '@muster/torch/nn';
import * as losses from '../../packages/muster/src/losses/index.ts';
import {
  classVectors,
  gaussianWeights,
  headOfCentres,
  joinModalities,
  retrieveCounterparts,
  selectNouns,
  semanticCentres,
  zeroShotLogits,
} from '../../packages/muster/src/methods/index.ts';
import { TacHead } from '../../packages/muster/src/train/index.ts';
import { generator } from '@muster/torch';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

/** One of a few words. */
function word<const W extends string>(c: ParityCase, key: string, words: readonly W[]): W {
  const value = c.string(key);
  const found = words.find((candidate) => candidate === value);
  if (found === undefined) throw new CaseError(`${c.id}: params.${key} is ${value}, not ${words.join(' or ')}`);
  return found;
}

/** Inputs as free variables. */
function variables<const N extends string>(c: ParityCase, names: readonly N[]): Record<N, Tensor> {
  const entries = names.map((name) => [name, c.input(name).requiresGrad_(true)] as const);
  return Object.fromEntries(entries) as Record<N, Tensor>;
}

/** `grad/<name>` of a loss for every variable. */
function gradients(loss: Tensor, named: Readonly<Record<string, Tensor>>): Answers {
  const names = Object.keys(named);
  const found = grad([loss], Object.values(named), { allowUnused: true });
  return Object.fromEntries(
    names.flatMap((name, i) => {
      const gradient = found[i];
      return gradient ? [[`grad/${name}`, gradient] as const] : [];
    }),
  );
}

const FORMS = ['masked', 'literal'] as const;

const ccInstance: Kind = (c) => {
  const views = variables(c, ['za', 'zb']);
  const options = {
    temperature: c.number('temperature'),
    form: word(c, 'form', FORMS),
    normalise: c.boolean('normalise'),
  };
  const loss = losses.instanceContrast(views.za, views.zb, options);
  return { loss, ...gradients(loss, views) };
};

const ccCluster: Kind = (c) => {
  const views = variables(c, ['ca', 'cb']);
  const options = { temperature: c.number('temperature'), form: word(c, 'form', FORMS), addLogK: c.boolean('addLogK') };
  const parts = losses.clusterLoss(views.ca, views.cb, options);
  return { ...parts, ...gradients(parts.loss, views) };
};

const viticTotal: Kind = (c) => {
  const views = variables(c, ['za', 'zb', 'ya', 'yb']);
  const parts = losses.viticLoss(views, {
    instance: c.number('temperatureInstance'),
    cluster: c.number('temperatureCluster'),
  });
  return { ...parts, ...gradients(parts.loss, views) };
};

const simclr: Kind = (c) => {
  const views = variables(c, ['za', 'zb']);
  const contrast = word(c, 'form', ['full', 'anchor']) === 'full' ? losses.instanceContrast : losses.anchorContrast;
  const loss = contrast(views.za, views.zb, { temperature: c.number('temperature') });
  return { loss, ...gradients(loss, views) };
};

const sigmaWeights: Kind = (c) => ({ ...gaussianWeights(c.input('x'), c.input('neighbors')) });

const tspLoss: Kind = (c) => {
  const lambda = c.number('lambda');
  if (word(c, 'form', ['sampled', 'exact']) === 'sampled') {
    const logits = variables(c, ['anchors', 'neighbours']);
    const parts = losses.tspLoss(logits.anchors, logits.neighbours, { lambda });
    return { ...parts, ...gradients(parts.loss, logits) };
  }
  const free = variables(c, ['x', 'weight', 'bias']);
  const logits = linear(free.x, free.weight, free.bias);
  const neighbours = c.input('neighbors');
  const theirs = logits.indexSelect(0, neighbours.reshape([-1])).view([...neighbours.shape, -1]);
  const parts = losses.tspExactLoss(logits, theirs, c.input('weights'), { lambda });
  return { ...parts, ...gradients(parts.loss, free) };
};

const kmeansInit: Kind = (c) => ({ weight: headOfCentres(c.input('centres')) });

const scanLoss: Kind = (c) => {
  const logits = variables(c, ['anchors', 'neighbours']);
  const parts = losses.scanLoss(logits.anchors, logits.neighbours, { entropyWeight: c.number('entropyWeight') });
  return { ...parts, ...gradients(parts.loss, logits) };
};

const selfLabel: Kind = (c) => {
  const { strong } = variables(c, ['strong']);
  const options = { threshold: c.number('threshold'), balance: c.boolean('balance') };
  const { mask, target, loss } = losses.selfLabelLoss(c.input('weak'), strong, options);
  return { mask, target, loss, ...gradients(loss, { strong }) };
};

const selectNounsKind: Kind = (c) => {
  const images = losses.unitRows(c.input('images'));
  const centres = semanticCentres(images, c.input('assignment'), c.number('k'));
  const options = { gamma: c.number('gamma'), rule: word(c, 'rule', ['argmax', 'threshold']) };
  const { selected, classes, confidence } = selectNouns(losses.unitRows(c.input('nouns')), centres, options);
  return { selected, class: classes, confidence };
};

const retrieve: Kind = (c) => {
  const options = { tau: c.number('tau'), normalise: c.boolean('normalise') };
  const counterpart = retrieveCounterparts(
    losses.unitRows(c.input('images')),
    losses.unitRows(c.input('nouns')),
    options,
  );
  return { counterpart };
};

const concat: Kind = (c) => ({
  joined: joinModalities(c.input('images'), c.input('counterparts'), word(c, 'order', ['image-text', 'text-image'])),
});

const tacLoss: Kind = (c) => {
  const batch = variables(c, ['p', 'pn', 'q', 'qn']);
  const options = {
    temperature: c.number('temperature'),
    alpha: c.number('alpha'),
    form: word(c, 'form', ['paper', 'code']),
  };
  const parts = losses.tacLoss(batch, options);
  return { ...parts, ...gradients(parts.loss, batch) };
};

const zeroShot: Kind = (c) => {
  const classes = classVectors(c.input('texts'), word(c, 'ensemble', ['normalise-first', 'mean-first']));
  const logits = zeroShotLogits(c.input('images'), classes, c.number('scale'));
  return { classes, logits, probabilities: logits.softmax(1), labels: logits.argmax(1) };
};

/** Gradients of the input and of a network's weights. */
function throughModule(loss: Tensor, h: Tensor, network: Module): Answers {
  const weights = [...network.namedParameters()].map(([name, weight]) => [`w/${name}`, weight] as const);
  return { loss, ...gradients(loss, { h, ...Object.fromEntries(weights) }) };
}

const tacHead: Kind = (c) => {
  const weights = c.weights();
  const [hidden = 0, dim = 0] = weights.get('0.weight')?.shape ?? [];
  const { h } = variables(c, ['h']);
  const head = new TacHead(dim, hidden, weights.get('3.weight')?.shape[0] ?? 0, generator(0)).to({ dtype: h.dtype });
  head.loadStateDict(weights);
  const p = head.train(c.boolean('training')).probabilities(h);
  return { p, ...throughModule(p.mul(c.input('cotangent')).sum(), h, head) };
};

/** CC's two projectors. */
class ContrastiveHeads extends Module {
  readonly instanceProjector: Sequential;
  readonly clusterProjector: Sequential;

  constructor(weights: ReadonlyMap<string, Tensor>) {
    super();
    const projector = (name: string): Sequential => {
      const [hidden = 0, dim = 0] = weights.get(`${name}.0.weight`)?.shape ?? [];
      const [out = 0] = weights.get(`${name}.2.weight`)?.shape ?? [];
      return new Sequential(new Linear(dim, hidden), new ReLU(), new Linear(hidden, out));
    };
    this.instanceProjector = projector('instance_projector');
    this.clusterProjector = projector('cluster_projector');
  }
}

const ccHeads: Kind = (c) => {
  const weights = c.weights();
  const { h } = variables(c, ['h']);
  const heads = new ContrastiveHeads(weights).to({ dtype: h.dtype });
  heads.loadStateDict(weights);
  const z = losses.unitRows(heads.instanceProjector.forward(h));
  const clusters = heads.clusterProjector.forward(h).softmax(1);
  const loss = z
    .mul(c.input('cotangentZ'))
    .sum()
    .add(clusters.mul(c.input('cotangentC')).sum());
  return { z, c: clusters, ...throughModule(loss, h, heads) };
};

/** Losses and formulas of the methods on embeddings. */
export const methodKinds: Readonly<Record<string, Kind>> = {
  'cc.instance': ccInstance,
  'cc.cluster': ccCluster,
  'vitic.total': viticTotal,
  simclr,
  'tsp.sigma_weights': sigmaWeights,
  'tsp.loss': tspLoss,
  'tsp.kmeans_init': kmeansInit,
  'scan.loss': scanLoss,
  'scan.selflabel': selfLabel,
  'tac.select_nouns': selectNounsKind,
  'tac.retrieve': retrieve,
  'tac.concat': concat,
  'tac.loss': tacLoss,
  'clip.zero_shot': zeroShot,
  'heads.tac': tacHead,
  'heads.cc': ccHeads,
};
