import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isListOf, isRecord } from './case.ts';
import type { CaseRecord, Comparison, Tolerance } from './case.ts';

/** A pack's folder is not one this program understands. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Reads `manifest.json` of a pack.
 * @param folder the pack's folder
 * @returns the cases in the manifest's order
 * @throws ManifestError naming the file where it is missing, no JSON, of another format, or a case lacks a field.
 */
export function readManifest(folder: string): CaseRecord[] {
  const path = join(folder, 'manifest.json');
  const manifest = parse(path);
  if (!isRecord(manifest) || manifest['format'] !== 1 || !Array.isArray(manifest['cases'])) {
    throw new ManifestError(`${path}: not a manifest of format 1`);
  }
  const seen = new Set<string>();
  return manifest['cases'].map((fields: unknown, index) => {
    const record = readCase(fields, `${path}: case ${index}`);
    if (seen.has(record.id)) throw new ManifestError(`${path}: two cases are called ${record.id}`);
    seen.add(record.id);
    return record;
  });
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ManifestError(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function readCase(fields: unknown, where: string): CaseRecord {
  if (!isRecord(fields)) throw new ManifestError(`${where} is no object`);
  const id = text(fields, 'id', where);
  const named = `${where} (${id})`;
  const params = fields['params'] ?? {};
  if (!isRecord(params)) throw new ManifestError(`${named}: params is no object`);
  return {
    id,
    kind: text(fields, 'kind', named),
    params,
    file: optionalText(fields, 'file', named),
    prefix: optionalText(fields, 'prefix', named) ?? '',
    inputs: names(fields, 'inputs', named),
    outputs: names(fields, 'outputs', named),
    weights: optionalText(fields, 'weights', named),
    weightsFile: optionalText(fields, 'weightsFile', named),
    tolerance: tolerance(fields, named),
    tol: perOutput(fields, 'tol', named, tolerance),
    compare: perOutput(fields, 'compare', named, comparison),
    json: fields['json'],
  };
}

function text(fields: Record<string, unknown>, key: string, where: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new ManifestError(`${where}: ${key} is no text`);
  return value;
}

function optionalText(fields: Record<string, unknown>, key: string, where: string): string | undefined {
  return fields[key] === undefined || fields[key] === null ? undefined : text(fields, key, where);
}

function names(fields: Record<string, unknown>, key: string, where: string): string[] {
  const value = fields[key] ?? [];
  if (!isListOf(value, (element) => typeof element === 'string')) {
    throw new ManifestError(`${where}: ${key} is no list of names`);
  }
  return value;
}

function tolerance(fields: Record<string, unknown>, where: string): Tolerance {
  return { rtol: amount(fields, 'rtol', where) ?? 0, atol: amount(fields, 'atol', where) ?? 0 };
}

function comparison(fields: Record<string, unknown>, where: string): Comparison {
  return {
    how: text(fields, 'how', where),
    mean: amount(fields, 'mean', where),
    max: amount(fields, 'max', where),
    share: amount(fields, 'share', where),
    atol: amount(fields, 'atol', where),
  };
}

function amount(fields: Record<string, unknown>, key: string, where: string): number | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !(value >= 0)) throw new ManifestError(`${where}: ${key} is no amount`);
  return value;
}

function perOutput<T>(
  fields: Record<string, unknown>,
  key: string,
  where: string,
  read: (fields: Record<string, unknown>, where: string) => T,
): Record<string, T> {
  const value = fields[key] ?? {};
  if (!isRecord(value)) throw new ManifestError(`${where}: ${key} is no object`);
  const entries = Object.entries(value).map(([output, rule]): [string, T] => {
    if (!isRecord(rule)) throw new ManifestError(`${where}: ${key} of ${output} is no object`);
    return [output, read(rule, `${where}: ${key} of ${output}`)];
  });
  return Object.fromEntries(entries);
}
