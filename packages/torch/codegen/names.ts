/** From ATen's names to TypeScript's. */

/** `_foreach_add_` -> `_foreachAdd_`, `log_softmax` -> `logSoftmax`; underscores at both ends stay. */
export function camelCase(name: string): string {
  const [, head = '', body = '', tail = ''] = /^(_*)(.*?)(_*)$/.exec(name) ?? [];
  return head + body.replace(/_+([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase()) + tail;
}

const reserved = new Set(
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
);

/** A name that may stand for a parameter or a local function. */
export const identifier = (name: string): string => (reserved.has(name) ? `${name}_` : name);

/** Whether `name` must be exported under an alias. */
export const isReserved = (name: string): boolean => reserved.has(name);

/** What the class Tensor defines itself: no method is generated for these. */
export const ownMembers = new Set([
  'backward',
  'cpu',
  'cuda',
  'dataBuffer',
  'device',
  'disposed',
  'dispose',
  'dtype',
  'grad',
  'item',
  'ndim',
  'numel',
  'requiresGrad',
  'shape',
  'strides',
  'toFloat32Array',
  'toFloat64Array',
  'toNested',
  'toNumbers',
  'toString',
  'toTypedArray',
]);
