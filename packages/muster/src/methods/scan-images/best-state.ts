import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Module } from '@muster/torch/nn';

/** A network's state at the epoch of the lowest score so far; part of a training's state. */
export class BestState implements Disposable {
  private readonly network: Module;
  private readonly score: (epoch: number) => number;
  private readonly kept: ReadonlyMap<string, Tensor>;
  /** float64 [1]: the lowest score, infinite before there is one. */
  private readonly lowest: Tensor;

  /** @param score of the network as it is after an epoch; lower is better */
  constructor(network: Module, score: (epoch: number) => number) {
    this.network = network;
    this.score = score;
    this.kept = new Map([...network.stateDict()].map(([name, value]) => [name, scope(() => value.detach().clone())]));
    this.lowest = torch.full([1], Infinity, { dtype: 'float64' });
  }

  /** Keeps the network's state where its score is lower than all before; of equal ones the first. */
  offer(epoch: number): void {
    const score = this.score(epoch);
    if (!(score < this.lowest.item())) return;
    this.lowest.fill_(score);
    this.copy(this.network.stateDict(), this.kept);
  }

  /** Gives the network the state that was kept, where one was. */
  restore(): void {
    if (this.lowest.item() < Infinity) this.copy(this.kept, this.network.stateDict());
  }

  /** The lowest score; infinite where none was offered. */
  get loss(): number {
    return this.lowest.item();
  }

  state(): Map<string, Tensor> {
    return new Map([
      ['best.loss', this.lowest],
      ...[...this.kept].map(([name, value]) => [`best.${name}`, value] as const),
    ]);
  }

  [Symbol.dispose](): void {
    for (const value of this.state().values()) value.dispose();
  }

  private copy(from: ReadonlyMap<string, Tensor>, into: ReadonlyMap<string, Tensor>): void {
    noGrad(() =>
      scope(() => {
        for (const [name, value] of into) {
          const source = from.get(name);
          if (source !== undefined) value.detach().copy_(source);
        }
      }),
    );
  }
}
