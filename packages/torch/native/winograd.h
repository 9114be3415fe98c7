// 3x3 convolutions (stride 1, padding 1) of channels-last float32 images by Winograd's F(4x4, 3x3), 36 products for each 4 x 4 outputs
// and pair of channels instead of 144, or F(3x3, 3x3), 25 instead of 81, for small maps that tiles of 4 fit badly. Source: Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Plain C++ for AVX2 and FMA; knows nothing of tensors. Sums run in
// an order that does not depend on the number of threads.
#pragma once
#include "lane.h"
#include <algorithm>
#include <cstdint>

namespace muster::winograd {

using namespace lane;

#pragma GCC push_options
#pragma GCC target("avx2,fma")

constexpr int64_t kPanel = 16;  // channels that are worked on together
constexpr int64_t kRows = 6;    // tiles that are multiplied together
constexpr int64_t kGap = 16;    // numbers between the points of a tile: powers of two apart they would push one another out of the cache

/// Tiles of M x M outputs. They depend on E x E inputs and are made of P points.
template <int64_t M>
struct Tiling {
  static constexpr int64_t E = M + 2, P = E * E;
};

/// Tiles that a thread transforms before it multiplies: the more channels, the more of them repay fetching the weights.
inline int64_t blockOf(int64_t in) { return in <= 128 ? 24 : 48; }

/// Sizes of images and channels; both numbers of channels are multiples of kPanel.
struct Shape {
  int64_t images, height, width, in, out;
  int64_t down(int64_t m) const { return (height + m - 1) / m; }
  int64_t across(int64_t m) const { return (width + m - 1) / m; }
  int64_t tiles(int64_t m) const { return images * down(m) * across(m); }
  /// Products for each pair of channels.
  int64_t products(int64_t m) const { return tiles(m) * (m + 2) * (m + 2); }
};

inline Lane all(float v) { return Lane{v, v, v, v, v, v, v, v}; }

/// B' d: E values of the input to E points.
template <int64_t M>
inline void toPoints(const Lane* d, Lane* t, int64_t by) {
  if constexpr (M == 4) {
    Lane a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], e = d[4] - d[2], f = 2 * (d[3] - d[1]);
    t[0] = 4 * d[0] - 5 * d[2] + d[4];
    t[by] = a + b;
    t[2 * by] = a - b;
    t[3 * by] = e + f;
    t[4 * by] = e - f;
    t[5 * by] = 4 * d[1] - 5 * d[3] + d[5];
  } else {
    Lane a = d[3] - d[1];
    t[0] = 2 * (d[0] - d[2]) + a;
    t[by] = d[3] - 2 * d[1] - d[2];
    t[2 * by] = d[3] + 2 * d[1] - 3 * d[2];
    t[3 * by] = a;
    t[4 * by] = d[4] - d[2] - 2 * a;
  }
}

/// A' m: E points to M outputs.
template <int64_t M>
inline void toOutputs(const Lane* m, Lane* s, int64_t by) {
  Lane a = m[1] + m[2], b = m[1] - m[2];
  if constexpr (M == 4) {
    Lane e = m[3] + m[4], f = m[3] - m[4];
    s[0] = m[0] + a + e;
    s[by] = b + 2 * f;
    s[2 * by] = a + 4 * e;
    s[3 * by] = b + 8 * f + m[5];
  } else {
    s[0] = m[0] + a + m[3];
    s[by] = b + 2 * m[3];
    s[2 * by] = a + 4 * m[3] + m[4];
  }
}

/// A y: derivatives of M outputs to those of E points.
template <int64_t M>
inline void fromOutputs(const Lane* y, Lane* r, int64_t by) {
  Lane a = y[0] + y[2];
  r[0] = y[0];
  if constexpr (M == 4) {
    Lane b = y[1] + y[3], e = y[0] + 4 * y[2], f = 2 * y[1] + 8 * y[3];
    r[by] = a + b;
    r[2 * by] = a - b;
    r[3 * by] = e + f;
    r[4 * by] = e - f;
    r[5 * by] = y[3];
  } else {
    r[by] = a + y[1];
    r[2 * by] = a - y[1];
    r[3 * by] = y[0] + 2 * y[1] + 4 * y[2];
    r[4 * by] = y[2];
  }
}

/// G g: three taps to E points.
template <int64_t M>
inline void tapsToPoints(const Lane* g, Lane* u, int64_t by) {
  Lane a = g[0] + g[2];
  if constexpr (M == 4) {
    Lane e = g[0] * (1.f / 24) + g[2] * (1.f / 6), f = g[1] * (1.f / 12);
    u[0] = g[0] * 0.25f;
    u[by] = (a + g[1]) * (-1.f / 6);
    u[2 * by] = (a - g[1]) * (-1.f / 6);
    u[3 * by] = e + f;
    u[4 * by] = e - f;
    u[5 * by] = g[2];
  } else {
    u[0] = g[0] * 0.5f;
    u[by] = (a + g[1]) * -0.5f;
    u[2 * by] = (a - g[1]) * (-1.f / 6);
    u[3 * by] = g[0] * (1.f / 6) + g[1] * (1.f / 3) + g[2] * (2.f / 3);
    u[4 * by] = g[2];
  }
}

/// G' u: derivatives of E points to those of three taps.
template <int64_t M>
inline void pointsToTaps(const Lane* u, Lane* g, int64_t by) {
  if constexpr (M == 4) {
    Lane a = (u[1] + u[2]) * (-1.f / 6), e = u[3] + u[4];
    g[0] = u[0] * 0.25f + a + e * (1.f / 24);
    g[by] = (u[2] - u[1]) * (1.f / 6) + (u[3] - u[4]) * (1.f / 12);
    g[2 * by] = a + e * (1.f / 6) + u[5];
  } else {
    Lane a = u[1] * -0.5f + u[2] * (-1.f / 6);
    g[0] = u[0] * 0.5f + a + u[3] * (1.f / 6);
    g[by] = u[1] * -0.5f + u[2] * (1.f / 6) + u[3] * (1.f / 3);
    g[2 * by] = a + u[3] * (2.f / 3) + u[4];
  }
}

/// Where a tile lies.
struct Tile {
  int64_t image, top, left;
  Tile(const Shape& s, int64_t m, int64_t index) {
    int64_t column = index % s.across(m), rest = index / s.across(m);
    image = rest / s.down(m), top = m * (rest % s.down(m)), left = m * column;
  }
};

/// Addresses of `side` x `side` pixels of `channels` from a corner on; `zeros` where they lie outside.
inline void pixelsAt(const Shape& s, const float* images, int64_t channels, const float* zeros, int64_t image, int64_t top, int64_t left, int64_t side, const float** from) {
  for (int64_t i = 0; i < side; i++)
    for (int64_t j = 0; j < side; j++) {
      int64_t row = top + i, column = left + j;
      bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
      from[side * i + j] = inside ? images + ((image * s.height + row) * s.width + column) * channels : zeros;
    }
}

/// Points of eight channels of a tile's inputs, each `step` numbers after the one before.
template <int64_t M>
inline void transformInput(const float* const* from, int64_t channel, float* points, int64_t step) {
  constexpr int64_t E = Tiling<M>::E;
  Lane half[E * E];
#pragma GCC unroll 6
  for (int64_t j = 0; j < E; j++) {
    Lane d[E];
#pragma GCC unroll 6
    for (int64_t i = 0; i < E; i++) d[i] = load(from[E * i + j] + channel);
    toPoints<M>(d, half + j, E);
  }
#pragma GCC unroll 6
  for (int64_t i = 0; i < E; i++) {
    Lane p[E];
    toPoints<M>(half + E * i, p, 1);
#pragma GCC unroll 6
    for (int64_t j = 0; j < E; j++) store(points + (E * i + j) * step, p[j]);
  }
}

/// [6, 16] += rows a [6, in] times the panel b [in, 16].
inline void multiplyRows(const float* a, int64_t lda, const float* b, int64_t in, float* out, int64_t ldo) {
  Lane acc[kRows][2] = {};
  for (int64_t i = 0; i < in; i++, b += kPanel) {
    Lane b0 = load(b), b1 = load(b + 8);
#pragma GCC unroll 6
    for (int64_t r = 0; r < kRows; r++) {
      Lane v = all(a[r * lda + i]);
      acc[r][0] += v * b0;
      acc[r][1] += v * b1;
    }
  }
#pragma GCC unroll 6
  for (int64_t r = 0; r < kRows; r++) {
    store(out + r * ldo, acc[r][0]);
    store(out + r * ldo + 8, acc[r][1]);
  }
}

/// Weights as points: taps [9, in, out] to [P, out / 16, in, 16], for inputs first..last.
template <int64_t M>
inline void transformWeights(const float* taps, int64_t in, int64_t out, float* points, int64_t first, int64_t last) {
  constexpr int64_t E = Tiling<M>::E;
  for (int64_t i = first; i < last; i++) {
    for (int64_t k = 0; k < out; k += 8) {
      Lane half[3 * E];
      for (int64_t j = 0; j < 3; j++) {
        Lane g[3];
        for (int64_t r = 0; r < 3; r++) g[r] = load(taps + ((3 * r + j) * in + i) * out + k);
        tapsToPoints<M>(g, half + j, 3);
      }
      for (int64_t r = 0; r < E; r++) {
        Lane u[E];
        tapsToPoints<M>(half + 3 * r, u, 1);
        for (int64_t j = 0; j < E; j++) store(points + (((E * r + j) * (out / kPanel) + k / kPanel) * in + i) * kPanel + k % kPanel, u[j]);
      }
    }
  }
}

/// Numbers that `convolveBlock` writes on, and how many blocks there are.
template <int64_t M>
inline int64_t forwardScratch(const Shape& s) { return Tiling<M>::P * (blockOf(s.in) * (s.in + 2 * kPanel) + 2 * kGap); }
template <int64_t M>
inline int64_t forwardBlocks(const Shape& s) { return (s.tiles(M) + blockOf(s.in) - 1) / blockOf(s.in); }

/// Outputs of eight channels of a tile from its points, `step` numbers apart.
template <int64_t M>
inline void transformOutput(const Shape& s, const float* points, int64_t step, const Tile& tile, float* to) {
  constexpr int64_t E = Tiling<M>::E;
  Lane half[M * E];
#pragma GCC unroll 6
  for (int64_t j = 0; j < E; j++) {
    Lane d[E];
#pragma GCC unroll 6
    for (int64_t i = 0; i < E; i++) d[i] = load(points + (E * i + j) * step);
    toOutputs<M>(d, half + j, E);
  }
  const int64_t rows = std::min(M, s.height - tile.top), columns = std::min(M, s.width - tile.left);
  for (int64_t i = 0; i < rows; i++) {
    Lane o[M];
    toOutputs<M>(half + E * i, o, 1);
    for (int64_t j = 0; j < columns; j++) store(to + (i * s.width + j) * s.out, o[j]);
  }
}

/// Outputs of the tiles of one block. `zeros`: as many as there are input channels.
template <int64_t M>
inline void convolveBlock(const Shape& s, const float* x, const float* points, float* y, int64_t block, float* scratch, const float* zeros) {
  constexpr int64_t P = Tiling<M>::P, wide = 2 * kPanel;
  const int64_t size = blockOf(s.in), first = block * size, count = std::min(size, s.tiles(M) - first), panels = s.out / kPanel;
  const int64_t vStep = size * s.in + kGap, mStep = size * wide + kGap;
  float *v = scratch, *m = scratch + P * vStep;
  for (int64_t t = 0; t < count; t++) {
    const float* from[P];
    Tile tile(s, M, first + t);
    pixelsAt(s, x, s.in, zeros, tile.image, tile.top - 1, tile.left - 1, Tiling<M>::E, from);
    for (int64_t c = 0; c < s.in; c += 8) transformInput<M>(from, c, v + t * s.in + c, vStep);
  }
  for (int64_t k = 0; k < s.out; k += wide) {
    const int64_t here = std::min(wide, s.out - k);
    for (int64_t p = 0; p < P; p++)
      for (int64_t q = 0; q < here; q += kPanel) {
        const float* b = points + (p * panels + (k + q) / kPanel) * s.in * kPanel;
        for (int64_t t = 0; t < count; t += kRows)
          multiplyRows(v + p * vStep + t * s.in, s.in, b, s.in, m + p * mStep + t * wide + q, wide);
      }
    for (int64_t t = 0; t < count; t++) {
      Tile tile(s, M, first + t);
      float* to = y + ((tile.image * s.height + tile.top) * s.width + tile.left) * s.out + k;
      for (int64_t q = 0; q < here; q += 8) transformOutput<M>(s, m + t * wide + q, mStep, tile, to + q);
    }
  }
}

/// Numbers from one point to the next of `count` tiles.
inline int64_t pointStep(int64_t channels, int64_t count) { return channels * count + kGap; }

/// Points of tile first + t of the input, one of `count`: [P, in / 16, count, 16].
template <int64_t M>
inline void storeInputPoints(const Shape& s, const float* x, const float* zeros, int64_t first, int64_t count, int64_t t, float* v) {
  const float* from[Tiling<M>::P];
  Tile tile(s, M, first + t);
  pixelsAt(s, x, s.in, zeros, tile.image, tile.top - 1, tile.left - 1, Tiling<M>::E, from);
  for (int64_t c = 0; c < s.in; c += 8)
    transformInput<M>(from, c, v + (c / kPanel * count + t) * kPanel + c % kPanel, pointStep(s.in, count));
}

/// The same of the outputs' derivatives: [P, out / 16, count, 16].
template <int64_t M>
inline void storeGradientPoints(const Shape& s, const float* dy, const float* zeros, int64_t first, int64_t count, int64_t t, float* m) {
  constexpr int64_t E = Tiling<M>::E;
  const float* from[M * M];
  Tile tile(s, M, first + t);
  pixelsAt(s, dy, s.out, zeros, tile.image, tile.top, tile.left, M, from);
  for (int64_t k = 0; k < s.out; k += 8) {
    float* points = m + (k / kPanel * count + t) * kPanel + k % kPanel;
    Lane half[E * M];
#pragma GCC unroll 4
    for (int64_t j = 0; j < M; j++) {
      Lane d[M];
#pragma GCC unroll 4
      for (int64_t i = 0; i < M; i++) d[i] = load(from[M * i + j] + k);
      fromOutputs<M>(d, half + j, M);
    }
#pragma GCC unroll 6
    for (int64_t i = 0; i < E; i++) {
      Lane p[E];
      fromOutputs<M>(half + M * i, p, 1);
#pragma GCC unroll 6
      for (int64_t j = 0; j < E; j++) store(points + (E * i + j) * pointStep(s.out, count), p[j]);
    }
  }
}

/// Adds the products of one point and one panel of input channels over `count` tiles to du [P, in, out].
inline void accumulateWeights(const Shape& s, const float* v, const float* m, int64_t count, float* du, int64_t point, int64_t panel) {
  const float* a = v + point * pointStep(s.in, count) + panel * count * kPanel;
  for (int64_t k = 0; k < s.out; k += kPanel) {
    const float* b = m + point * pointStep(s.out, count) + k * count;
    for (int64_t c = 0; c < kPanel; c += 4) {
      float* to = du + (point * s.in + panel * kPanel + c) * s.out + k;
      Lane acc[4][2];
#pragma GCC unroll 4
      for (int64_t r = 0; r < 4; r++) acc[r][0] = load(to + r * s.out), acc[r][1] = load(to + r * s.out + 8);
      for (int64_t t = 0; t < count; t++) {
        Lane b0 = load(b + t * kPanel), b1 = load(b + t * kPanel + 8);
#pragma GCC unroll 4
        for (int64_t r = 0; r < 4; r++) {
          Lane w = all(a[t * kPanel + c + r]);
          acc[r][0] += w * b0;
          acc[r][1] += w * b1;
        }
      }
#pragma GCC unroll 4
      for (int64_t r = 0; r < 4; r++) store(to + r * s.out, acc[r][0]), store(to + r * s.out + 8, acc[r][1]);
    }
  }
}

/// Derivatives of the taps, [9, in, out], from those of the points, for input channel i.
template <int64_t M>
inline void gradientOfTaps(const Shape& s, const float* du, float* taps, int64_t i) {
  constexpr int64_t E = Tiling<M>::E;
  for (int64_t k = 0; k < s.out; k += 8) {
    Lane half[3 * E];
    for (int64_t j = 0; j < E; j++) {
      Lane u[E];
      for (int64_t r = 0; r < E; r++) u[r] = load(du + ((E * r + j) * s.in + i) * s.out + k);
      pointsToTaps<M>(u, half + j, E);
    }
    for (int64_t r = 0; r < 3; r++) {
      Lane g[3];
      pointsToTaps<M>(half + E * r, g, 1);
      for (int64_t j = 0; j < 3; j++) store(taps + ((3 * r + j) * s.in + i) * s.out + k, g[j]);
    }
  }
}

#pragma GCC pop_options

}  // namespace muster::winograd
