import { Parameter, noGrad, stack, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import {
  Adam,
  AdamW,
  Ema,
  SGD,
  clipNorm,
  cosineEpoch,
  cosineWarmup,
  linearThenConstant,
  step,
} from '@muster/torch/optim';
import type { Optimizer } from '@muster/torch/optim';
import { CaseError, isListOf } from '../case.ts';
import type { Kind, ParityCase } from '../case.ts';

/** A parameter's value at each step: one number for all, or a list. */
function perStep(c: ParityCase, key: string): (at: number) => number {
  const value = c.params[key];
  if (typeof value === 'number') return () => value;
  if (!isListOf(value, (element) => typeof element === 'number'))
    throw new CaseError(`${c.id}: params.${key} is no number`);
  return (at) => {
    const number = value[at];
    if (number === undefined) throw new CaseError(`${c.id}: params.${key} ends before step ${at}`);
    return number;
  };
}

/** Trains one parameter on the given gradients and keeps it after every step. */
function trajectory(c: ParityCase, make: (parameter: Tensor) => Optimizer): Tensor {
  const parameter = new Parameter(c.input('p'));
  const optimizer = make(parameter);
  const lr = perStep(c, 'lr');
  const weightDecay = perStep(c, 'weightDecay');
  const after = c
    .input('g')
    .split(1)
    .map((gradient, at) => {
      parameter.grad = gradient.squeeze(0);
      optimizer.lr = lr(at);
      optimizer.weightDecay = weightDecay(at);
      optimizer.step();
      return parameter.detach().clone();
    });
  return stack(after);
}

/** The options that change with the steps are set before each of them. */
const FIRST = { lr: 0, weightDecay: 0 } as const;

const sgd: Kind = (c) => {
  const options = { momentum: c.number('momentum'), dampening: c.number('dampening'), nesterov: c.boolean('nesterov') };
  return { trajectory: trajectory(c, (parameter) => new SGD([parameter], { ...FIRST, ...options })) };
};

function adamOptions(c: ParityCase): {
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  eps: number;
} {
  return { ...FIRST, betas: [c.number('beta1'), c.number('beta2')], eps: c.number('eps') };
}

const adam: Kind = (c) => ({ trajectory: trajectory(c, (parameter) => new Adam([parameter], adamOptions(c))) });
const adamw: Kind = (c) => ({ trajectory: trajectory(c, (parameter) => new AdamW([parameter], adamOptions(c))) });

const schedule: Kind = (c) => ({ values: tensor(scheduleValues(c)) });

function scheduleValues(c: ParityCase): Float64Array {
  switch (c.string('type')) {
    case 'cosine-warmup':
      return cosineWarmup({
        base: c.number('base'),
        final: c.number('final'),
        epochs: c.number('epochs'),
        stepsPerEpoch: c.number('stepsPerEpoch'),
        warmupEpochs: c.number('warmupEpochs'),
        start: c.number('start'),
      });
    case 'step':
      return step({
        base: c.number('base'),
        gamma: c.number('gamma'),
        milestones: c.numbers('milestones'),
        epochs: c.number('epochs'),
      });
    case 'cosine-epoch':
      return cosineEpoch({ base: c.number('base'), rate: c.number('rate'), epochs: c.number('epochs') });
    case 'linear-then-constant':
      return linearThenConstant({
        from: c.number('from'),
        to: c.number('to'),
        warmupEpochs: c.number('warmupEpochs'),
        epochs: c.number('epochs'),
      });
    default:
      throw new CaseError(`${c.id}: no schedule ${c.string('type')}`);
  }
}

const clip: Kind = (c) => {
  const gradients = c.record.inputs.filter((name) => /^g\d+$/.test(name)).map((name) => [name, c.input(name)] as const);
  const mode = c.string('mode');
  if (mode !== 'global' && mode !== 'each') throw new CaseError(`${c.id}: no mode ${mode}`);
  const norm = clipNorm(
    gradients.map(([, gradient]) => gradient),
    c.number('max'),
    { each: mode === 'each' },
  );
  return { norm, ...Object.fromEntries(gradients.map(([name, gradient]) => [name.replace('g', 'c'), gradient])) };
};

const ema: Kind = (c) => {
  const average = c.input('start');
  const student = c.input('start').zero_();
  const mean = new Ema([average], [student]);
  const momenta = c.input('momentum').toNumbers();
  const after = c
    .input('student')
    .split(1)
    .map((weights, at) => {
      noGrad(() => student.copy_(weights.squeeze(0)));
      mean.update(momenta[at] ?? Number.NaN);
      return average.clone();
    });
  return { trajectory: stack(after) };
};

/** Optimisers, schedules, clipping and averages: the kinds `optim.*`. */
export const optimKinds: Record<string, Kind> = {
  'optim.sgd': sgd,
  'optim.adam': adam,
  'optim.adamw': adamw,
  'optim.schedule': schedule,
  'optim.clip': clip,
  'optim.ema': ema,
};
