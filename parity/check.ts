import { basename } from 'node:path';
import type { Tensor } from '@muster/torch';
import { tensorScope } from '@muster/torch';
import { CaseError, isListOf, ParityCase } from './case.ts';
import type { Answers, Kind, CaseRecord, PackAccess } from './case.ts';
import { compareValues } from './compare.ts';
import type { Values } from './compare.ts';

/** Parameters that may hold a path of the pack. */
const PATH_PARAMETERS = ['path', 'paths', 'dir', 'images', 'labels'] as const;

/** Types without fractions: their outputs are compared exactly unless the case says otherwise. */
const DISCRETE = new Set(['int64', 'int32', 'int16', 'int8', 'uint64', 'uint32', 'uint16', 'uint8', 'bool']);

/** Types that a typed array holds as they are; anything else is widened to float32 first. */
const NATIVE = new Set([...DISCRETE, 'float32', 'float64']);

/**
 * Runs one case.
 * @returns why it fails, or undefined where it passes. Nothing is thrown, and all tensors of the case are freed.
 */
export async function checkCase(
  record: CaseRecord,
  pack: PackAccess,
  kinds: Readonly<Record<string, Kind>>,
): Promise<string | undefined> {
  const kind = Object.hasOwn(kinds, record.kind) ? kinds[record.kind] : undefined;
  if (kind === undefined) return `kind ${record.kind} is not built yet`;
  const parityCase = new ParityCase(record, pack);
  using _freed = tensorScope();
  try {
    return mustRefuse(record) ? await checkRefusal(parityCase, kind) : checkAnswers(parityCase, await kind(parityCase));
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether a case has no answers because the call must end in an error. */
export function mustRefuse(record: CaseRecord): boolean {
  return record.kind.endsWith('.refuse') || record.params['expect'] === 'refuse';
}

async function checkRefusal(parityCase: ParityCase, kind: Kind): Promise<string | undefined> {
  const files = filesOf(parityCase);
  for (const file of files) parityCase.path(file);
  const allowed = files.length > 0 ? files.map((file) => basename(file)) : [parityCase.id];
  try {
    await kind(parityCase);
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof CaseError) return message;
    return allowed.some((name) => message.includes(name))
      ? undefined
      : `the refusal does not name the file: ${message}`;
  }
  return 'was accepted, should have been refused';
}

function filesOf(parityCase: ParityCase): string[] {
  return PATH_PARAMETERS.flatMap((key) => {
    const value = parityCase.params[key];
    if (typeof value === 'string') return [value];
    return isListOf(value, (element) => typeof element === 'string') ? value : [];
  });
}

function checkAnswers(parityCase: ParityCase, answers: Answers): string | undefined {
  const { outputs, tol, tolerance, compare } = parityCase.record;
  const failures = outputs.flatMap((output) => {
    const got = Object.hasOwn(answers, output) ? answers[output] : undefined;
    if (got === undefined) return [`${output}: missing`];
    const rule = Object.hasOwn(compare, output) ? compare[output] : undefined;
    const allowed = (Object.hasOwn(tol, output) ? tol[output] : undefined) ?? tolerance;
    const why = compareValues(valuesOf(got), valuesOf(parityCase.answer(output)), allowed, rule);
    return why === undefined ? [] : [`${output}: ${why}`];
  });
  return failures.length === 0 ? undefined : failures.join(' | ');
}

function valuesOf(answer: Tensor | number): Values {
  if (typeof answer === 'number') return { shape: [], data: Float64Array.of(answer), discrete: false };
  const readable = NATIVE.has(answer.dtype) ? answer : answer.to('float32');
  const data = readable.toTypedArray();
  return { shape: answer.shape, data, discrete: DISCRETE.has(answer.dtype) };
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
