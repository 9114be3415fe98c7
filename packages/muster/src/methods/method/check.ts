import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { MusterError } from '../../base/index.ts';
import type { EmbeddingData } from './types.ts';

/** Numbers looked at in one go. */
const BLOCK_NUMBERS = 1 << 22;

/**
 * Refuses what no method can work on.
 *
 * @param groups number of groups asked for, if one is
 * @throws MusterError `method.rows` for a wrong shape or type, `method.groups` for more groups than rows, `method.not-finite` naming
 *   the first row with NaN or an infinity, `method.text` where words are needed and missing
 */
export function checkData(data: EmbeddingData, groups: number | undefined, needsText: boolean): void {
  const { embeddings, text } = data;
  checkGroups(checkTable(embeddings, 'the embeddings'), groups, 'rows');
  refuseNonFinite(embeddings, 'embeddings');
  if (needsText && text === undefined) {
    throw new MusterError('method.text', 'This method needs words beside the images', {
      fix: 'choose a text space',
      kind: 'usage',
    });
  }
  if (text === undefined) return;
  const count = checkTable(text.nouns, 'the nouns');
  if (count !== text.words.length) {
    throw new MusterError('method.text', `There are ${count} vectors for ${text.words.length} nouns`, {
      kind: 'internal',
    });
  }
  if (text.nouns.shape[1] !== embeddings.shape[1]) {
    throw new MusterError(
      'method.text',
      `The nouns have ${text.nouns.shape[1]} numbers each, the images ${embeddings.shape[1]}`,
      {
        fix: 'use the text space of the backbone',
      },
    );
  }
  refuseNonFinite(text.nouns, 'nouns');
}

/** @throws MusterError `method.groups` for more groups than rows, or images */
export function checkGroups(rows: number, groups: number | undefined, what: 'rows' | 'images'): void {
  if (groups === undefined || groups <= rows) return;
  throw new MusterError('method.groups', `${rows} ${what} cannot make ${groups} groups`, {
    fix: `ask for at most ${rows}`,
    kind: 'usage',
  });
}

function checkTable(table: Tensor, name: string): number {
  const [rows = 0, width = 0] = table.shape;
  if (table.ndim !== 2 || table.dtype !== 'float32' || rows === 0 || width === 0) {
    throw new MusterError(
      'method.rows',
      `${name} are ${table.toString()}, expected float32 [rows, numbers], at least one of each`,
    );
  }
  return rows;
}

function refuseNonFinite(table: Tensor, name: string): void {
  const [rows = 0, width = 1] = table.shape;
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / width));
  for (let start = 0; start < rows; start += step) {
    const bad = scope(() => {
      const block = table.narrow(0, start, Math.min(step, rows - start));
      // One sum finds any NaN or infinity; a finite table whose sum overflows is looked at again.
      if (Number.isFinite(block.sum().item())) return -1;
      const finite = block.isfinite().all(1);
      return finite.all().item() === 1 ? -1 : start + finite.to('uint8').argmin().item();
    });
    if (bad >= 0) {
      throw new MusterError('method.not-finite', `Row ${bad} of the ${name} holds NaN or an infinity`, {
        fix: 'remove the image, or embed it anew',
      });
    }
  }
}

/** Whether every row (or image) equals the first: no method can tell groups apart then. */
export function areAllEqual(table: Tensor): boolean {
  const [rows = 0] = table.shape;
  const step = Math.max(1, Math.floor((BLOCK_NUMBERS * rows) / table.numel));
  for (let start = 0; start < rows; start += step) {
    const differs = scope(() =>
      table
        .narrow(0, start, Math.min(step, rows - start))
        .ne(table.select(0, 0))
        .any()
        .item(),
    );
    if (differs === 1) return false;
  }
  return rows > 1;
}
