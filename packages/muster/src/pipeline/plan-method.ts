import { z } from 'zod';
import { MusterError, suggestName } from '../base/index.ts';
import { findMethod, type Method } from '../methods/index.ts';

/** A method with its options, checked before any work starts. */
export interface MethodPlan {
  readonly method: Method;
  /** What was set, by names of the method's options; without the number of groups. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Whether the method takes a number of groups. */
  readonly takesGroups: boolean;
  /** The wanted number; undefined: estimate it, or none is taken. */
  readonly groups: number | undefined;
}

/** What the user said that concerns the method. */
export interface MethodWishes {
  readonly method: string;
  /** Values as they are, or as text (`--set key=value`). */
  readonly set: Readonly<Record<string, unknown>>;
  readonly groups?: number | undefined;
  readonly restarts?: number | undefined;
  readonly classes?: readonly string[] | undefined;
}

/**
 * Chooses the method and checks its options against its own schema.
 *
 * Texts are read as JSON where that fits the option, else as they are, else as a list with commas.
 *
 * @throws MusterError `methods.unknown`, `method.options` or `method.text`, on one line with what to do
 */
export function planMethod(wishes: MethodWishes): MethodPlan {
  const method = findMethod(wishes.method);
  const shape: Readonly<Record<string, z.core.$ZodType>> = method.options.shape;
  const set: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wishes.set)) set[name] = readOption(method, shape, name, value);
  const takesGroups = 'groups' in shape;
  const groups = groupsOf(method, takesGroups, set, wishes.groups);
  if (wishes.restarts !== undefined) {
    if (!('restarts' in shape)) throw refuse(method, 'it takes no --restarts', 'leave it out');
    set['restarts'] = readOption(method, shape, 'restarts', wishes.restarts);
  }
  checkClasses(method, shape, set, wishes.classes);
  const whole = method.options.safeParse(takesGroups ? { ...set, groups: groups ?? 1 } : set);
  if (!whole.success) throw refuse(method, objection(whole.error.issues[0]), `see muster methods ${method.id}`);
  return { method, set, takesGroups, groups };
}

/** All options of the method, its defaults among them. @param groups the number of groups, where it takes one */
export function wholeOptions({ method, set, takesGroups }: MethodPlan, groups: number): Record<string, unknown> {
  return method.options.parse(takesGroups ? { ...set, groups } : set);
}

function groupsOf(
  method: Method,
  takesGroups: boolean,
  set: Record<string, unknown>,
  groups: number | undefined,
): number | undefined {
  if (groups !== undefined && !takesGroups) {
    throw refuse(method, 'it takes no number of groups', 'leave -k out');
  }
  const own = set['groups'];
  delete set['groups'];
  if (typeof own !== 'number') return groups;
  if (groups === undefined || groups === own) return own;
  throw refuse(method, `-k says ${groups}, --set groups=${own}`, 'give one of them');
}

/** Class names make TAC take them in place of chosen nouns, unless it was told otherwise. */
function checkClasses(
  method: Method,
  shape: Readonly<Record<string, unknown>>,
  set: Record<string, unknown>,
  classes: readonly string[] | undefined,
): void {
  const text = (what: string, fix: string): MusterError =>
    new MusterError('method.text', what, { where: `--method ${method.id}`, kind: 'usage', fix });
  if (classes !== undefined && !method.text) throw text('it takes no class names', 'leave --classes out');
  const namesAreAll = method.text && !('groups' in shape);
  if (classes === undefined && (namesAreAll || set['classNames'] === true))
    throw text('it needs the names of the classes', 'give them as --classes cat,dog');
  if (classes !== undefined && 'classNames' in shape) set['classNames'] ??= true;
}

/** What takes options: a method, or a pretraining. */
export type OptionOwner = Pick<Method, 'id' | 'options'>;

/**
 * One option, read as {@link planMethod} says.
 *
 * @throws MusterError `method.options`
 */
export function readOption(
  method: OptionOwner,
  shape: Readonly<Record<string, z.core.$ZodType>>,
  name: string,
  value: unknown,
): unknown {
  const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
  if (schema === undefined) throw refuse(method, `there is no option ${name}`, suggestName(name, Object.keys(shape)));
  const candidates = typeof value === 'string' ? readings(value) : [value];
  const tried = candidates.map((candidate) => z.safeParse(schema, candidate));
  const good = tried.find(({ success }) => success);
  if (good?.success === true) return good.data;
  const issue = tried[0]?.error?.issues[0];
  const choices = issue?.code === 'invalid_value' ? issue.values.map(String) : [];
  const fix = choices.length > 0 ? suggestName(String(value), choices) : `see muster methods ${method.id}`;
  throw refuse(
    method,
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}: ${objection(issue)}`,
    fix,
  );
}

/** What a text may stand for, the likeliest first: `24,20` is a list of numbers before it is one of words. */
function readings(text: string): unknown[] {
  const list = text.split(',').map((part) => part.trim());
  return [...jsonOf(text), text, ...jsonOf(`[${text}]`), list];
}

/** The value of a JSON text; none where it is no JSON. */
function jsonOf(text: string): unknown[] {
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    return [];
  }
}

function objection(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'it does not fit';
  const text = issue.message.replace(/^./u, (first) => first.toLowerCase());
  return issue.path.length === 0 ? text : `${issue.path.join('.')}: ${text}`;
}

function refuse(method: OptionOwner, what: string, fix: string): MusterError {
  return new MusterError('method.options', what, { where: `--method ${method.id}`, kind: 'usage', fix });
}
