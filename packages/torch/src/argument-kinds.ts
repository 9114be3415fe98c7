/** What may stand for an argument of each kind: the tests by which an overload is chosen. */
import { dtypeCodes, isDevice, layoutCodes, memoryFormatCodes } from './dtype.ts';
import { Generator } from './generator.ts';
import { NativeObject } from './native-object.ts';
import { Tensor } from './tensor.ts';

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isListOf =
  (element: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && (value.length === 0 || element(value[0]));

const integers = isListOf(Number.isInteger);

export const is = {
  tensor: (value: unknown): boolean => value instanceof Tensor,
  integer: (value: unknown): boolean => Number.isInteger(value),
  float: isNumber,
  boolean: (value: unknown): boolean => typeof value === 'boolean',
  scalar: (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean',
  string: (value: unknown): boolean => typeof value === 'string',
  dtype: (value: unknown): boolean => typeof value === 'string' && value in dtypeCodes,
  layout: (value: unknown): boolean => typeof value === 'string' && value in layoutCodes,
  memoryFormat: (value: unknown): boolean => typeof value === 'string' && value in memoryFormatCodes,
  device: (value: unknown): boolean => typeof value === 'string' && isDevice(value),
  generator: (value: unknown): boolean => value instanceof Generator,
  object: (value: unknown): boolean => value instanceof NativeObject,
  tensors: isListOf((value) => value instanceof Tensor),
  optionalTensors: isListOf((value) => value === null || value instanceof Tensor),
  integers,
  integersOrOne: (value: unknown): boolean => Number.isInteger(value) || integers(value),
  floats: isListOf(isNumber),
  booleans: isListOf((value) => typeof value === 'boolean'),
  scalars: isListOf(isNumber),
  optionalScalars: isListOf((value) => value === null || typeof value === 'number'),
  strings: isListOf((value) => typeof value === 'string'),
};
