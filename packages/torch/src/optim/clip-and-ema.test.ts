import { describe, expect, it } from 'vitest';
import { Parameter, liveTensors, scope, tensor } from '../index.ts';
import { BatchNorm1d, Linear, Sequential } from '../nn/index.ts';
import { Ema, clipGradNorm, clipNorm } from './index.ts';

describe('clipGradNorm', () => {
  it('scales all gradients by their common norm, and skips parameters without one', () => {
    scope(() => {
      const [a, b, none] = [new Parameter(tensor([0, 0])), new Parameter(tensor([0])), new Parameter(tensor([0]))];
      a.grad = tensor([3, 0]);
      b.grad = tensor([4]);
      expect(clipGradNorm([a, b, none], 1).item()).toBe(5);
      expect(a.grad.toNumbers()).toEqual([expect.closeTo(0.6, 5), 0]);
      expect(b.grad.toNumbers()).toEqual([expect.closeTo(0.8, 5)]);
      expect(none.grad).toBeNull();
    });
  });

  it('scales each tensor by its own norm on request', () => {
    scope(() => {
      const [a, b] = [tensor([3, 4]), tensor([0.5])];
      expect(clipNorm([a, b], 1, { each: true }).toNumbers()).toEqual([5, 0.5]);
      expect(a.toNumbers()).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
      expect(b.toNumbers()).toEqual([0.5]);
    });
  });

  it('leaves small and zero gradients, and takes none at all', () => {
    scope(() => {
      const zero = tensor([0, 0]);
      expect(clipNorm([zero], 1).item()).toBe(0);
      expect(zero.toNumbers()).toEqual([0, 0]);
      expect(clipNorm([], 1).item()).toBe(0);
      expect(clipNorm([], 1, { each: true }).shape).toEqual([0]);
    });
  });

  it('leaves one tensor behind, the norm', () => {
    const a = tensor([3, 4]);
    const before = liveTensors();
    const norm = clipNorm([a], 1);
    expect(liveTensors()).toBe(before + 1);
    norm.dispose();
    a.dispose();
  });
});

describe('Ema', () => {
  it('averages parameters and keeps or copies buffers', () => {
    scope(() => {
      const make = (): Sequential => new Sequential(new Linear(2, 2), new BatchNorm1d(2));
      const [teacher, student] = [make(), make()];
      const weight = (network: Sequential): number[] => network.stateDict().get('0.weight')?.toNumbers() ?? [];
      const mean = (network: Sequential): number[] => network.stateDict().get('1.running_mean')?.toNumbers() ?? [];
      const before = [weight(teacher), weight(student)] as const;
      student.forward(
        tensor([
          [1, 2],
          [3, 5],
        ]),
      );
      const ema = new Ema(teacher, student);
      ema.update(0.75);
      expect(weight(teacher)).toEqual(
        before[0].map((value, i) => expect.closeTo(0.75 * value + 0.25 * (before[1][i] ?? 0), 5)),
      );
      expect(mean(teacher)).toEqual([0, 0]);
      expect(teacher.parameters().some((parameter) => parameter.requiresGrad)).toBe(false);
      new Ema(teacher, student, { buffers: 'copy' }).reset();
      expect(weight(teacher)).toEqual(weight(student));
      expect(mean(teacher)).toEqual(mean(student));
      expect(mean(student)).not.toEqual([0, 0]);
    });
  });

  it('refuses networks that differ and momenta outside of 0..1', () => {
    scope(() => {
      expect(() => new Ema(new Linear(2, 2), new Linear(2, 3))).toThrow('cannot average');
      expect(() => new Ema([tensor([1])], [])).toThrow('1 tensors cannot average 0');
      const ema = new Ema([tensor([1])], [tensor([2])]);
      expect(() => ema.update(1.1)).toThrow('between 0 and 1');
      expect(() => ema.update(Number.NaN)).toThrow('between 0 and 1');
    });
  });
});
