// float32 convolutions of 3x3, stride 1, padding 1 by Winograd's algorithm (winograd.h) where that takes less work than oneDNN's direct
// one. Everything else goes to the stock kernels. Installed only on processors where it pays (engine-info.ts).
#pragma once
#include "matmul.h"
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MUSTER_WINOGRAD 1
#include "winograd.h"
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <array>

namespace at::native {
// Exported by libtorch_cpu, their headers are not shipped.
TORCH_API Tensor convolution(const Tensor&, const Tensor&, const std::optional<Tensor>&, IntArrayRef, IntArrayRef, IntArrayRef, bool, IntArrayRef, int64_t);
TORCH_API std::tuple<Tensor, Tensor, Tensor> convolution_backward(const Tensor&, const Tensor&, const Tensor&, OptionalIntArrayRef, IntArrayRef, IntArrayRef, IntArrayRef, bool, IntArrayRef, int64_t, std::array<bool, 3>);
}  // namespace at::native

namespace muster {

constexpr int64_t kMostPoints = 8 << 20;  // numbers of a layer's weights as points
constexpr int64_t kLeastTiles = 96;       // fewer do not repay transforming the weights
constexpr double kMostProducts = 0.5;     // of those of a direct convolution
constexpr int64_t kChunkBytes = 6 << 20;  // of transformed tiles that weights' derivatives are summed over at a time

struct ConvolutionPlace { at::IntArrayRef stride, padding, dilation; bool transposed; int64_t groups; };

inline bool allEqual(at::IntArrayRef values, int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [&](int64_t value) { return value == wanted; });
}

inline bool isImages(const at::Tensor& t) { return t.dim() == 4 && t.scalar_type() == at::kFloat && t.device().is_cpu() && t.layout() == at::kStrided; }

inline winograd::Shape shapeOf(const at::Tensor& x, const at::Tensor& weight) { return {x.size(0), x.size(2), x.size(3), weight.size(1), weight.size(0)}; }

/// Outputs of a tile, each way.
inline int64_t tilingOf(const winograd::Shape& s) { return s.products(3) < s.products(4) ? 3 : 4; }

/// Whether a convolution of x [n, in, h, w] with weight [out, in, 3, 3] is one for winograd.h.
inline bool suitsWinograd(const at::Tensor& x, const at::Tensor& weight, const ConvolutionPlace& place) {
  if (!isImages(x) || !isImages(weight) || place.transposed || place.groups != 1 || weight.size(2) != 3 || weight.size(3) != 3) return false;
  if (!allEqual(place.stride, 1) || !allEqual(place.padding, 1) || !allEqual(place.dilation, 1)) return false;
  if (!x.is_contiguous(at::MemoryFormat::ChannelsLast) || x.size(1) != weight.size(1)) return false;
  winograd::Shape s = shapeOf(x, weight);
  if (s.in % winograd::kPanel != 0 || s.out % winograd::kPanel != 0 || s.images * s.height * s.width == 0) return false;
  int64_t m = tilingOf(s);
  double direct = 9 * double(s.images) * double(s.height) * double(s.width);
  return s.tiles(m) >= kLeastTiles && double(s.products(m)) <= kMostProducts * direct && (m + 2) * (m + 2) * s.in * s.out <= kMostPoints;
}

/// Images [n, in, h, w] by taps [3, 3, in, out], both in memory as their names say, the images channels-last.
template <int64_t M>
inline at::Tensor convolveBy(const winograd::Shape& s, const at::Tensor& x, const at::Tensor& taps) {
  using namespace winograd;
  constexpr int64_t P = Tiling<M>::P;
  at::Tensor points = at::empty({P * s.in * s.out}, x.options());
  at::parallel_for(0, s.in, 8, [&](int64_t first, int64_t last) {
    transformWeights<M>(taps.const_data_ptr<float>(), s.in, s.out, points.mutable_data_ptr<float>(), first, last);
  });
  at::Tensor y = at::empty({s.images, s.out, s.height, s.width}, x.options(), at::MemoryFormat::ChannelsLast);
  at::Tensor zeros = at::zeros({s.in}, x.options());
  const float *from = x.const_data_ptr<float>(), *weights = points.const_data_ptr<float>(), *nothing = zeros.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  at::parallel_for(0, forwardBlocks<M>(s), 1, [&](int64_t first, int64_t last) {
    // Rows beyond the last tile are multiplied, too, and dropped: what lies there must only be numbers.
    at::Tensor scratch = at::zeros({forwardScratch<M>(s)}, x.options());
    for (int64_t block = first; block < last; block++) convolveBlock<M>(s, from, weights, to, block, scratch.mutable_data_ptr<float>(), nothing);
  });
  return y;
}

inline at::Tensor convolve(const winograd::Shape& s, const at::Tensor& x, const at::Tensor& taps) {
  return tilingOf(s) == 4 ? convolveBy<4>(s, x, taps) : convolveBy<3>(s, x, taps);
}

/// The derivative by the weight [out, in, 3, 3] of a convolution of x, given the one by its result; both channels-last.
template <int64_t M>
inline at::Tensor weightGradientBy(const winograd::Shape& s, const at::Tensor& x, const at::Tensor& dy) {
  using namespace winograd;
  constexpr int64_t P = Tiling<M>::P;
  const int64_t tiles = s.tiles(M), chunk = std::min(tiles, std::clamp<int64_t>(kChunkBytes / (4 * P * (s.in + s.out)), 32, 1024));
  at::Tensor inputs = at::empty({P * pointStep(s.in, chunk)}, x.options()), outputs = at::empty({P * pointStep(s.out, chunk)}, x.options());
  at::Tensor sums = at::zeros({P * s.in * s.out}, x.options()), zeros = at::zeros({std::max(s.in, s.out)}, x.options());
  const float *nothing = zeros.const_data_ptr<float>(), *images = x.const_data_ptr<float>(), *gradients = dy.const_data_ptr<float>();
  float *v = inputs.mutable_data_ptr<float>(), *m = outputs.mutable_data_ptr<float>(), *du = sums.mutable_data_ptr<float>();
  const int64_t panels = s.in / kPanel;
  for (int64_t first = 0; first < tiles; first += chunk) {
    const int64_t count = std::min(chunk, tiles - first);
    at::parallel_for(0, count, 4, [&](int64_t from, int64_t to) {
      for (int64_t t = from; t < to; t++) {
        storeInputPoints<M>(s, images, nothing, first, count, t, v);
        storeGradientPoints<M>(s, gradients, nothing, first, count, t, m);
      }
    });
    at::parallel_for(0, P * panels, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) accumulateWeights(s, v, m, count, du, i / panels, i % panels);
    });
  }
  at::Tensor taps = at::empty({3, 3, s.in, s.out}, x.options());
  at::parallel_for(0, s.in, 8, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) gradientOfTaps<M>(s, du, taps.mutable_data_ptr<float>(), i);
  });
  return taps.permute({3, 2, 0, 1}).contiguous(at::MemoryFormat::ChannelsLast);
}

inline at::Tensor weightGradient(const winograd::Shape& s, const at::Tensor& x, const at::Tensor& dy) {
  return tilingOf(s) == 4 ? weightGradientBy<4>(s, x, dy) : weightGradientBy<3>(s, x, dy);
}

inline at::Tensor winogradConvolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef outputPadding, int64_t groups) {
  bool plain = !bias || !bias->defined();
  if (!plain || !suitsWinograd(x, weight, {stride, padding, dilation, transposed, groups}))
    return at::native::convolution(x, weight, bias, stride, padding, dilation, transposed, outputPadding, groups);
  return convolve(shapeOf(x, weight), x, weight.permute({2, 3, 1, 0}).contiguous());
}

inline std::tuple<at::Tensor, at::Tensor, at::Tensor> winogradConvolutionBackward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, at::OptionalIntArrayRef biasSizes, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef outputPadding, int64_t groups, std::array<bool, 3> wanted) {
  if (wanted[2] || !isImages(dy) || !suitsWinograd(x, weight, {stride, padding, dilation, transposed, groups}))
    return at::native::convolution_backward(dy, x, weight, biasSizes, stride, padding, dilation, transposed, outputPadding, groups, wanted);
  winograd::Shape s = shapeOf(x, weight);
  at::Tensor gradients = dy.contiguous(at::MemoryFormat::ChannelsLast), dx, dw;
  if (wanted[0]) {
    winograd::Shape back{s.images, s.height, s.width, s.out, s.in};
    dx = convolve(back, gradients, weight.flip({2, 3}).permute({2, 3, 0, 1}).contiguous());
  }
  if (wanted[1]) dw = weightGradient(s, x, gradients);
  return {dx, dw, at::Tensor()};
}

/// Replaces the CPU kernels of convolution for good. Silent: the dispatcher warns of every replaced kernel.
inline bool installWinograd() {
  struct Quiet : c10::WarningHandler { void process(const c10::Warning&) override {} } quiet;
  c10::WarningUtils::WarningHandlerGuard guard(&quiet);
  static auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  library->impl("convolution", TORCH_FN(winogradConvolution));
  library->impl("convolution_backward", TORCH_FN(winogradConvolutionBackward));
  return true;
}

}  // namespace muster

#else

namespace muster {
/// winograd.h is written for g++ on x86-64.
inline bool installWinograd() { return false; }
}  // namespace muster

#endif
