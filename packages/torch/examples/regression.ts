/** Learns the product of two numbers: `node --conditions=muster-source packages/torch/examples/regression.ts` */
import { generator, liveTensors, noGrad, randn, scope, tensor } from '@muster/torch';
import { GELU, Linear, Sequential } from '@muster/torch/nn';
import { AdamW } from '@muster/torch/optim';

const random = generator(1);
const model = new Sequential(
  new Linear(2, 32, { generator: random }),
  new GELU(),
  new Linear(32, 1, { generator: random }),
);
const optimiser = new AdamW([...model.parameters()], { lr: 1e-2 });

for (let step = 0; step < 500; step++) {
  const loss = scope(() => {
    const x = randn([64, 2], { generator: random });
    const y = x.prod(1, true);
    const error = model.forward(x).sub(y).square().mean();
    optimiser.zeroGrad();
    error.backward();
    optimiser.step();
    return error.item();
  });
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}, ${liveTensors()} tensors`);
}
const product = scope(() => noGrad(() => model.forward(tensor([[0.5, 2]])).item()));
console.log(`0.5 x 2 = ${product.toFixed(2)}`);
