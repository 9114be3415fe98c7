/** Element types, devices and layouts: their names here and their numbers in libtorch. */
import { TorchError } from './errors.ts';

/** Element types by libtorch's number. */
export const dtypeCodes = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  complex32: 8,
  complex64: 9,
  complex128: 10,
  bool: 11,
  bfloat16: 15,
  float8_e5m2: 23,
  float8_e4m3fn: 24,
  float8_e5m2fnuz: 25,
  float8_e4m3fnuz: 26,
  uint16: 27,
  uint32: 28,
  uint64: 29,
  float8_e8m0fnu: 44,
} as const;

export type DType = keyof typeof dtypeCodes;
/** A number stays an integer scalar where it is a safe integer, and is a float scalar otherwise. */
export type Scalar = number | boolean;
export type Device = 'cpu' | 'meta' | 'cuda' | `cuda:${number}`;

export const layoutCodes = { strided: 0, sparse: 1, sparseCsr: 2, mkldnn: 3 } as const;
export type Layout = keyof typeof layoutCodes;

export const memoryFormatCodes = { contiguous: 0, preserve: 1, channelsLast: 2, channelsLast3d: 3 } as const;
export type MemoryFormat = keyof typeof memoryFormatCodes;

const namesByCode = new Map<number, DType>(Object.entries(dtypeCodes).map(([name, code]) => [code, name as DType]));

/** The name of libtorch's number of an element type. */
export function dtypeOf(code: number): DType {
  const name = namesByCode.get(code);
  if (name === undefined) throw new TorchError('E_ARG', 'dtype', `libtorch's type number ${code} has no name here`);
  return name;
}

const bytesPerElement: Record<DType, number> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  complex32: 4,
  complex64: 8,
  complex128: 16,
  bool: 1,
  bfloat16: 2,
  float8_e5m2: 1,
  float8_e4m3fn: 1,
  float8_e5m2fnuz: 1,
  float8_e4m3fnuz: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float8_e8m0fnu: 1,
};

/** Bytes of one element. */
export const elementSize = (dtype: DType): number => bytesPerElement[dtype];

/** Whether the type holds real numbers in floating point. */
export const isFloatingPoint = (dtype: DType): boolean => dtype.startsWith('float') || dtype === 'bfloat16';

const deviceTypes = { cpu: 0, cuda: 1, meta: 15 } as const;
const devicePattern = /^(cpu|cuda|meta)(?::(\d{1,2}))?$/;
const deviceCodes = new Map<string, number>();

/** Whether the text names a device. */
export const isDevice = (text: string): text is Device => devicePattern.test(text);

/** A device as it crosses the wire: type * 256 + index + 1. */
export function deviceCode(device: string): number {
  const known = deviceCodes.get(device);
  if (known !== undefined) return known;
  const match = devicePattern.exec(device);
  if (!match) throw new TorchError('E_ARG', 'device', `expected 'cpu', 'cuda' or 'cuda:<n>', got '${device}'`);
  const code =
    deviceTypes[match[1] as keyof typeof deviceTypes] * 256 + (match[2] === undefined ? 0 : Number(match[2]) + 1);
  deviceCodes.set(device, code);
  return code;
}

/** The name of a device from libtorch's type and index (-1: none). */
export function deviceOf(type: number, index: number): Device {
  if (type === 0) return 'cpu';
  if (type === 1) return index < 0 ? 'cuda' : `cuda:${index}`;
  return 'meta';
}
