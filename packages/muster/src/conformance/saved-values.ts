import assert from 'node:assert/strict';

/** What a fit tells in numbers, and how it is kept. */
interface Told {
  readonly values: Readonly<Record<string, number>>;
  save(folder: string): void;
  dispose(): void;
}

/** Demands that a fit is saved with the values it told, all of them numbers. */
export function demandSavedValues(folder: string, load: (folder: string) => Told, fit: Told): void {
  fit.save(folder);
  const loaded = load(folder);
  assert.deepEqual(loaded.values, fit.values);
  assert.ok(Object.values(fit.values).every(Number.isFinite), JSON.stringify(fit.values));
  loaded.dispose();
}
