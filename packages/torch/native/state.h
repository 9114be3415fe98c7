// The state of the process: threads, autocast, random generators, memory, devices, what the processor can do.
#pragma once
#include "autograd.h"
#include "convolution.h"
#include "matmul.h"
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <c10/core/DeviceGuard.h>
#include <atomic>
#include <thread>
#include <torch/headeronly/version.h>

namespace at::autocast {
// Exported; their header drags in all of ATen.
TORCH_API bool is_autocast_enabled(at::DeviceType);
TORCH_API void set_autocast_enabled(at::DeviceType, bool);
TORCH_API at::ScalarType get_autocast_dtype(at::DeviceType);
TORCH_API void set_autocast_dtype(at::DeviceType, at::ScalarType);
TORCH_API void clear_cache();
}  // namespace at::autocast

namespace muster {

/// setAutocast(dtype code or -1 for off, device type) -> the previous dtype code or -1. Weights cast so far are forgotten.
inline napi_value setAutocast(napi_env env, napi_callback_info info) {
  return guarded(env, "autocast", [&] {
    Arguments arguments(env, info);
    double dtype = arguments.number(0);
    auto device = at::DeviceType(arguments.natural(1));
    double previous = at::autocast::is_autocast_enabled(device) ? double(int(at::autocast::get_autocast_dtype(device))) : -1;
    if (dtype >= 0) at::autocast::set_autocast_dtype(device, scalarType(dtype));
    at::autocast::set_autocast_enabled(device, dtype >= 0);
    at::autocast::clear_cache();
    return jsNumber(env, previous);
  });
}

/// threads([n]) -> n in use
inline napi_value threads(napi_env env, napi_callback_info info) {
  return guarded(env, "threads", [&] {
    Arguments arguments(env, info);
    if (arguments.count > 0) {
      size_t wanted = arguments.natural(0), most = 4 * std::max(1u, std::thread::hardware_concurrency());
      if (wanted < 1 || wanted > most) throw ArgumentError("the number of threads must lie between 1 and " + std::to_string(most));
      at::set_num_threads(int(wanted));
    }
    return jsNumber(env, at::get_num_threads());
  });
}

inline napi_value manualSeed(napi_env env, napi_callback_info info) {
  return guarded(env, "manualSeed", [&]() -> napi_value {
    at::manual_seed(Arguments(env, info).natural(0));
    return nullptr;
  });
}

/// generator(seed, device) -> handle
inline napi_value newGenerator(napi_env env, napi_callback_info info) {
  return guarded(env, "generator", [&] {
    Arguments arguments(env, info);
    at::Generator generator = at::globalContext().defaultGenerator(deviceOf(arguments.number(1))).clone();
    generator.set_current_seed(arguments.natural(0));
    return jsNumber(env, handles().put(generator));
  });
}

inline at::Generator generatorOf(double handle) {
  if (handle == 0) return at::globalContext().defaultGenerator(at::kCPU);
  const c10::IValue& value = handles().get(handle);
  if (!value.isGenerator()) throw ArgumentError("expected a generator");
  return value.toGenerator();
}

/// generatorState(handle, 0 for the default one [, new state]) -> handle of the state
inline napi_value generatorState(napi_env env, napi_callback_info info) {
  return guarded(env, "generatorState", [&]() -> napi_value {
    Arguments arguments(env, info);
    at::Generator generator = generatorOf(arguments.number(0));
    std::lock_guard<std::mutex> lock(generator.mutex());
    if (arguments.count < 2) return jsNumber(env, handles().put(generator.get_state()));
    generator.set_state(handles().tensor(arguments.number(1)));
    return nullptr;
  });
}

/// memory([budget]) -> wire: bytes live, cached, at the peak, allowed
inline napi_value memory(napi_env env, napi_callback_info info) {
  return guarded(env, "memory", [&]() -> napi_value {
    Arguments arguments(env, info);
    auto& allocator = CachingAllocator::instance();
    if (arguments.count > 0) {
      double budget = arguments.number(0);
      if (!(budget > 0)) throw ArgumentError("the memory budget must be positive");
      allocator.setBudget(budget >= kMaxSafeInteger ? SIZE_MAX : size_t(budget));
    }
    double* out = wire().numbers;
    out[0] = double(allocator.live());
    out[1] = double(allocator.cached());
    out[2] = double(allocator.peak());
    out[3] = double(std::min<size_t>(allocator.budget(), size_t(kMaxSafeInteger)));
    return nullptr;
  });
}

inline napi_value resetPeakMemory(napi_env, napi_callback_info) {
  CachingAllocator::instance().resetPeak();
  return nullptr;
}

inline napi_value trimMemory(napi_env, napi_callback_info) {
  CachingAllocator::instance().trim();
  malloc_trim(0);
  return nullptr;
}

inline napi_value cudaDevices(napi_env env, napi_callback_info) {
  return guarded(env, "cuda", [&] {
    double count = 0;
    if (at::hasCUDA()) {
      auto* hooks = c10::impl::getDeviceGuardImpl(at::kCUDA);
      count = double(hooks->deviceCount());
    }
    return jsNumber(env, count);
  });
}

inline napi_value version(napi_env env, napi_callback_info) { return jsString(env, TORCH_VERSION); }

/// kernelThreads() -> on how many threads the addon's own kernels run: one where its compiler had no OpenMP.
inline napi_value kernelThreads(napi_env env, napi_callback_info info) {
  return guarded(env, "kernelThreads", [&] {
    std::atomic<int> calls{0};
    at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) { calls++; });
    return jsNumber(env, calls);
  });
}

inline napi_value useOneDnnMatmul(napi_env env, napi_callback_info) {
  return guarded(env, "useOneDnnMatmul", []() -> napi_value {
    installOneDnnMatmul();
    return nullptr;
  });
}

/// useWinograd() -> whether this build has it. The caller knows that the processor has AVX2 and FMA.
inline napi_value useWinograd(napi_env env, napi_callback_info info) {
  return guarded(env, "useWinograd", [&] { return jsBoolean(env, installWinograd()); });
}

}  // namespace muster
