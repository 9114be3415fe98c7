import { columnOf } from './machine.ts';
import type { Machine } from './machine.ts';
import type { Result, ResultFile } from './results.ts';
import type { Row } from './row.ts';

const INTRODUCTION = `# Performance

Written by \`npm run bench\`; do not edit. Each row is the same work done by us and by a peer, in two long-lived processes that
take turns in one run on one machine; before the clock starts, our result is compared with the peer's. Ratio = our
median time / the peer's: below 1 we are faster. The range behind it is the smallest and largest ratio of the rounds.
Peers run as their users run them. Absolute times depend on the machine; trust ratios.

\`bash bench/make-peers.sh\` makes the peers' Python environment, \`npm run bench -- <row>\` runs single rows.
`;

/** The page of all results: a table for every kind of machine that was measured. */
export function renderReport(files: readonly ResultFile[], rows: readonly Row[]): string {
  return [INTRODUCTION, ...files.map((file) => renderMachine(file, rows))].join('\n');
}

function renderMachine({ machine, rows: results }: ResultFile, rows: readonly Row[]): string {
  const column = columnOf(machine);
  const lines = rows.map((row) => {
    const result = results.find((candidate) => candidate.name === row.name);
    const goal = column && row.goals[column];
    return renderRow(row, result, goal);
  });
  return `## ${titleOf(machine)}

${machineSentence(machine)}

| row | work | peer | ours | peer's | ratio | goal | met | day |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
}

function titleOf(machine: Machine): string {
  const vendor = { AuthenticAMD: 'AMD', GenuineIntel: 'Intel' }[machine.vendor] ?? machine.vendor;
  return `${vendor} family ${machine.family}, model ${machine.model}`;
}

function machineSentence(machine: Machine): string {
  const sets = [machine.avx2 && 'AVX2', machine.avx512 && 'AVX-512', machine.bf16 && 'bf16'].filter(Boolean).join(', ');
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    `${machine.name}, ${machine.cores} cores (${sets || 'no vector extensions'})`,
    `${machine.memoryGiB} GiB`,
  ];
  return `${[...parts, machine.system].join(', ')}. ${versions.join(', ')}.`;
}

function renderRow(row: Row, result: Result | undefined, goal: number | undefined): string {
  const start = `| ${row.name} | ${row.work} | ${row.peer.title} |`;
  const wanted = goal === undefined ? '–' : `≤ ${goal.toFixed(2)}`;
  if (result === undefined) return `${start} not run yet | | | ${wanted} | | |`;
  const { ours, peer, ratio, unit, spread, met, date } = result;
  if (ours === null || peer === null || ratio === null) {
    return `${start} ${result.error ?? result.note ?? 'not run'} | | | ${wanted} | ${met === false ? 'no' : ''} | ${date} |`;
  }
  const range = spread && result.rounds > 1 ? ` (${spread[0].toFixed(2)}–${spread[1].toFixed(2)})` : '';
  const numbers = `${formatTime(ours)} ${unit} | ${formatTime(peer)} ${unit} | **${ratio.toFixed(2)}**${range}`;
  return `${start} ${numbers} | ${wanted} | ${met === null ? '–' : met ? 'yes' : 'no'} | ${date} |`;
}

/** Three significant digits, without an exponent. */
export function formatTime(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
