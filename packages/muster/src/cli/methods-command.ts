import type { Command } from 'commander';
import { listMethods } from '../pipeline/index.ts';
import { methodsTable, methodText } from './methods-table.ts';

/** `muster methods [id]`. */
export function addMethodsCommand(program: Command): void {
  program
    .command('methods')
    .description('list the methods of cluster and train: paper, needs, what each gives, cost; with an id, its options')
    .argument('[id]', 'a method, to see its options')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExamples:\n  muster methods\n  muster methods tsp')
    .action(async (id: string | undefined, { json }: { json?: true }) => {
      const methods = await listMethods(id);
      const width = process.stdout.columns ?? 100;
      const [first] = methods;
      if (json === true) process.stdout.write(`${JSON.stringify(methods, null, 2)}\n`);
      else
        process.stdout.write(
          id === undefined || first === undefined ? methodsTable(methods) : methodText(first, width),
        );
    });
}
