// An epoch of UMAP's layout on all threads. Points come batch after batch; those of a batch walk at the same time, each along its own
// edges from where all points stood before, and the far ends of their pulls are moved after. So the bytes do not depend on the number of
// threads. Both ends of a pull must take the same step: where each end pulls itself by itself, groups of real images are torn apart. And
// batches are small, since the authors' code takes point after point.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cmath>
#include <cstring>
#include <optional>
#include <torch/library.h>
#include <vector>

namespace muster {
namespace layout {

/// Rows are padded with zeros to whole registers, which every processor has: the compiler's own vectors, which GCC and Clang share.
typedef float Four __attribute__((vector_size(16)));

constexpr float kLargestStep = 4;  // of one force along each axis
constexpr int64_t kLeastBatches = 16, kLargestBatch = 1024;
constexpr int64_t kPointsAtATime = 128;  // below, waiting for one another costs more than is won

/// Both forces over distance, by the squared distance: tables, since powers would take most of the time. Pushes are exact to 1 %, pulls
/// to half of that, which is little beside the noise of the random points.
class Forces {
 public:
  Forces(double a, double b) {
    double powers[kSteps];
    for (int32_t step = 0; step < kSteps; step++) powers[step] = std::pow(middleOf(step), b);
    for (int32_t exponent = kFirstExponent; exponent < kLastExponent; exponent++) {
      const double scale = std::exp2(exponent), powerOfScale = std::exp2(b * exponent);
      for (int32_t step = 0; step < kSteps; step++) {
        const int32_t entry = (exponent - kFirstExponent) * kSteps + step;
        const double squared = scale * middleOf(step), power = powerOfScale * powers[step], share = 2 * b / (1 + a * power);
        pulls_[entry] = float(-share * a * power / squared);
        pushes_[entry] = float(share / (0.001 + squared));
      }
    }
  }

  float pull(float squared) const { return pulls_[entryOf(squared)]; }
  float push(float squared) const { return pushes_[entryOf(squared)]; }

 private:
  // An entry for each value of the exponent and of the first digits of a float32.
  static constexpr int32_t kDigits = 7, kSteps = 1 << kDigits, kFirstExponent = -24, kLastExponent = 24;
  static constexpr int32_t kEntries = (kLastExponent - kFirstExponent) * kSteps;

  static double middleOf(int32_t step) { return 1 + (step + 0.5) / kSteps; }
  static int32_t entryOf(float squared) {
    int32_t bits;
    std::memcpy(&bits, &squared, sizeof bits);
    return std::clamp((bits >> (23 - kDigits)) - (kFirstExponent + 127) * kSteps, 0, kEntries - 1);
  }

  float pulls_[kEntries], pushes_[kEntries];
};

struct Epoch {
  const Forces& forces;
  const Four* points;
  const Four* anchors;
  int64_t blocks, anchorCount;
  const int32_t *offsets, *targets;
  const float* shares;
  float rate;
  int64_t negatives, number;
  uint64_t seed;
};

/// Steele, Lea and Flood's SplitMix64: neighbouring numbers to unrelated ones.
inline uint64_t mixed(uint64_t number) {
  number += 0x9e3779b97f4a7c15u;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
  return number ^ (number >> 31);
}

/// Knuth's linear congruences, of which the upper half is random enough.
class Random {
 public:
  explicit Random(uint64_t start) : state_(start) {}
  int64_t below(int64_t count) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return int64_t((state_ >> 32) * uint64_t(count) >> 32);
  }

 private:
  uint64_t state_;
};

/// `difference`: of two points, force times which is the step unless that goes too far.
inline Four stepAlong(Four difference, float force, bool isTooStrong) {
  Four step = force * difference;
  if (!isTooStrong) return step;
  step = step > kLargestStep ? Four{} + kLargestStep : step;
  return step < -kLargestStep ? Four{} - kLargestStep : step;
}

/// No axis can exceed the bound where the whole step does not: next to always.
inline bool isTooStrong(float force, float squared) { return force * force * squared > kLargestStep * kLargestStep; }

/// In registers where the number of blocks is known to the compiler.
inline __attribute__((always_inline)) float squaredDistance(const Four* a, const Four* b, int64_t blocks) {
  Four sum = {};
#pragma GCC unroll 4
  for (int64_t i = 0; i < blocks; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/// An edge is due a share of the epochs after the first, spread evenly; told from the epoch's number, so that nothing need be kept from
/// one to the next.
inline bool isDue(float share, int64_t epoch) { return epoch > 0 && int32_t(float(epoch) * share) != int32_t(float(epoch - 1) * share); }

/// One point's walk. `kBlocks`: blocks of a row, 0 for any number; `scratch`: two rows, the first of which takes where it ends;
/// `pulls`: null, or what the far ends of its due edges are to be moved by, in order.
template <int kBlocks>
void walk(const Epoch& e, int64_t point, Four* scratch, Four* pulls) {
  const int64_t blocks = kBlocks > 0 ? kBlocks : e.blocks;
  Four inRegisters[kBlocks > 0 ? 2 * kBlocks : 1];
  Four* own = kBlocks > 0 ? inRegisters : scratch;
  Four* sum = own + blocks;
#pragma GCC unroll 4
  for (int64_t i = 0; i < blocks; i++) own[i] = e.points[point * blocks + i];
  Random random(mixed(mixed(mixed(e.seed) + uint64_t(e.number)) + uint64_t(point)));
  for (int32_t edge = e.offsets[point]; edge < e.offsets[point + 1]; edge++) {
    if (!isDue(e.shares[edge], e.number)) continue;
    const Four* to = e.anchors + e.targets[edge] * blocks;
    const float squared = squaredDistance(own, to, blocks), pull = e.forces.pull(squared);
    const bool isStrongPull = isTooStrong(pull, squared);
#pragma GCC unroll 4
    for (int64_t i = 0; i < blocks; i++) {
      const Four step = e.rate * stepAlong(own[i] - to[i], pull, isStrongPull);
      own[i] += step;
      if (pulls != nullptr) pulls[i] = step;
    }
    if (pulls != nullptr) pulls += blocks;
#pragma GCC unroll 4
    for (int64_t i = 0; i < blocks; i++) sum[i] = Four{};
    // The pushes of one pull act together: one need not wait for another.
    for (int64_t count = 0; count < e.negatives; count++) {
      const Four* from = e.anchors + random.below(e.anchorCount) * blocks;
      const float apart = squaredDistance(own, from, blocks), push = e.forces.push(apart);
      const bool isStrongPush = isTooStrong(push, apart);
#pragma GCC unroll 4
      for (int64_t i = 0; i < blocks; i++) sum[i] += stepAlong(own[i] - from[i], push, isStrongPush);
    }
#pragma GCC unroll 4
    for (int64_t i = 0; i < blocks; i++) own[i] += e.rate * sum[i];
  }
  if (kBlocks == 0) return;
#pragma GCC unroll 4
  for (int64_t i = 0; i < blocks; i++) scratch[i] = own[i];
}

/// All points whose number leaves this remainder: neighbours are often listed next to one another, and in different batches better so.
class Batch {
 public:
  Batch(int64_t points, int64_t blocks) : batches_(std::max(kLeastBatches, (points + kLargestBatch - 1) / kLargestBatch)), points_(points), blocks_(blocks) {}

  int64_t batches() const { return batches_; }

  void run(const Epoch& e, int64_t remainder, Four* points, bool moveFarEnds) {
    const int64_t count = (points_ - remainder + batches_ - 1) / batches_;
    const auto pointOf = [&](int64_t member) { return remainder + member * batches_; };
    starts_.assign(count + 1, 0);
    for (int64_t member = 0; moveFarEnds && member < count; member++)
      starts_[member + 1] = starts_[member] + (e.offsets[pointOf(member) + 1] - e.offsets[pointOf(member)]) * blocks_;
    if (int64_t(pulls_.size()) < starts_[count]) pulls_.resize(starts_[count]);
    if (int64_t(scratch_.size()) < 2 * blocks_ * count) scratch_.resize(2 * blocks_ * count);
    const auto walkOne = blocks_ == 1 ? walk<1> : blocks_ == 2 ? walk<2> : blocks_ == 3 ? walk<3> : blocks_ == 4 ? walk<4> : walk<0>;
    at::parallel_for(0, count, kPointsAtATime, [&](int64_t begin, int64_t end) {
      for (int64_t member = begin; member < end; member++)
        walkOne(e, pointOf(member), scratch_.data() + 2 * blocks_ * member, moveFarEnds ? pulls_.data() + starts_[member] : nullptr);
    });
    for (int64_t member = 0; member < count; member++) std::copy_n(scratch_.data() + 2 * blocks_ * member, blocks_, points + pointOf(member) * blocks_);
    for (int64_t member = 0; moveFarEnds && member < count; member++) moveEnds(e, pointOf(member), pulls_.data() + starts_[member], points);
  }

 private:
  void moveEnds(const Epoch& e, int64_t point, const Four* pulls, Four* points) const {
    for (int32_t edge = e.offsets[point]; edge < e.offsets[point + 1]; edge++) {
      if (!isDue(e.shares[edge], e.number)) continue;
      Four* end = points + e.targets[edge] * blocks_;
      for (int64_t i = 0; i < blocks_; i++) end[i] -= *pulls++;
    }
  }

  int64_t batches_, points_, blocks_;
  std::vector<int64_t> starts_;
  std::vector<Four> scratch_, pulls_;
};

inline std::vector<Four> padded(const at::Tensor& rows, int64_t blocks) {
  const int64_t n = rows.size(0), d = rows.size(1);
  std::vector<Four> whole(n * blocks);
  const float* from = rows.const_data_ptr<float>();
  for (int64_t i = 0; i < n; i++) std::memcpy(static_cast<void*>(whole.data() + i * blocks), from + i * d, d * sizeof(float));
  return whole;
}

inline bool isTable(const at::Tensor& rows) { return rows.dim() == 2 && rows.size(1) > 0 && rows.scalar_type() == at::kFloat && rows.is_contiguous(); }
inline bool isList(const at::Tensor& list, at::ScalarType type) { return list.dim() == 1 && list.scalar_type() == type && list.is_contiguous(); }

/// The loops trust the lists.
inline void checkEdges(const at::Tensor& offsets, const at::Tensor& targets, const at::Tensor& shares, int64_t points, int64_t anchors) {
  TORCH_CHECK(isList(offsets, at::kInt) && isList(targets, at::kInt) && isList(shares, at::kFloat), "umap_epoch_: offsets and targets must be lists of int32, shares of float32");
  TORCH_CHECK(offsets.numel() == points + 1 && targets.numel() == shares.numel(), "umap_epoch_: ", points + 1, " offsets, and as many targets as shares");
  const int32_t *start = offsets.const_data_ptr<int32_t>(), *target = targets.const_data_ptr<int32_t>();
  TORCH_CHECK(start[0] >= 0 && start[points] <= targets.numel() && std::is_sorted(start, start + points + 1), "umap_epoch_: offsets must ascend within the edges");
  uint32_t largest = 0;
  for (int64_t edge = 0; edge < targets.numel(); edge++) largest = std::max(largest, uint32_t(target[edge]));
  TORCH_CHECK(targets.numel() == 0 || largest < anchors, "umap_epoch_: targets must be rows of the anchors");
}

}  // namespace layout

inline void umapEpoch(const at::Tensor& points, const std::optional<at::Tensor>& anchors, const at::Tensor& offsets, const at::Tensor& targets, const at::Tensor& shares, double a, double b, int64_t negatives, double rate, int64_t epoch, int64_t seed) {
  using namespace layout;
  TORCH_CHECK(isTable(points) && (!anchors || (isTable(*anchors) && anchors->size(1) == points.size(1))), "umap_epoch_: points and anchors must be contiguous float32 [n, d] of the same d");
  const int64_t n = points.size(0), d = points.size(1), blocks = (d + 3) / 4, count = anchors ? anchors->size(0) : n;
  TORCH_CHECK(negatives >= 0 && epoch >= 0 && count <= INT32_MAX, "umap_epoch_: negatives, epoch or the number of anchors is out of range");
  checkEdges(offsets, targets, shares, n, count);
  const Forces forces(a, b);
  std::vector<Four> own = padded(points, blocks);
  const std::vector<Four> fixed = anchors ? padded(*anchors, blocks) : std::vector<Four>();
  const Epoch e{
      .forces = forces, .points = own.data(), .anchors = anchors ? fixed.data() : own.data(), .blocks = blocks, .anchorCount = count,
      .offsets = offsets.const_data_ptr<int32_t>(), .targets = targets.const_data_ptr<int32_t>(), .shares = shares.const_data_ptr<float>(),
      .rate = float(rate), .negatives = negatives, .number = epoch, .seed = uint64_t(seed)};
  Batch batch(n, blocks);
  for (int64_t remainder = 0; remainder < batch.batches(); remainder++) batch.run(e, remainder, own.data(), !anchors);
  float* to = points.mutable_data_ptr<float>();
  for (int64_t i = 0; i < n; i++) std::memcpy(to + i * d, own.data() + i * blocks, d * sizeof(float));
}

TORCH_LIBRARY_FRAGMENT(muster, library) {
  // Moves points by one epoch. Point i is pulled to rows targets[offsets[i]], ... of the anchors in a share of the epochs, and after each
  // pull pushed away from `negatives` random anchors. Anchors stay; without any they are the points themselves, and a pull moves both
  // ends. a, b: of the curve 1 / (1 + a distance^(2 b)); rate: of this epoch.
  library.def("umap_epoch_(Tensor(a!) points, Tensor? anchors, Tensor offsets, Tensor targets, Tensor shares, *, float a, float b, int negatives, float rate, int epoch, int seed) -> ()");
}
TORCH_LIBRARY_IMPL(muster, CPU, library) { library.impl("umap_epoch_", TORCH_FN(umapEpoch)); }

}  // namespace muster
