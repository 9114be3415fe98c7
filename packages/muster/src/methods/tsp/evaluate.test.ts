import { expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, scope, setThreads } from '@muster/torch';
import { tspExactLoss } from '../../losses/index.ts';
import { ClusterHeads } from '../../train/index.ts';
import { lossOfHeads } from './evaluate.ts';

test.each([0, 24])('in blocks of rows the loss is that of all rows at once, %i hidden units', (hidden) => {
  setThreads(1);
  scope(() => {
    using random = generator(6);
    const draw = { generator: random, dtype: 'float32' } as const;
    const [n, m, dim] = [2000, 100, 64]; // a block takes 655 rows
    const x = torch.randn([n, dim], draw);
    const neighbours = torch.randint(0, n, [n, m], { generator: random, dtype: 'int64' });
    const weights = torch.rand([n, m], draw).softmax(1);
    const heads = new ClusterHeads({ dim, clusters: 5, heads: 2, hidden, generator: random });
    const logits = torch.noGrad(() => heads.forward(x));
    const whole = [0, 1].map((head) => {
      const own = logits.select(0, head);
      const theirs = own.indexSelect(0, neighbours.view([-1])).view([n, m, 5]);
      return tspExactLoss(own, theirs, weights, { lambda: 3 }).loss.item();
    });
    lossOfHeads(heads, x, neighbours, weights, 3).forEach((loss, head) =>
      expect(loss).toBeCloseTo(whole[head] ?? NaN, 5),
    );
  });
});
