import type { z } from 'zod';
import { MusterError } from '../base/index.ts';
import { findMethod, needsImages, type ImageMethod } from '../methods/index.ts';
import { findPretraining, type Pretraining } from '../pretraining/index.ts';
import { planMethod, readOption } from './plan-method.ts';

/** What trains a network on images: a method, which gives groups, or a pretraining, which gives a backbone. */
export type Trainer =
  | { readonly gives: 'groups'; readonly method: ImageMethod }
  | { readonly gives: 'backbone'; readonly method: Pretraining };

/** A trainer with its options, checked before any work starts. */
export interface TrainerPlan {
  readonly trainer: Trainer;
  /** What was set, the number of groups among it. */
  readonly set: Readonly<Record<string, unknown>>;
  /** All options, defaults among them. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the user said that concerns a trainer. */
export interface TrainerWishes {
  /** Values as they are, or as text (`--set key=value`). */
  readonly set: Readonly<Record<string, unknown>>;
  readonly groups?: number | undefined;
  readonly epochs?: number | undefined;
}

/** The trainer of an id; null for a method on embeddings. @throws MusterError `methods.unknown` */
export function findTrainer(id: string): Trainer | null {
  const pretraining = findPretraining(id);
  if (pretraining !== undefined) return { gives: 'backbone', method: pretraining };
  const method = findMethod(id);
  return needsImages(method) ? { gives: 'groups', method } : null;
}

/**
 * Checks a trainer's options against its own schema, texts being read as `planMethod` reads them.
 *
 * @throws MusterError `method.options` on one line with what to do
 */
export function planTrainer(trainer: Trainer, { set: given, groups, epochs }: TrainerWishes): TrainerPlan {
  const all = epochs === undefined ? given : { ...given, epochs };
  const set =
    trainer.gives === 'groups' ? ofMethod(trainer.method, all, groups) : ofPretraining(trainer.method, all, groups);
  return { trainer, set, options: trainer.method.options.parse(set) };
}

function ofMethod(
  method: ImageMethod,
  set: Readonly<Record<string, unknown>>,
  wanted: number | undefined,
): Record<string, unknown> {
  const plan = planMethod({ method: method.id, set, groups: wanted });
  if (!plan.takesGroups) return plan.set;
  if (plan.groups !== undefined) return { ...plan.set, groups: plan.groups };
  throw refuse(method.id, 'it needs the number of groups', 'give it as -k 10');
}

function ofPretraining(
  pretraining: Pretraining,
  given: Readonly<Record<string, unknown>>,
  groups: number | undefined,
): Record<string, unknown> {
  if (groups !== undefined) throw refuse(pretraining.id, 'it makes no groups', 'leave -k out');
  const shape: Readonly<Record<string, z.core.$ZodType>> = pretraining.options.shape;
  const set: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) set[name] = readOption(pretraining, shape, name, value);
  const whole = pretraining.options.safeParse(set);
  if (whole.success) return set;
  throw refuse(
    pretraining.id,
    whole.error.issues[0]?.message ?? 'it does not fit',
    `see muster methods ${pretraining.id}`,
  );
}

function refuse(id: string, what: string, fix: string): MusterError {
  return new MusterError('method.options', what, { where: `--method ${id}`, kind: 'usage', fix });
}
