import { grad, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { quarterTurns } from '../../packages/muster/src/augment/index.ts';
import { rotationLoss, targetLoss } from '../../packages/muster/src/losses/index.ts';
import { matchTargets, nearestMeans, renameGroups, targetPoints } from '../../packages/muster/src/methods/index.ts';
import { CaseError } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

function int32(c: ParityCase, name: string): Int32Array {
  return Int32Array.from(c.input(name).toNumbers());
}

function int64(values: Int32Array): Tensor {
  return tensor(BigInt64Array.from(values, BigInt));
}

/** The loss and its derivative by one input. */
function withGradient(name: string, input: Tensor, loss: Tensor): Answers {
  const [gradient] = grad([loss], [input]);
  return gradient ? { loss, [`grad/${name}`]: gradient } : { loss };
}

const targets: Kind = (c) => {
  const sigmaIs = c.string('sigmaIs') === 'variance' ? 'variance' : 'sd';
  const mixture = { means: c.input('means'), sigma: c.number('sigma'), sigmaIs } as const;
  return { targets: targetPoints(mixture, c.input('component'), c.input('noise')) };
};

const assign: Kind = (c) => {
  const held = c.input('targets');
  const { targetOf, total } = matchTargets(c.input('pred'), held);
  return { total: tensor(Float64Array.of(total), []), assigned: held.indexSelect(0, int64(targetOf)) };
};

const loss: Kind = (c) => {
  const form = c.string('form');
  if (form !== 'mse' && form !== 'euclidean') throw new CaseError(`${c.id}: no form ${form}`);
  const z = c.input('z').requiresGrad_(true);
  return withGradient('z', z, targetLoss(z, c.input('targets'), form === 'mse' ? 'squared' : 'euclidean'));
};

const label: Kind = (c) => ({ labels: nearestMeans(c.input('pred'), c.input('means')) });

const refine: Kind = (c) => {
  const k = c.number('k');
  const renamed = int64(renameGroups(int32(c, 'labels'), int32(c, 'previous'), k));
  return { renamed, targets: renamed.oneHot(k).to('float32') };
};

const turned: Kind = (c) => {
  const { images, labels } = quarterTurns(c.input('images'));
  return { rotated: images, labels };
};

const turnLoss: Kind = (c) => {
  const logits = c.input('logits').requiresGrad_(true);
  return withGradient('logits', logits, rotationLoss(logits, c.input('labels')));
};

/** MMDC's formulas, and the rotation task. */
export const mmdcKinds: Readonly<Record<string, Kind>> = {
  'mmdc.targets': targets,
  'mmdc.assign': assign,
  'mmdc.loss': loss,
  'mmdc.label': label,
  'mmdc.refine': refine,
  'rotnet.batch': turned,
  'rotnet.loss': turnLoss,
};
