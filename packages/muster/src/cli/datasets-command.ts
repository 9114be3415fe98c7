import type { Command } from 'commander';
import { listDataSets } from '../pipeline/index.ts';
import { dataSetsTable, dataSetText } from './datasets-table.ts';

/** `muster datasets [id]`. */
export function addDatasetsCommand(program: Command): void {
  program
    .command('datasets')
    .description(
      'list the data sets that have a name: images, splits, what each paper does with them, where to get them',
    )
    .argument('[id]', 'a data set, to see what has to lie where')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster datasets\n  muster datasets cifar-10\n  MUSTER_DATA=/data muster datasets',
    )
    .action(async (id: string | undefined, { json }: { json?: true }) => {
      const sets = await listDataSets(id);
      const [first] = sets;
      if (json === true) process.stdout.write(`${JSON.stringify(sets, null, 2)}\n`);
      else process.stdout.write(id === undefined || first === undefined ? dataSetsTable(sets) : dataSetText(first));
    });
}
