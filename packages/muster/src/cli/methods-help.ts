import { listMethods, type MethodSummary } from '../pipeline/index.ts';

/**
 * The methods for the help of `muster cluster`, from the registry; where the engine that they need cannot be loaded, help goes without
 * them.
 */
export async function loadMethodsHelp(): Promise<string> {
  try {
    return methodsHelp(await listMethods());
  } catch {
    return 'Methods: muster methods lists them.';
  }
}

/** A line for each method that `muster cluster` runs, and the ids of the others. */
export function methodsHelp(methods: readonly Pick<MethodSummary, 'id' | 'gives' | 'title' | 'command'>[]): string {
  const own = methods.filter(({ command }) => command === 'cluster');
  const others = methods.filter(({ command }) => command === 'train').map(({ id }) => id);
  const width = (key: 'id' | 'gives'): number => Math.max(...own.map((method) => method[key].length));
  const [id, gives] = [width('id'), width('gives')];
  return [
    'Methods (muster methods <id> tells their options):',
    ...own.map((method) => `  ${method.id.padEnd(id)}  ${method.gives.padEnd(gives)}  ${method.title}`),
    `Trained on the images themselves, by muster train: ${others.join(', ')}`,
  ].join('\n');
}

/** Whether the words after `muster` ask for the help of `muster cluster`. */
export function asksForClusterHelp(words: readonly string[]): boolean {
  return words.includes('cluster') && ['help', '--help', '-h'].some((word) => words.includes(word));
}
