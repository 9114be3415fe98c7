/** Files of tensors: safetensors both ways, and PyTorch's legacy format for reading. */
export { SafetensorsFile, openSafetensors, parseSafetensors, readSafetensors } from './safetensors-read.ts';
export { writeSafetensors } from './safetensors-write.ts';
export type { TensorEntries } from './safetensors-write.ts';
export { headerLimits, parseSafetensorsHeader, readHeaderLength } from './safetensors-header.ts';
export type { SafetensorsHeader, TensorInfo } from './safetensors-header.ts';
export { elementTypes } from './safetensors-types.ts';
export type { ElementType, ElementTypeName } from './safetensors-types.ts';
export { readLegacyPth } from './legacy-pth.ts';
export { writeFileAtomically } from './atomic-file.ts';
