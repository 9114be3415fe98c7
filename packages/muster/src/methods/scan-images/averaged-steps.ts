import type { Module } from '@muster/torch/nn';
import { Ema } from '@muster/torch/optim';

/**
 * A moving average of a network's weights as SCAN's code has it: after every step the network itself takes the average, and its running
 * statistics stay as they were. Between steps the two are the same, so that the network's state is the average's as well.
 *
 * @source SCAN's code, .999 for its ImageNet subsets; with momentum m a step goes 1 - m of its way
 */
export class AveragedSteps implements Disposable {
  private readonly network: Module;
  private readonly average: Module;
  private readonly momentum: number;
  private readonly ema: Ema;

  /** @param average another network of the same shape, taken over */
  constructor(network: Module, average: Module, momentum: number) {
    this.network = network;
    this.average = average;
    this.momentum = momentum;
    this.ema = new Ema(average, network);
  }

  /** Before the first step, or after the network was read from a checkpoint. */
  begin(): void {
    this.average.loadStateDict(this.network.stateDict());
  }

  /** After each step. What is no number is left to the loss, which stops the training by name. */
  afterStep(): void {
    this.ema.update(this.momentum);
    this.network.loadStateDict(this.average.stateDict(), { allowNonFinite: true });
  }

  [Symbol.dispose](): void {
    this.average.dispose();
  }
}
