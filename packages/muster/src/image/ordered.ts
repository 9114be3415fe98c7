/** How {@link mapOrdered} runs. */
export interface OrderedOptions {
  /** Jobs at once. */
  concurrency: number;
  /** Results that may be finished or under way ahead of the consumer; at least `concurrency`. */
  ahead?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs an asynchronous job on every item, several at once, and yields the results in the items' order. Work goes on
 * while the consumer is busy, up to `ahead` results. When the consumer stops early, nothing new is started and what
 * runs is waited for.
 *
 * @throws what a job throws, when its turn comes; the signal's reason once it is aborted
 */
export async function* mapOrdered<Item, Result>(
  items: readonly Item[],
  job: (item: Item, index: number) => Promise<Result>,
  options: OrderedOptions,
): AsyncGenerator<Result, void, undefined> {
  const { concurrency, signal } = options;
  const ahead = Math.max(options.ahead ?? concurrency, concurrency);
  const pending = new Map<number, Promise<Result>>();
  let next = 0;
  let running = 0;
  let taken = 0;
  let stopped = false;
  const start = (): void => {
    while (
      !stopped &&
      signal?.aborted !== true &&
      next < items.length &&
      running < concurrency &&
      next - taken < ahead
    ) {
      const index = next++;
      running++;
      const result = job(items[index] as Item, index);
      pending.set(index, result);
      const done = (): void => {
        running--;
        start();
      };
      result.then(done, done);
    }
  };
  try {
    for (; taken < items.length; taken++) {
      start();
      signal?.throwIfAborted();
      const result = await pending.get(taken);
      signal?.throwIfAborted();
      pending.delete(taken);
      yield result as Result;
    }
  } finally {
    stopped = true;
    await Promise.allSettled(pending.values());
  }
}

/** A bounded amount of something; asks are served in order. One larger than the whole is served alone. */
export class Budget {
  private used = 0;
  private readonly total: number;
  private readonly waiting: { amount: number; grant: () => void }[] = [];

  constructor(total: number) {
    this.total = total;
  }

  /** Waits for room; the returned function gives it back and must be called once. */
  async reserve(amount: number): Promise<() => void> {
    await new Promise<void>((grant) => {
      this.waiting.push({ amount, grant });
      this.serve();
    });
    return () => {
      this.used -= amount;
      this.serve();
    };
  }

  private serve(): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      if (this.used > 0 && this.used + first.amount > this.total) return;
      this.waiting.shift();
      this.used += first.amount;
      first.grant();
    }
  }
}
