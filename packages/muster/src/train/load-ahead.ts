import { Tensor } from '@muster/torch';

/** What batches are taken from: an epoch. */
export interface BatchSource<Batch> {
  readonly steps: number;
  load?(index: number): Promise<Batch>;
}

/** Batches of an epoch in order, each assembled while the step before it runs. */
export class LoadAhead<Batch> {
  private readonly epoch: BatchSource<Batch>;
  private next: { readonly step: number; readonly batch: Promise<Batch> } | null = null;

  constructor(epoch: BatchSource<Batch>) {
    this.epoch = epoch;
  }

  /** The batch of a step; that of the following one is begun before this one is given. */
  async take(step: number): Promise<Batch> {
    const batch = this.next?.step === step ? this.next.batch : this.begin(step);
    this.next = null;
    const taken = await batch;
    if (step + 1 < this.epoch.steps) this.next = { step: step + 1, batch: this.begin(step + 1) };
    return taken;
  }

  /** Waits for what is under way and frees it. */
  async close(): Promise<void> {
    const { next } = this;
    this.next = null;
    if (next !== null) await next.batch.then(freeTensors, () => undefined); // nobody wants it any more
  }

  private begin(step: number): Promise<Batch> {
    const batch = this.epoch.load?.(step) ?? Promise.resolve(undefined as Batch);
    batch.catch(() => undefined); // its error is thrown where it is taken, perhaps some turns later
    return batch;
  }
}

/** Frees the tensors of a batch: itself, or those in its arrays, maps and fields. */
export function freeTensors(value: unknown): void {
  if (value instanceof Tensor) value.dispose();
  else if (Array.isArray(value) || value instanceof Map) for (const part of value.values()) freeTensors(part);
  else if (isPlainObject(value)) for (const part of Object.values(value)) freeTensors(part);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}
