import type { z } from 'zod';
import { MusterError } from '../base/index.ts';

/**
 * Options checked by their schema.
 *
 * @param names how the user writes an option (`groups` -> `-k`); others go by their own name
 * @throws MusterError `options` (exit code 2) with every objection on one line
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  names: Readonly<Record<string, string>> = {},
): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const objections = parsed.error.issues.map((issue) => {
    const key = issue.path.join('.');
    return key === '' ? issue.message : `${names[key] ?? key} ${issue.message}`;
  });
  throw new MusterError('options', objections.join(', '), { kind: 'usage', cause: parsed.error });
}
