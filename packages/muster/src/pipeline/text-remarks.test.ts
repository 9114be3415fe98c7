import { expect, test } from 'vitest';
import { eye, liveTensors, scope, type Tensor } from '@muster/torch';
import { textRemarks } from './text-remarks.ts';

test('a remark where the images look like none of the kinds, none where each looks like one', () => {
  scope(() => {
    const backbone = { logits: (embeddings: Tensor) => embeddings.clone() };
    const rows = eye(100).repeat([30, 1]); // more than a block
    const live = liveTensors();
    const known = textRemarks(backbone, rows.mul(10));
    const mixed = textRemarks(backbone, rows.mul(3.9)); // e^3.9 against 99: a third
    const unknown = textRemarks(backbone, rows);
    expect(known).toEqual([]);
    expect(mixed.join()).toMatch(/0\.33 on average/u);
    expect(unknown.join()).toMatch(/0\.03 on average, below 0\.4/u);
    expect(liveTensors() - live).toBe(2); // the two products of this test
  });
});
