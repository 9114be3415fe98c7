// Eight float32 numbers as one, on processors with AVX2; there where the compiler is g++ for x86-64.
#pragma once
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <cstring>

namespace muster::lane {

#pragma GCC push_options
#pragma GCC target("avx2,fma")

typedef float Lane __attribute__((vector_size(32)));

inline Lane load(const float* from) { Lane v; std::memcpy(&v, from, sizeof v); return v; }
inline void store(float* to, Lane v) { std::memcpy(to, &v, sizeof v); }

#pragma GCC pop_options

}  // namespace muster::lane

#endif
