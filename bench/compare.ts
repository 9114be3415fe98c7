/** Comparisons of our results with the peer's, for a row's checks. */
import type { Tensor } from '@muster/torch';
import type { Check, Context } from './row.ts';

/** A tensor that the peer left. @throws Error where it is missing */
export function fromPeer(context: Context, name: string): Tensor {
  const found = context.peer.get(name);
  if (found === undefined) throw new Error(`the peer left no ${name}`);
  return found;
}

/** The peer's state dict: what it left under `weights/`. */
export function weightsFromPeer(context: Context): Map<string, Tensor> {
  const start = 'weights/';
  const entries = [...context.peer].filter(([name]) => name.startsWith(start));
  return new Map(entries.map(([name, value]) => [name.slice(start.length), value]));
}

/** Largest absolute difference of two tensors of one shape over the standard deviation of the expected one. */
export function relativeDifference(name: string, got: Tensor, expected: Tensor, limit: number): Check {
  const [a, b] = [got.to('float64'), expected.to('float64')];
  if (a.shape.join() !== b.shape.join()) return { name: `${name} (shapes differ)`, value: NaN, limit };
  return { name, value: a.sub(b).abs().max().item() / b.std().item(), limit };
}

/** Smallest cosine between rows of the same index. */
export function leastCosine(name: string, got: Tensor, expected: Tensor, limit: number): Check {
  const [a, b] = [got.to('float64'), expected.to('float64')];
  const cosines = a
    .mul(b)
    .sum([1])
    .div(
      a
        .square()
        .sum([1])
        .mul(b.square().sum([1]))
        .sqrt(),
    );
  return { name, value: cosines.min().item(), limit, isFloor: true };
}

/** Largest relative difference of two lists of numbers. */
export function relativeListDifference(
  name: string,
  got: readonly number[],
  expected: readonly number[],
  limit: number,
): Check {
  const parts = expected.map((want, index) => Math.abs((got[index] ?? NaN) - want) / Math.abs(want));
  return { name, value: Math.max(...parts), limit };
}
