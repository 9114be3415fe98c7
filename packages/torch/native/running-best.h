// The best entries of rows, kept while a table of scores passes by block after block: an operator of our own, since whole
// top-k's of every block cost as much as the products that make it.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cstring>
#include <torch/library.h>

namespace muster {

constexpr int64_t kStrip = 256;  // columns that one thread takes at a time
constexpr int64_t kRowsAtATime = 16;

/// The kept entries of one row, largest first.
template <typename T>
struct Best {
  T* values;
  int64_t* indices;
  int64_t kept;

  T least() const { return values[kept - 1]; }

  /// Puts a score larger than the least in its place; behind those it equals.
  void take(T score, int64_t index) {
    int64_t place = kept - 1;
    for (; place > 0 && values[place - 1] < score; place--) {
      values[place] = values[place - 1];
      indices[place] = indices[place - 1];
    }
    values[place] = score;
    indices[place] = index;
  }
};

/// So many scores are compared before any is looked at alone: four registers that every processor has, as vector extensions of the
/// compiler, which GCC and Clang share.
template <typename T>
struct Lane {
  typedef T Register __attribute__((vector_size(16)));
  static constexpr int64_t kRegister = 16 / sizeof(T);
  static constexpr int64_t kWidth = 4 * kRegister;

  static Register load(const T* from) {
    Register values;
    std::memcpy(&values, from, sizeof(values));
    return values;
  }
  template <typename Bound>
  static bool anyAbove(const T* scores, Bound bound) {
    auto above = (load(scores) > bound(0)) | (load(scores + kRegister) > bound(kRegister)) |
                 (load(scores + 2 * kRegister) > bound(2 * kRegister)) | (load(scores + 3 * kRegister) > bound(3 * kRegister));
    uint64_t words[2];
    std::memcpy(words, &above, sizeof(words));
    return (words[0] | words[1]) != 0;
  }
  static bool anyAboveOne(const T* scores, T bound) {
    const Register all = Register{} + bound;
    return anyAbove(scores, [&](int64_t) { return all; });
  }
  static bool anyAboveOwn(const T* scores, const T* bounds) {
    return anyAbove(scores, [&](int64_t at) { return load(bounds + at); });
  }
};

/// A row of scores for each row that is kept.
template <typename T>
void takeRows(const at::Tensor& scores, Best<T> first, int64_t column) {
  const int64_t columns = scores.size(1), stride = scores.stride(0);
  const T* table = scores.const_data_ptr<T>();
  at::parallel_for(0, scores.size(0), kRowsAtATime, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      Best<T> best{first.values + row * first.kept, first.indices + row * first.kept, first.kept};
      const T* line = table + row * stride;
      for (int64_t at = 0; at < columns; at += Lane<T>::kWidth) {
        const int64_t stop = std::min(at + Lane<T>::kWidth, columns);
        if (stop - at == Lane<T>::kWidth && !Lane<T>::anyAboveOne(line + at, best.least())) continue;
        for (int64_t c = at; c < stop; c++)
          if (line[c] > best.least()) best.take(line[c], column + c);
      }
    }
  });
}

/// A column of scores for each row that is kept.
template <typename T>
void takeColumns(const at::Tensor& scores, Best<T> first, int64_t column) {
  const int64_t rows = scores.size(0), stride = scores.stride(0), kept = first.kept;
  const T* table = scores.const_data_ptr<T>();
  at::parallel_for(0, (scores.size(1) + kStrip - 1) / kStrip, 1, [&](int64_t begin, int64_t end) {
    for (int64_t strip = begin; strip < end; strip++) {
      const int64_t from = strip * kStrip, width = std::min(kStrip, scores.size(1) - from);
      T bounds[kStrip];
      for (int64_t c = 0; c < width; c++) bounds[c] = first.values[(from + c) * kept + kept - 1];
      for (int64_t row = 0; row < rows; row++) {
        const T* line = table + row * stride + from;
        for (int64_t at = 0; at < width; at += Lane<T>::kWidth) {
          const int64_t stop = std::min(at + Lane<T>::kWidth, width);
          if (stop - at == Lane<T>::kWidth && !Lane<T>::anyAboveOwn(line + at, bounds + at)) continue;
          for (int64_t c = at; c < stop; c++) {
            if (!(line[c] > bounds[c])) continue;
            Best<T> best{first.values + (from + c) * kept, first.indices + (from + c) * kept, kept};
            best.take(line[c], column + row);
            bounds[c] = best.least();
          }
        }
      }
    }
  });
}

inline void runningBest(const at::Tensor& values, const at::Tensor& indices, const at::Tensor& scores, int64_t row, int64_t column, bool transposed) {
  TORCH_CHECK(values.dim() == 2 && values.is_contiguous() && values.size(1) > 0 && indices.is_contiguous() && indices.sizes() == values.sizes(),
              "running_best_: values and indices must be contiguous [rows, kept]");
  TORCH_CHECK(indices.scalar_type() == at::kLong && values.scalar_type() == scores.scalar_type(), "running_best_: int64 indices, and values of the scores' type");
  TORCH_CHECK(scores.dim() == 2 && (scores.size(1) < 2 || scores.stride(1) == 1), "running_best_: scores must be [m, n] with contiguous rows");
  const int64_t asking = scores.size(transposed ? 1 : 0);
  TORCH_CHECK(row >= 0 && row + asking <= values.size(0), "running_best_: rows ", row, " to ", row + asking, " of ", values.size(0));
  auto take = [&](auto zero) {
    using T = decltype(zero);
    const int64_t kept = values.size(1);
    Best<T> first{values.mutable_data_ptr<T>() + row * kept, indices.mutable_data_ptr<int64_t>() + row * kept, kept};
    transposed ? takeColumns(scores, first, column) : takeRows(scores, first, column);
  };
  if (scores.scalar_type() == at::kDouble) return take(double{});
  TORCH_CHECK(scores.scalar_type() == at::kFloat, "running_best_: float32 or float64");
  take(float{});
}

TORCH_LIBRARY(muster, library) {
  // Takes scores into the best of rows `row`, ...; `column`: index of the first column. Transposed: of the scores' columns, `column` being
  // the index of their first row. Kept entries are in descending order, equal ones in the order in which they came.
  library.def("running_best_(Tensor(a!) values, Tensor(b!) indices, Tensor scores, int row, int column, bool transposed=False) -> ()");
}
TORCH_LIBRARY_IMPL(muster, CPU, library) { library.impl("running_best_", TORCH_FN(runningBest)); }

}  // namespace muster
