import { MusterError } from '../base/index.ts';

/** How {@link writeCsv} writes. */
export interface CsvOptions {
  /**
   * `quote` puts a single quote before a cell that a spreadsheet would run as a formula (leading = + - @, tab, carriage
   * return): for people's files. Numbers are left alone. `keep`, the default, writes the value exactly: for programs.
   */
  formulas?: 'keep' | 'quote';
}

/** One cell; numbers must be finite, null is an empty cell. */
export type CsvCell = string | number | boolean | null;

/**
 * Reads CSV text (RFC 4180): commas, double quotes, doubled quotes inside; LF, CRLF or CR end a row; a byte-order mark
 * is dropped; empty lines are skipped. Rows may differ in length.
 *
 * @param name what to call the file in errors
 * @throws MusterError `csv` naming the line of an unclosed quote or of text after one
 */
export function parseCsv(text: string, name: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  const plain = /[,\r\n]/g;
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      const end = closingQuote(text, at, name, line);
      cell = text.slice(at + 1, end);
      line += cell.match(/\r\n|\r|\n/g)?.length ?? 0;
      cell = cell.replaceAll('""', '"');
      at = end + 1;
    } else {
      plain.lastIndex = at;
      const end = plain.exec(text)?.index ?? text.length;
      cell = text.slice(at, end);
      at = end;
    }
    row.push(cell);
    const separator = text[at];
    if (separator === ',') {
      at++;
      if (at === text.length) row.push('');
      continue;
    }
    if (separator !== undefined && separator !== '\r' && separator !== '\n') {
      throw new MusterError('csv', `line ${line}: text after a closing quote`, { where: name });
    }
    endRow();
    at += separator === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line++;
  }
  if (row.length > 0) endRow();
  return rows;
}

/** Rows as CSV text (RFC 4180, but with LF): cells with commas, quotes, line ends or outer blanks are quoted. */
export function writeCsv(rows: Iterable<readonly CsvCell[]>, options: CsvOptions = {}): string {
  const lines: string[] = [];
  for (const row of rows) {
    const line = row.map((cell) => writeCell(cell, options)).join(',');
    lines.push(row.length === 1 && line === '' ? '""' : line);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function writeCell(cell: CsvCell, options: CsvOptions): string {
  if (cell === null) return '';
  if (typeof cell === 'number') {
    if (!Number.isFinite(cell))
      throw new MusterError('csv', `a cell is ${cell}, which no reader takes`, { kind: 'internal' });
    return String(cell);
  }
  let text = String(cell);
  if (options.formulas === 'quote' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]|^[\s\ufeff]|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function closingQuote(text: string, start: number, name: string, line: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new MusterError('csv', `line ${line}: a quoted cell is not closed`, { where: name });
    if (text[quote + 1] !== '"') return quote;
    at = quote + 2;
  }
}
