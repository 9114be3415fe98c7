// float32 matrix products through oneDNN: MKL takes a slow path on AMD processors. Installed only where it pays (state.h).
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

namespace at::native {
// Exported by libtorch_cpu, its header is not shipped.
TORCH_API void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& result, float beta, float alpha);
}  // namespace at::native

namespace muster {

constexpr double kLargeProduct = 1e6;  // multiply-adds; below, the call itself outweighs the gain

inline bool rowOrColumnMajor(const at::Tensor& m) {
  return (m.stride(1) == 1 && m.stride(0) >= m.size(1)) || (m.stride(0) == 1 && m.stride(1) >= m.size(0));
}

inline bool suitsOneDnn(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat && a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0) &&
         double(a.size(0)) * double(a.size(1)) * double(b.size(1)) > kLargeProduct && rowOrColumnMajor(a) && rowOrColumnMajor(b);
}

inline at::Tensor oneDnnMm(const at::Tensor& a, const at::Tensor& b) {
  if (suitsOneDnn(a, b)) {
    at::Tensor result = at::empty({a.size(0), b.size(1)}, a.options());
    at::native::mkldnn_matmul(a, b, result, 0.f, 1.f);
    return result;
  }
  static auto stock = c10::Dispatcher::singleton().findSchemaOrThrow("aten::mm", "out").typed<at::Tensor&(const at::Tensor&, const at::Tensor&, at::Tensor&)>();
  at::Tensor result = at::empty({0}, a.options());
  return stock.redispatch(c10::DispatchKeySet(c10::DispatchKey::CPU), a, b, result);
}

inline at::Tensor oneDnnAddmm(const at::Tensor& bias, const at::Tensor& a, const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha) {
  bool plainBias = bias.scalar_type() == at::kFloat && bias.dim() == 1 && beta.equal(1) && alpha.equal(1);
  if (plainBias && suitsOneDnn(a, b) && bias.size(0) == b.size(1)) {
    static auto linear = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "");
    torch::jit::Stack stack{a, b.t(), bias, "none", c10::List<std::optional<at::Scalar>>(), ""};
    linear.callBoxed(&stack);
    return stack[0].toTensor();
  }
  static auto stock = c10::Dispatcher::singleton().findSchemaOrThrow("aten::addmm", "out").typed<at::Tensor&(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Scalar&, const at::Scalar&, at::Tensor&)>();
  at::Tensor result = at::empty({0}, a.options());
  return stock.redispatch(c10::DispatchKeySet(c10::DispatchKey::CPU), bias, a, b, beta, alpha, result);
}

/// Replaces the CPU kernels of mm and addmm for good. Silent: the dispatcher warns of every replaced kernel.
inline void installOneDnnMatmul() {
  struct Quiet : c10::WarningHandler { void process(const c10::Warning&) override {} } quiet;
  c10::WarningUtils::WarningHandlerGuard guard(&quiet);
  static auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  library->impl("mm", TORCH_FN(oneDnnMm));
  library->impl("addmm", TORCH_FN(oneDnnAddmm));
}

}  // namespace muster
