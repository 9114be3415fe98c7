// Exceptions of the engine and their way into JavaScript: everything that is thrown below becomes a TorchError.
#pragma once
#include <node_api.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <stdexcept>
#include <string>

namespace muster {

struct DisposedError : std::runtime_error { using std::runtime_error::runtime_error; };
struct ArgumentError : std::runtime_error { using std::runtime_error::runtime_error; };

struct Failure {
  std::string code, message;
};

/// Sorts the exception in flight into a code and a text without a backtrace. Call inside a catch block only.
inline Failure currentFailure() {
  try { throw; }
  catch (const DisposedError& e) { return {"E_DISPOSED", e.what()}; }
  catch (const ArgumentError& e) { return {"E_ARG", e.what()}; }
  catch (const c10::OutOfMemoryError& e) { return {"E_OOM", e.what_without_backtrace()}; }
  catch (const c10::NotImplementedError& e) { return {"E_NOTIMPL", e.what_without_backtrace()}; }
  catch (const c10::IndexError& e) { return {"E_INDEX", e.what_without_backtrace()}; }
  catch (const c10::Error& e) { return {"E_TORCH", e.what_without_backtrace()}; }
  catch (const std::bad_alloc&) { return {"E_OOM", "out of memory"}; }
  catch (const std::exception& e) { return {"E_NATIVE", e.what()}; }
  catch (...) { return {"E_NATIVE", "unknown native exception"}; }
}

inline napi_value jsString(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

/// (code, operator, message) -> TorchError, registered by errors.ts.
inline napi_ref errorFactory = nullptr;

inline napi_value makeError(napi_env env, const std::string& where, const Failure& failure) {
  napi_value factory = nullptr, error = nullptr, receiver;
  if (errorFactory) napi_get_reference_value(env, errorFactory, &factory);
  napi_value argv[3] = {jsString(env, failure.code), jsString(env, where), jsString(env, failure.message)};
  napi_get_undefined(env, &receiver);
  if (factory && napi_call_function(env, receiver, factory, 3, argv, &error) == napi_ok && error) return error;
  napi_create_error(env, argv[0], jsString(env, where + ": " + failure.message), &error);
  return error;
}

/// Runs `body`; an exception becomes a pending JavaScript error that names `where`.
template <class Body>
napi_value guarded(napi_env env, const char* where, Body&& body) {
  try { return body(); }
  catch (...) {
    napi_throw(env, makeError(env, where, currentFailure()));
    return nullptr;
  }
}

}  // namespace muster
