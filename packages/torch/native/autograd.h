// Autograd: backward passes and gradients; everything else of it comes with the operators.
#pragma once
#include "tensors.h"
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace muster {

/// Handle 0 stands for "none".
inline std::vector<at::Tensor> tensorsOf(const std::vector<double>& list) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(list.size());
  for (double handle : list) tensors.push_back(handle == 0 ? at::Tensor() : handles().tensor(handle));
  return tensors;
}

/// Room in the wire for a result of each tensor.
inline void checkRoom(size_t count) {
  if (count > kWireDoubles) throw ArgumentError("at most " + std::to_string(kWireDoubles) + " tensors at a time, " + std::to_string(count) + " were given");
}

inline double handleOf(const at::Tensor& tensor) { return tensor.defined() ? handles().put(tensor) : 0; }

/// backward(outputs, gradients of outputs, retain graph, create graph)
inline napi_value backward(napi_env env, napi_callback_info info) {
  return guarded(env, "backward", [&]() -> napi_value {
    Arguments arguments(env, info);
    torch::autograd::backward(tensorsOf(arguments.doubles(0)), tensorsOf(arguments.doubles(1)), arguments.boolean(2), arguments.boolean(3));
    reportMemory(env);
    return nullptr;
  });
}

/// gradients(outputs, inputs, gradients of outputs, retain graph, create graph, allow unused) -> wire: a handle for each input
inline napi_value gradients(napi_env env, napi_callback_info info) {
  return guarded(env, "grad", [&]() -> napi_value {
    Arguments arguments(env, info);
    auto inputs = tensorsOf(arguments.doubles(1));
    checkRoom(inputs.size());
    auto result = torch::autograd::grad(tensorsOf(arguments.doubles(0)), inputs, tensorsOf(arguments.doubles(2)),
                                        arguments.boolean(3), arguments.boolean(4), arguments.boolean(5));
    size_t position = 0;
    for (const auto& gradient : result) wire().numbers[position++] = handleOf(gradient);
    return nullptr;
  });
}

/// gradsOf(handles) -> wire: the accumulated gradient of each, 0 where there is none
inline napi_value gradsOf(napi_env env, napi_callback_info info) {
  return guarded(env, "grad", [&]() -> napi_value {
    auto tensors = tensorsOf(Arguments(env, info).doubles(0));
    checkRoom(tensors.size());
    size_t position = 0;
    for (const auto& tensor : tensors) wire().numbers[position++] = handleOf(tensor.grad());
    return nullptr;
  });
}

/// setGrads(handles, gradients): 0 clears
inline napi_value setGrads(napi_env env, napi_callback_info info) {
  return guarded(env, "grad", [&]() -> napi_value {
    Arguments arguments(env, info);
    auto tensors = tensorsOf(arguments.doubles(0)), values = tensorsOf(arguments.doubles(1));
    if (tensors.size() != values.size()) throw ArgumentError("as many gradients as tensors are needed");
    for (size_t i = 0; i < tensors.size(); i++) {
      if (values[i].defined() && !values[i].sizes().equals(tensors[i].sizes())) throw ArgumentError("a gradient has another shape than its tensor");
      tensors[i].mutable_grad() = values[i];
    }
    return nullptr;
  });
}

inline napi_value setRequiresGrad(napi_env env, napi_callback_info info) {
  return guarded(env, "requiresGrad", [&]() -> napi_value {
    Arguments arguments(env, info);
    handles().tensor(arguments.number(0)).set_requires_grad(arguments.boolean(1));
    return nullptr;
  });
}

inline napi_value setGradMode(napi_env env, napi_callback_info info) {
  return guarded(env, "gradMode", [&] {
    bool previous = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(Arguments(env, info).boolean(0));
    return jsBoolean(env, previous);
  });
}

}  // namespace muster
