// Reading JavaScript values and making them: the few conversions that do not go through the wire.
#pragma once
#include "errors.h"
#include <cstring>
#include <vector>

namespace muster {

constexpr double kMaxSafeInteger = 9007199254740991.0;

struct Arguments {
  napi_env env;
  napi_value at[8];
  size_t count = 8;
  Arguments(napi_env env, napi_callback_info info) : env(env) { napi_get_cb_info(env, info, &count, at, nullptr, nullptr); }

  double number(size_t i) const {
    double value = 0;
    if (i >= count || napi_get_value_double(env, at[i], &value) != napi_ok) throw ArgumentError("expected a number");
    return value;
  }
  /// A number that is a whole one, not negative and safe.
  size_t natural(size_t i) const {
    double value = number(i);
    if (!(value >= 0 && value <= kMaxSafeInteger) || value != double(size_t(value))) throw ArgumentError("expected a natural number");
    return size_t(value);
  }
  bool boolean(size_t i) const {
    bool value = false;
    if (i >= count || napi_get_value_bool(env, at[i], &value) != napi_ok) throw ArgumentError("expected a boolean");
    return value;
  }
  std::string string(size_t i) const {
    size_t length = 0;
    if (i >= count || napi_get_value_string_utf8(env, at[i], nullptr, 0, &length) != napi_ok) throw ArgumentError("expected a string");
    std::string text(length, 0);
    napi_get_value_string_utf8(env, at[i], text.data(), length + 1, &length);
    return text;
  }
  /// A Float64Array: handles, or sizes.
  std::vector<double> doubles(size_t i) const {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (i >= count || napi_get_typedarray_info(env, at[i], &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array)
      throw ArgumentError("expected a Float64Array");
    auto* begin = static_cast<double*>(data);
    return std::vector<double>(begin, begin + length);
  }
  std::vector<int64_t> sizes(size_t i) const {
    std::vector<int64_t> result;
    for (double size : doubles(i)) {
      if (!(size >= 0 && size <= kMaxSafeInteger) || size != double(int64_t(size))) throw ArgumentError("a size must be a natural number");
      result.push_back(int64_t(size));
    }
    return result;
  }
};

inline napi_value jsNumber(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value jsBoolean(napi_env env, bool boolean) {
  napi_value value;
  napi_get_boolean(env, boolean, &value);
  return value;
}

/// The bytes that `sizes` elements of `type` take, refused where the product leaves 2^53.
inline double byteCount(const std::vector<int64_t>& sizes, at::ScalarType type) {
  double elements = 1;
  for (auto size : sizes) elements *= double(size);
  double bytes = elements * double(c10::elementSize(type));
  if (!(bytes <= kMaxSafeInteger)) throw ArgumentError("the shape is too large");
  return bytes;
}

inline at::ScalarType scalarType(double code) {
  if (!(code >= 0 && code < double(at::ScalarType::Undefined))) throw ArgumentError("unknown dtype code");
  return at::ScalarType(int(code));
}

}  // namespace muster
