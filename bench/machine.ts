import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { engineInfo, hasFastBf16 } from '@muster/torch';
import type { CpuColumn } from './row.ts';

/** The machine that a result was measured on. */
export interface Machine {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly name: string;
  readonly cores: number;
  readonly avx2: boolean;
  readonly avx512: boolean;
  readonly bf16: boolean;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Record<string, string>;
}

/** Fields of the first processor, as the kernel tells them. */
function processorFields(): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0]?.split('\n') ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** Describes this machine and our own versions; the peers add theirs. */
export function describeMachine(): Machine {
  const fields = processorFields();
  const flags = new Set(fields.get('flags')?.split(' ') ?? []);
  return {
    vendor: fields.get('vendor_id') ?? 'unknown',
    family: Number(fields.get('cpu family') ?? -1),
    model: Number(fields.get('model') ?? -1),
    name: fields.get('model name') ?? cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    avx2: flags.has('avx2'),
    avx512: flags.has('avx512f'),
    bf16: hasFastBf16(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions: { node: process.versions.node, libtorch: engineInfo().version },
  };
}

/** Which column of the goals a machine is measured by; undefined where none was set for its CPU. */
export function columnOf(machine: Machine): CpuColumn | undefined {
  if (machine.vendor === 'GenuineIntel') return 'intel';
  if (machine.vendor !== 'AuthenticAMD') return undefined;
  if (machine.family === 26) return 'amd26';
  return machine.family === 25 ? 'amd25' : undefined;
}

/** Name of a machine's kind in file names: results of one kind are kept in one file. */
export function kindOf(machine: Machine): string {
  const vendor = { AuthenticAMD: 'amd', GenuineIntel: 'intel' }[machine.vendor] ?? 'other';
  return `${vendor}-family-${machine.family}-model-${machine.model}`;
}

/** Mean number of running processes in the last minute: above a fraction of the cores, times are not to be trusted. */
export function load(): number {
  return loadavg()[0] ?? 0;
}
