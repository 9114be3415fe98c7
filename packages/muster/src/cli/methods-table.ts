import { printable } from '../base/index.ts';
import type { MethodOption, MethodSummary } from '../pipeline/index.ts';

const footer = [
  'Those that need images train a network of their own: muster train <method> IMAGES.',
  'All others: muster cluster IMAGES --method <method>.',
  'Options of one: muster methods <method>',
];

/** Every method in two lines: id, what it needs and gives, name; then paper and cost. */
export function methodsTable(methods: readonly MethodSummary[]): string {
  const head = { id: 'method', needs: 'needs', gives: 'gives', title: 'name' };
  const cells = [head, ...methods];
  const width = (key: 'id' | 'needs' | 'gives'): number => Math.max(...cells.map((cell) => cell[key].length));
  const [id, needs, gives] = [width('id'), width('needs'), width('gives')];
  const row = (cell: typeof head): string =>
    `${cell.id.padEnd(id)}  ${cell.needs.padEnd(needs)}  ${cell.gives.padEnd(gives)}  ${cell.title}`;
  const indent = ' '.repeat(id + 2);
  const lines = [row(head)];
  for (const method of methods) lines.push(row(method), `${indent}${method.paper}`, `${indent}cost: ${method.cost}`);
  return `${[...lines.map(printable), '', ...footer].join('\n')}\n`;
}

/** One method with its options. */
export function methodText(method: MethodSummary, width: number): string {
  const { id, title, paper, needs, gives, cost, command, options } = method;
  const lines = [
    `${id}: ${title}`,
    `  paper  ${paper}`,
    `  needs  ${needs}`,
    `  gives  ${gives}`,
    `  cost   ${cost}`,
    `  use    ${command === 'train' ? `muster train ${id} IMAGES` : `muster cluster IMAGES --method ${id}`}`,
    '',
    `Options (--set name=value${options.some(({ name }) => name === 'groups') ? '; groups is -k' : ''}):`,
    ...options.flatMap((option) => optionLines(option, width)),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function optionLines({ name, takes, default: fallback, description }: MethodOption, width: number): string[] {
  const start = `  ${name}: ${takes}${fallback === null ? '' : ` (default: ${fallback === '[]' ? 'none' : fallback})`}`;
  if (description === '') return [start];
  const line = `${start}; ${description}`;
  return line.length <= width ? [line] : [start, `      ${description}`];
}
