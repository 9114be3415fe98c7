import type { DType } from '../dtype.ts';

/** What a type of the format is: its width, and the engine's dtype; null where libtorch has none with the same bytes. */
export interface ElementType {
  readonly bits: number;
  readonly dtype: DType | null;
}

/**
 * The closed list of element types of safetensors 0.8, narrow ones first: written files hold their tensors in the
 * reverse of this order, so that every tensor is aligned to its own element size.
 */
export const elementTypes = {
  BOOL: { bits: 8, dtype: 'bool' },
  F4: { bits: 4, dtype: null },
  F6_E2M3: { bits: 6, dtype: null },
  F6_E3M2: { bits: 6, dtype: null },
  U8: { bits: 8, dtype: 'uint8' },
  I8: { bits: 8, dtype: 'int8' },
  F8_E5M2: { bits: 8, dtype: 'float8_e5m2' },
  F8_E4M3: { bits: 8, dtype: 'float8_e4m3fn' },
  F8_E8M0: { bits: 8, dtype: 'float8_e8m0fnu' },
  F8_E4M3FNUZ: { bits: 8, dtype: 'float8_e4m3fnuz' },
  F8_E5M2FNUZ: { bits: 8, dtype: 'float8_e5m2fnuz' },
  I16: { bits: 16, dtype: 'int16' },
  U16: { bits: 16, dtype: 'uint16' },
  F16: { bits: 16, dtype: 'float16' },
  BF16: { bits: 16, dtype: 'bfloat16' },
  I32: { bits: 32, dtype: 'int32' },
  U32: { bits: 32, dtype: 'uint32' },
  F32: { bits: 32, dtype: 'float32' },
  C64: { bits: 64, dtype: 'complex64' },
  F64: { bits: 64, dtype: 'float64' },
  I64: { bits: 64, dtype: 'int64' },
  U64: { bits: 64, dtype: 'uint64' },
} as const satisfies Record<string, ElementType>;

/** Name of an element type in a header. */
export type ElementTypeName = keyof typeof elementTypes;

/** Whether a text names an element type; upper and lower case differ. */
export function isElementTypeName(text: string): text is ElementTypeName {
  return Object.hasOwn(elementTypes, text);
}

const names = Object.keys(elementTypes).filter(isElementTypeName);

/** The format's name of an engine dtype; undefined where the format has none (complex128). */
export function elementTypeOf(dtype: DType): ElementTypeName | undefined {
  return names.find((name) => elementTypes[name].dtype === dtype);
}

/** Place of a type in the format's order of alignment: tensors are written from the highest place down. */
export function alignmentRank(name: ElementTypeName): number {
  return names.indexOf(name);
}
