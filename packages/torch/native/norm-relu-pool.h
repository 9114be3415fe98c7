// Batch normalisation, ReLU and a 2x2 max pool in one: taken one after another they pass over a convolution's whole output a dozen
// times in a training step, here four times. Channels-last float32 on processors with AVX2; everything else is put together from the
// stock operators. Sums run in an order that does not depend on the number of threads.
#pragma once
#include "lane.h"
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <cstring>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <vector>

namespace muster {

/// What the operator is given beside the images.
struct NormSettings {
  bool training;
  double momentum, eps;
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

namespace pooled {

using namespace lane;

#pragma GCC push_options
#pragma GCC target("avx2,fma")

constexpr int64_t kWide = 8;          // channels that are worked on together
constexpr int64_t kPixelBlock = 512;  // pixels whose sums are taken on their own
constexpr uint8_t kNone = 4;          // in place of the number of the largest of four: the ReLU let nothing through

typedef int32_t Whole __attribute__((vector_size(32)));
typedef uint8_t Bytes __attribute__((vector_size(8)));

inline Whole loadBytes(const uint8_t* from) { Bytes v; std::memcpy(&v, from, sizeof v); return __builtin_convertvector(v, Whole); }

/// Sizes of channels-last images.
struct Shape {
  int64_t images, height, width, channels;
  int64_t pixels() const { return images * height * width; }
  int64_t down() const { return height / 2; }
  int64_t across() const { return width / 2; }
  int64_t blocks() const { return (pixels() + kPixelBlock - 1) / kPixelBlock; }
};

/// Sum and sum of squared distances from the mean of one block of pixels: [2, channels].
inline void momentsOfBlock(const Shape& s, const float* x, int64_t block, float* sums) {
  const int64_t first = block * kPixelBlock, count = std::min(kPixelBlock, s.pixels() - first);
  for (int64_t c = 0; c < s.channels; c += kWide) {
    const float* at = x + first * s.channels + c;
    Lane sum[2] = {}, squares[2] = {};
    for (int64_t i = 0; i < count; i++) sum[i & 1] += load(at + i * s.channels);
    const Lane whole = sum[0] + sum[1], mean = whole / float(count);
    for (int64_t i = 0; i < count; i++) {
      Lane d = load(at + i * s.channels) - mean;
      squares[i & 1] += d * d;
    }
    store(sums + c, whole);
    store(sums + s.channels + c, squares[0] + squares[1]);
  }
}

/// The largest of four normalised pixels; `code`: which of them it is, the first of equal ones, kNone where the ReLU lets nothing through.
inline Lane largest(const float* const* from, int64_t c, Lane scale, Lane shift, Whole* code) {
  Lane best = load(from[0] + c) * scale + shift;
  Whole at = {};
  for (int32_t j = 1; j < 4; j++) {
    Lane value = load(from[j] + c) * scale + shift;
    Whole isLarger = value > best;
    best = isLarger ? value : best;
    at = isLarger ? Whole{} + j : at;
  }
  Whole isDead = best <= 0;
  *code = isDead ? Whole{} + int32_t(kNone) : at;
  return isDead ? Lane{} : best;
}

/// The four pixels below a pooled one.
inline void windowOf(const Shape& s, const float* x, int64_t image, int64_t row, int64_t column, const float** from) {
  from[0] = x + ((image * s.height + 2 * row) * s.width + 2 * column) * s.channels;
  from[1] = from[0] + s.channels;
  from[2] = from[0] + s.width * s.channels;
  from[3] = from[2] + s.channels;
}

/// One row of pooled pixels of one image. `codes`: null where no derivative will be asked for.
inline void poolRow(const Shape& s, const float* x, const float* scale, const float* shift, int64_t line, float* y, uint8_t* codes) {
  const int64_t image = line / s.down(), row = line % s.down();
  for (int64_t column = 0; column < s.across(); column++) {
    const float* from[4];
    windowOf(s, x, image, row, column, from);
    const int64_t to = (line * s.across() + column) * s.channels;
    for (int64_t c = 0; c < s.channels; c += kWide) {
      Whole code;
      store(y + to + c, largest(from, c, load(scale + c), load(shift + c), &code));
      if (codes == nullptr) continue;
      Bytes bytes = __builtin_convertvector(code, Bytes);
      std::memcpy(codes + to + c, &bytes, sizeof bytes);
    }
  }
}

/// Of one row of pooled pixels: the sums over what arrives of its derivatives, and of those times the pixel they go to: [2, channels].
inline void derivativeSumsOfRow(const Shape& s, const float* x, const float* dy, const uint8_t* codes, const float* mean, int64_t line, float* sums) {
  const int64_t image = line / s.down(), row = line % s.down();
  std::memset(sums, 0, 2 * s.channels * sizeof(float));
  for (int64_t column = 0; column < s.across(); column++) {
    const float* from[4];
    windowOf(s, x, image, row, column, from);
    const int64_t at = (line * s.across() + column) * s.channels;
    for (int64_t c = 0; c < s.channels; c += kWide) {
      const Whole code = loadBytes(codes + at + c);
      Lane pixel = load(from[0] + c);
      for (int32_t j = 1; j < 4; j++) pixel = code == j ? load(from[j] + c) : pixel;
      const Lane arrives = code == int32_t(kNone) ? Lane{} : load(dy + at + c);
      store(sums + c, load(sums + c) + arrives);
      store(sums + s.channels + c, load(sums + s.channels + c) + arrives * (pixel - load(mean + c)));
    }
  }
}

/// Derivatives by one row of pixels: factor dz + slope x + offset, dz being what arrives by way of the pool. `row`: of all images' rows.
inline void derivativeRow(const Shape& s, const float* x, const float* dy, const uint8_t* codes, const float* factor, const float* slope, const float* offset, int64_t row, float* dx) {
  const int64_t image = row / s.height, inside = row % s.height;
  const bool isPooled = inside / 2 < s.down();
  const int64_t line = image * s.down() + inside / 2;
  for (int64_t column = 0; column < s.width; column++) {
    const int64_t to = (row * s.width + column) * s.channels, at = (line * s.across() + column / 2) * s.channels;
    const int32_t own = int32_t(2 * (inside % 2) + column % 2);
    const bool arrives = isPooled && column / 2 < s.across();
    for (int64_t c = 0; c < s.channels; c += kWide) {
      Lane value = load(x + to + c) * load(slope + c) + load(offset + c);
      if (arrives) value += loadBytes(codes + at + c) == own ? load(dy + at + c) * load(factor + c) : Lane{};
      store(dx + to + c, value);
    }
  }
}

#pragma GCC pop_options

inline Shape shapeOf(const at::Tensor& x) { return {x.size(0), x.size(2), x.size(3), x.size(1)}; }

/// Whether the kernels above can take these images.
inline bool suits(const at::Tensor& x) {
  return x.dim() == 4 && x.scalar_type() == at::kFloat && x.device().is_cpu() && x.layout() == at::kStrided &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.size(1) % kWide == 0 && x.size(2) >= 2 && x.size(3) >= 2 && x.size(0) > 0 &&
         __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/// Rows that one thread takes at a time.
inline int64_t grainOf(const Shape& s) { return std::max<int64_t>(1, 65536 / (s.width * s.channels)); }

/// Mean and biased variance of each channel, float64: blocks' moments put together in their order (Chan et al. 1979).
inline void momentsOf(const Shape& s, const float* x, std::vector<double>& mean, std::vector<double>& variance) {
  std::vector<float> sums(2 * s.channels * s.blocks());
  at::parallel_for(0, s.blocks(), 8, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; block++) momentsOfBlock(s, x, block, sums.data() + 2 * s.channels * block);
  });
  mean.assign(s.channels, 0), variance.assign(s.channels, 0);
  double seen = 0;
  for (int64_t block = 0; block < s.blocks(); block++) {
    const double count = double(std::min(kPixelBlock, s.pixels() - block * kPixelBlock)), all = seen + count;
    const float *sum = sums.data() + 2 * s.channels * block, *squares = sum + s.channels;
    for (int64_t c = 0; c < s.channels; c++) {
      const double distance = sum[c] / count - mean[c];
      mean[c] += distance * count / all;
      variance[c] += squares[c] + distance * distance * seen * count / all;
    }
    seen = all;
  }
  for (double& value : variance) value /= seen;
}

inline at::Tensor pool(const at::Tensor& x, const std::vector<float>& scale, const std::vector<float>& shift, uint8_t* codes) {
  const Shape s = shapeOf(x);
  at::Tensor y = at::empty({s.images, s.channels, s.down(), s.across()}, x.options(), at::MemoryFormat::ChannelsLast);
  const float* from = x.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  at::parallel_for(0, s.images * s.down(), grainOf(s), [&](int64_t first, int64_t last) {
    for (int64_t line = first; line < last; line++) poolRow(s, from, scale.data(), shift.data(), line, to, codes);
  });
  return y;
}

/// By the running statistics, without derivatives.
inline at::Tensor evaluate(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& runningMean, const at::Tensor& runningVariance, double eps) {
  const int64_t channels = x.size(1);
  std::vector<float> scale(channels), shift(channels);
  const float *w = weight.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
  const float *mean = runningMean.const_data_ptr<float>(), *variance = runningVariance.const_data_ptr<float>();
  for (int64_t c = 0; c < channels; c++) {
    const double factor = w[c] / std::sqrt(variance[c] + eps);
    scale[c] = float(factor), shift[c] = float(b[c] - mean[c] * factor);
  }
  return pool(x, scale, shift, nullptr);
}

/// By the statistics of the batch itself.
struct Training : torch::autograd::Function<Training> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& runningMean, const at::Tensor& runningVariance, double momentum, double eps) {
    const Shape s = shapeOf(x);
    std::vector<double> mean, variance;
    momentsOf(s, x.const_data_ptr<float>(), mean, variance);
    at::Tensor kept = at::empty({2, s.channels}, x.options().memory_format(at::MemoryFormat::Contiguous));
    float *keptMean = kept.mutable_data_ptr<float>(), *keptScale = keptMean + s.channels;
    float *slowMean = runningMean.mutable_data_ptr<float>(), *slowVariance = runningVariance.mutable_data_ptr<float>();
    const float *w = weight.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
    std::vector<float> scale(s.channels), shift(s.channels);
    const double count = double(s.pixels());
    for (int64_t c = 0; c < s.channels; c++) {
      const double inverse = 1 / std::sqrt(variance[c] + eps);
      scale[c] = float(w[c] * inverse), shift[c] = float(b[c] - mean[c] * w[c] * inverse);
      keptMean[c] = float(mean[c]), keptScale[c] = float(inverse);
      slowMean[c] += float(momentum * (mean[c] - slowMean[c]));
      slowVariance[c] += float(momentum * (variance[c] * count / (count - 1) - slowVariance[c]));
    }
    at::Tensor codes = at::empty({s.images * s.down() * s.across(), s.channels}, x.options().dtype(at::kByte).memory_format(at::MemoryFormat::Contiguous));
    at::Tensor y = pool(x, scale, shift, codes.mutable_data_ptr<uint8_t>());
    context->save_for_backward({x, weight, kept, codes});
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    TORCH_CHECK(!c10::GradMode::is_enabled(), "batch_norm_relu_max_pool: there are no derivatives of its derivatives");
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &kept = saved[2], &codes = saved[3];
    const Shape s = shapeOf(x);
    const at::Tensor arriving = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const float *from = x.const_data_ptr<float>(), *dy = arriving.const_data_ptr<float>();
    const float *mean = kept.const_data_ptr<float>(), *inverse = mean + s.channels, *w = weight.const_data_ptr<float>();
    const uint8_t* code = codes.const_data_ptr<uint8_t>();

    const int64_t lines = s.images * s.down();
    std::vector<float> sums(2 * s.channels * lines);
    at::parallel_for(0, lines, grainOf(s), [&](int64_t first, int64_t last) {
      for (int64_t line = first; line < last; line++) derivativeSumsOfRow(s, from, dy, code, mean, line, sums.data() + 2 * s.channels * line);
    });
    std::vector<double> total(2 * s.channels);
    for (int64_t line = 0; line < lines; line++)
      for (int64_t c = 0; c < 2 * s.channels; c++) total[c] += sums[2 * s.channels * line + c];

    at::Tensor dWeight = at::empty({s.channels}, weight.options()), dBias = at::empty({s.channels}, weight.options());
    std::vector<float> factor(s.channels), slope(s.channels), offset(s.channels);
    for (int64_t c = 0; c < s.channels; c++) {
      const double dBeta = total[c], dGamma = total[s.channels + c] * inverse[c], count = double(s.pixels());
      const double scale = double(w[c]) * inverse[c], bySpread = scale * inverse[c] * dGamma / count;
      dWeight.mutable_data_ptr<float>()[c] = float(dGamma), dBias.mutable_data_ptr<float>()[c] = float(dBeta);
      factor[c] = float(scale), slope[c] = float(-bySpread), offset[c] = float(mean[c] * bySpread - scale * dBeta / count);
    }
    at::Tensor dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    float* to = dx.mutable_data_ptr<float>();
    at::parallel_for(0, s.images * s.height, grainOf(s), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; row++) derivativeRow(s, from, dy, code, factor.data(), slope.data(), offset.data(), row, to);
    });
    return {dx, dWeight, dBias, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace pooled

inline std::optional<at::Tensor> pooledAtOnce(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& mean, const at::Tensor& variance, const NormSettings& how) {
  const auto isPlain = [&](const at::Tensor& t) { return t.scalar_type() == at::kFloat && t.is_contiguous() && t.numel() == x.size(1); };
  if (!pooled::suits(x) || !isPlain(weight) || !isPlain(bias) || !isPlain(mean) || !isPlain(variance)) return std::nullopt;
  if (how.training) return pooled::Training::apply(x, weight, bias, mean, variance, how.momentum, how.eps);
  if (c10::GradMode::is_enabled()) return std::nullopt;
  return pooled::evaluate(x, weight, bias, mean, variance, how.eps);
}

#else

/// The kernels are written for g++ on x86-64.
inline std::optional<at::Tensor> pooledAtOnce(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const NormSettings&) { return std::nullopt; }

#endif

inline at::Tensor batchNormReluMaxPool(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& mean, const at::Tensor& variance, bool training, double momentum, double eps) {
  if (auto y = pooledAtOnce(x, weight, bias, mean, variance, {training, momentum, eps})) return *y;
  return at::max_pool2d(at::relu(at::batch_norm(x, weight, bias, mean, variance, training, momentum, eps, true)), {2, 2});
}

TORCH_LIBRARY_FRAGMENT(muster, library) {
  // max_pool2d(relu(batch_norm(x)), 2); the running statistics are updated in training.
  library.def("batch_norm_relu_max_pool(Tensor input, Tensor weight, Tensor bias, Tensor running_mean, Tensor running_var, bool training, float momentum, float eps) -> Tensor", TORCH_FN(batchNormReluMaxPool));
}

}  // namespace muster
