import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { fromPeer, relativeDifference } from '../compare.ts';
import type { Row, Work } from '../row.ts';

/** Calls in one timed run; as in the peer's program. */
const CALLS = 20_000;
/** Calls in one scope. */
const CALLS_IN_SCOPE = 100;

function work(call: () => Tensor, expected: Tensor): Work {
  const check = relativeDifference('largest difference', call(), expected, 0);
  const inScope = () => {
    for (let i = 0; i < CALLS_IN_SCOPE; i++) call();
  };
  const run = () => {
    for (let done = 0; done < CALLS; done += CALLS_IN_SCOPE) scope(inScope);
  };
  run();
  return { checks: [check], run };
}

function row(name: string, work: string, prepare: Row['prepare']): Row {
  return {
    name: `operators-${name}`,
    work: `operator overhead: ${work}`,
    goals: { amd26: 1, amd25: 1, intel: 1 },
    peer: { title: "Python's PyTorch", program: 'operators.py', arguments: [name] },
    rounds: 9,
    runs: 5,
    unit: { name: 'µs a call', perMs: 1000 / CALLS },
    prepare,
  };
}

/** What a call costs beside the work: everything is made in scopes of 100 calls. */
export const operatorRows: readonly Row[] = [
  row('add', 'add of 8 elements', (context) => {
    const [a, b] = [fromPeer(context, 'a'), fromPeer(context, 'b')];
    return work(() => a.add(b), fromPeer(context, 'result'));
  }),
  row('add-autograd', 'add of 8 elements under autograd', (context) => {
    const [a, b] = [fromPeer(context, 'a').clone().requiresGrad_(true), fromPeer(context, 'b')];
    return work(() => a.add(b), fromPeer(context, 'result'));
  }),
  row('reshape', 'reshape of 8 elements', (context) => {
    const a = fromPeer(context, 'a');
    return work(() => a.reshape([2, 4]), fromPeer(context, 'result'));
  }),
];
