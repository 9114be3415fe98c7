/** The one error type of the engine. */

/**
 * What went wrong:
 * - `E_ARG` an argument of the wrong kind, shape, dtype or value, found before libtorch was called
 * - `E_TORCH` libtorch refused (shapes that do not fit, a second backward pass, ...)
 * - `E_INDEX` an index out of range
 * - `E_NOTIMPL` no kernel for this dtype or device
 * - `E_OOM` the memory budget or the system's memory is spent
 * - `E_DISPOSED` the tensor was disposed of
 * - `E_SCHEMA` this libtorch has another schema for the operator, or none
 * - `E_FORMAT` a file is not what it says it is
 * - `E_NATIVE` anything else from native code
 */
export type TorchErrorCode =
  'E_ARG' | 'E_TORCH' | 'E_INDEX' | 'E_NOTIMPL' | 'E_OOM' | 'E_DISPOSED' | 'E_SCHEMA' | 'E_FORMAT' | 'E_NATIVE';

/** An error of the engine. Its message names the operator and the dtypes and shapes of the arguments given. */
export class TorchError extends Error {
  override readonly name = 'TorchError';
  readonly code: TorchErrorCode;
  /** The operator or function that failed, such as `aten::mm`. */
  readonly operator: string;

  constructor(code: TorchErrorCode, operator: string, message: string, options?: ErrorOptions) {
    super(`${operator}: ${message}`, options);
    this.code = code;
    this.operator = operator;
  }
}
