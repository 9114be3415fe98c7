/**
 * k-means and TAC on a memory-mapped table of 1,000,000 x 512 made features, K = 1,000:
 * `node --conditions=muster-source bench/results-million.ts FILE`. FILE (2 GB) is written where it is missing. Writes the
 * section of docs/results.md.
 */
import type { MusterEvent } from '../packages/muster/src/base/index.ts';
import { measureMillionTac, NOUNS, reducedTac } from './million-tac.ts';
import { measureMillion } from './million.ts';
import { machineLine, today, writeSection } from './results-page.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the file of the table');
const options = { file, rows: 1_000_000, columns: 512, groups: 1_000, seed: 1, sampleRows: 100_000 };
const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(2);
const began = performance.now();
const say = ({ stage, message = '', done, total }: MusterEvent): void =>
  void process.stderr.write(
    `${((performance.now() - began) / 1000).toFixed(0)} s ${stage} ${message} ${done ?? ''}/${total ?? ''}\n`,
  );

const kmeans = await measureMillion(options);
process.stdout.write(`${JSON.stringify(kmeans)}\n`);
const tac = await measureMillionTac(options, say);
process.stdout.write(`${JSON.stringify(tac)}\n`);
const { centrePoints, pool, epochs, batch } = reducedTac;
writeSection(
  'million',
  [
    machineLine(),
    `Date: ${today()}. Beside the mapped file of ${gigabytes(kmeans.fileBytes)} GB; memory: what no file backs, at most, beyond what there was before.`,
    '',
    '| What | seconds | GB | what came of it |',
    '| --- | --- | --- | --- |',
    `| k-means by mini-batches | ${kmeans.seconds.toFixed(0)} | ${gigabytes(kmeans.peakBytes - kmeans.startBytes)} | on ${options.sampleRows.toLocaleString('en')} rows its inertia is ${kmeans.inertiaRatio.toFixed(4)} times that of whole Lloyd runs there; ${kmeans.emptyGroups} groups empty |`,
    `| TAC, ${NOUNS.toLocaleString('en')} nouns; reduced: centres by mini-batches from at most ${centrePoints} rows each and one start, neighbours among ${pool.toLocaleString('en')} rows (recall ${tac.imageRecall.toFixed(2)} of images, ${tac.textRecall.toFixed(2)} of texts), ${epochs} epoch of batch ${batch.toLocaleString('en')} | ${tac.seconds.toFixed(0)} | ${gigabytes(tac.peakBytes - tac.startBytes)} | ${tac.occupied} of ${options.groups.toLocaleString('en')} groups in use, ACC ${tac.acc.toFixed(3)} on the planted ones |`,
  ].join('\n'),
);
