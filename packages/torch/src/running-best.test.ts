import { expect, test } from 'vitest';
import * as torch from './index.ts';
import type { DType } from './index.ts';

const KEPT = 5;

/** Takes a table in blocks, by rows or by columns. */
function bestOf(scores: torch.Tensor, block: number, transposed: boolean): { values: number[][]; indices: number[][] } {
  const [rows = 0, columns = 0] = scores.shape;
  const values = torch.full([rows, KEPT], -Infinity, { dtype: scores.dtype });
  const indices = torch.full([rows, KEPT], -1, { dtype: 'int64' });
  for (let column = 0; column < columns; column += block) {
    const part = scores.narrow(1, column, Math.min(block, columns - column));
    const table = transposed ? part.t().contiguous() : part.contiguous();
    torch.muster.runningBest_(values, indices, table, 0, column, transposed);
  }
  return { values: values.toNested() as number[][], indices: indices.toNested() as number[][] };
}

for (const dtype of ['float32', 'float64'] satisfies DType[]) {
  for (const transposed of [false, true]) {
    test(`keeps the best of ${transposed ? 'columns' : 'rows'} as topk finds them, ${dtype}`, () => {
      torch.scope(() => {
        const scores = torch.randn([300, 531], { generator: torch.generator(1), dtype });
        const [values, indices] = scores.topk(KEPT, 1);
        for (const block of [531, 100, 7]) {
          const found = bestOf(scores, block, transposed);
          expect(found.values).toEqual(values.toNested());
          expect(found.indices).toEqual(indices.toNested());
        }
      });
    });
  }
}

test('equal entries stay in the order in which they came', () => {
  torch.scope(() => {
    const { values, indices } = bestOf(torch.zeros([2, 40]), 16, false);
    expect(values).toEqual([Array(KEPT).fill(0), Array(KEPT).fill(0)]);
    expect(indices[1]).toEqual([0, 1, 2, 3, 4]);
  });
});

test('what does not fit is refused', () => {
  torch.scope(() => {
    const [values, indices] = [torch.zeros([4, 2]), torch.zeros([4, 2], { dtype: 'int64' })];
    expect(() => torch.muster.runningBest_(values, indices, torch.zeros([3, 9]), 2, 0)).toThrow(/rows 2 to 5 of 4/);
    expect(() => torch.muster.runningBest_(values, indices, torch.zeros([3, 9], { dtype: 'float64' }), 0, 0)).toThrow(
      /the scores' type/,
    );
    expect(() => torch.muster.runningBest_(values, indices, torch.zeros([9, 3]).t(), 0, 0)).toThrow(/contiguous rows/);
  });
});
