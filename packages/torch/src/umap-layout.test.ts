import { expect, test } from 'vitest';
import * as torch from './index.ts';
import { generator, scope, setThreads, tensor, threads } from './index.ts';
import type { Tensor } from './index.ts';

const POINTS = 3000; // enough for batches that threads share
const FORCES = { a: 1.58, b: 0.895, negatives: 5, rate: 0.5, seed: 3 };

/** Every point has an edge to each of the next two, and they to it. */
function ring(): [offsets: Tensor, targets: Tensor, shares: Tensor] {
  const targets = Array.from({ length: POINTS }, (_, i) => [1, 2, -1, -2].map((step) => (i + step + POINTS) % POINTS));
  return [
    tensor(Int32Array.from({ length: POINTS + 1 }, (_, i) => 4 * i)),
    tensor(Int32Array.from(targets.flat())),
    tensor(Float32Array.from({ length: 4 * POINTS }, (_, edge) => (edge % 2 === 0 ? 1 : 0.3))),
  ];
}

const start = (dimensions: number): Tensor => torch.randn([POINTS, dimensions], { generator: generator(1) }).mul_(3);

function run(points: Tensor, anchors: Tensor | null, from: number, to: number): Tensor {
  const edges = ring();
  for (let epoch = from; epoch < to; epoch++) torch.muster.umapEpoch_(points, anchors, ...edges, { ...FORCES, epoch });
  return points;
}

test.each([1, 2, 4, 8, 11, 16, 19])('one thread and two give the same bytes, of %d dimensions', (dimensions) => {
  const before = threads();
  scope(() => {
    const [one, two] = [1, 2].map((count) => {
      setThreads(count);
      return run(start(dimensions), null, 0, 8).toFloat32Array();
    });
    expect(two).toEqual(one);
    expect(one?.every(Number.isFinite)).toBe(true);
  });
  setThreads(before);
});

test('an epoch depends on the points and its number alone', () => {
  scope(() => {
    const whole = run(start(8), null, 0, 12);
    const continued = run(run(start(8), null, 0, 5).clone(), null, 5, 12);
    expect(continued.toFloat32Array()).toEqual(whole.toFloat32Array());
    expect(run(start(8), null, 2, 12).equal(whole)).toBe(false);
  });
});

test('a pull is as the formula has it, at both ends; further dimensions stay', () => {
  scope(() => {
    const points = tensor([[0, 1, 0, 0, 7], [1.5, 1, 0, 0, 7]]); // prettier-ignore
    const edges = [tensor(Int32Array.from([0, 1, 1])), tensor(Int32Array.from([1])), torch.ones([1])] as const;
    const { a, b, rate } = FORCES;
    torch.muster.umapEpoch_(points, null, ...edges, { ...FORCES, negatives: 0, epoch: 1 });
    const d2 = 2.25;
    const step = (rate * 1.5 * (2 * a * b * d2 ** (b - 1))) / (1 + a * d2 ** b);
    const [left = 0, ...others] = points.select(0, 0).toNumbers();
    expect(left / step).toBeCloseTo(1, 2);
    expect(others).toEqual([1, 0, 0, 7]);
    expect(points.sum([0]).toNumbers()[0]).toBeCloseTo(1.5, 6);
  });
});

test('a push is as the formula has it, at most 4 along each axis; anchors stay', () => {
  scope(() => {
    const edges = [tensor(Int32Array.from([0, 1])), tensor(Int32Array.from([0])), torch.ones([1])] as const;
    const { a, b } = FORCES;
    const pull = (d: number): number => (-2 * a * b * d ** (2 * b - 1)) / (1 + a * d ** (2 * b));
    const push = (d: number): number => (2 * b * d) / ((0.001 + d * d) * (1 + a * d ** (2 * b)));
    for (const distance of [0.1, 0.5, 2, 30]) {
      const anchors = tensor([[5, 1]]);
      const points = tensor([[5 + distance, 1]]);
      torch.muster.umapEpoch_(points, anchors, ...edges, { ...FORCES, negatives: 1, epoch: 1 });
      const pulled = distance + 0.5 * pull(distance);
      const pushed = 5 + pulled + 0.5 * Math.sign(pulled) * Math.min(4, push(Math.abs(pulled)));
      expect(points.toNumbers()[0]).toBeCloseTo(pushed, 1);
      expect(anchors.toNumbers()).toEqual([5, 1]);
    }
  });
});

test('an edge is due its share of the epochs', () => {
  scope(() => {
    const due = (share: number): number[] => {
      const edges = [
        tensor(Int32Array.from([0, 1])),
        tensor(Int32Array.from([0])),
        torch.full([1], share, { dtype: 'float32' }),
      ] as const;
      return Array.from({ length: 15 }, (_, epoch) => {
        const points = tensor([[1, 0]]);
        torch.muster.umapEpoch_(points, torch.zeros([1, 2]), ...edges, { ...FORCES, negatives: 0, epoch });
        return points.toNumbers()[0] === 1 ? [] : [epoch];
      }).flat();
    };
    expect(due(0.3)).toEqual([4, 7, 10, 14]);
    expect(due(1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(due(0.05)).toEqual([]);
  });
});

test('neighbours end together, strangers apart', () => {
  scope(() => {
    const points = start(2);
    const edges = ring();
    for (let epoch = 0; epoch < 200; epoch++) {
      torch.muster.umapEpoch_(points, null, ...edges, { ...FORCES, rate: 1 - epoch / 200, epoch });
    }
    const distance = (shift: number): number =>
      points
        .sub(points.roll([shift], [0]))
        .square()
        .sum([1])
        .sqrt()
        .mean()
        .item();
    expect(distance(1)).toBeLessThan(distance(POINTS / 2) / 10);
    expect(points.abs().max().item()).toBeLessThan(100);
  });
});

test('what does not fit is refused', () => {
  scope(() => {
    const points = start(2);
    const [offsets, targets, shares] = ring();
    const options = { ...FORCES, epoch: 0 };
    const epoch = (...given: Parameters<typeof torch.muster.umapEpoch_>): void => torch.muster.umapEpoch_(...given);
    expect(() => epoch(points.t(), null, offsets, targets, shares, options)).toThrow(/contiguous float32/);
    expect(() => epoch(points, start(3), offsets, targets, shares, options)).toThrow(/of the same d/);
    expect(() => epoch(points, null, offsets.to('int64'), targets, shares, options)).toThrow(/lists of int32/);
    expect(() => epoch(points.narrow(0, 0, 9), null, offsets, targets, shares, options)).toThrow(/10 offsets/);
    expect(() => epoch(points, null, offsets.neg(), targets, shares, options)).toThrow(/ascend/);
    expect(() => epoch(points, null, offsets, targets.sub(1), shares, options)).toThrow(/rows of the anchors/);
    expect(() => epoch(points, null, offsets, targets, shares, { ...options, negatives: -1 })).toThrow(/out of range/);
  });
});
