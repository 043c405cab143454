/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
// Included by each ArSSRCpuKernels<Set>.cxx, which defines ARSSR_KERNEL_NAMESPACE and ARSSR_KERNEL_LANES first. Of an
// inline function that several files compile, the linker keeps one copy: without a namespace for each set, the portable
// kernels could run code for AVX-512 and crash on processors without it. For the same reason these headers call no
// function of the standard library, many of which are inline.
#ifndef ArSSRCpuVector_h
#define ArSSRCpuVector_h

#include <cstdint>
#include <type_traits>

#if defined(__AVX512F__)
#  include <immintrin.h>
#endif

namespace itk::arssr::ARSSR_KERNEL_NAMESPACE
{
constexpr std::int64_t Lanes = ARSSR_KERNEL_LANES;

// Kernels keep their sums in arrays of vectors. Only a fully unrolled loop lets the compiler hold such an array in
// registers, which have no index; no loop over one is longer than 16. Functions of vectors are always inlined, as a
// call would spill the sums of its caller.
#if defined(__GNUC__) && !defined(ARSSR_SCALAR_VECTORS)
#  define ARSSR_INLINE inline __attribute__((always_inline))
#  define ARSSR_UNROLL _Pragma("GCC unroll 16")

using Vector = float __attribute__((vector_size(Lanes * sizeof(float))));

// Load() and Store() take any address, aligned or not; compilers turn each memcpy into one instruction.
ARSSR_INLINE Vector
Load(const float * address)
{
  Vector value;
  __builtin_memcpy(&value, address, sizeof(value));
  return value;
}

ARSSR_INLINE void
Store(float * address, Vector value)
{
  __builtin_memcpy(address, &value, sizeof(value));
}

ARSSR_INLINE Vector
Broadcast(float value)
{
  // Subtracting zero keeps every bit, so compilers leave it out; adding zero turns -0 into +0 and would have to stay.
  return value - Vector{};
}

/** A NaN stays one. */
ARSSR_INLINE Vector
PositivePart(Vector value)
{
#  if defined(__AVX512F__)
  // One instruction, where compilers make two of the comparison below. The maximum of a NaN and a number is the second
  // operand, so the order of the operands keeps a NaN.
  return _mm512_maskz_max_ps(0xFFFF, Vector{}, value);
#  else
  return value < 0.0F ? Vector{} : value;
#  endif
}

// The sums below add lanes in one fixed order, a binary tree whose first level joins the two halves: the order is part
// of the result's bits, and the versions for one vector, for four and for arrays must agree on it.
using FourFloats = float __attribute__((vector_size(4 * sizeof(float))));
using EightFloats = float __attribute__((vector_size(8 * sizeof(float))));

ARSSR_INLINE float
SumOfLanes(const FourFloats & value)
{
  return (value[0] + value[2]) + (value[1] + value[3]);
}

/** Adds the upper half of the lanes to the lower half, until one lane is left. */
template <typename T>
ARSSR_INLINE float
SumOfLanes(const T & value)
{
  using Half = std::conditional_t<sizeof(T) == sizeof(EightFloats), FourFloats, EightFloats>;
  Half halves[2];
  __builtin_memcpy(halves, &value, sizeof(value));
  return SumOfLanes(halves[0] + halves[1]);
}

ARSSR_INLINE void
SumsOfLanes(const FourFloats * values, float * sums)
{
  // Two sums share each addition of the first level, and all four the last one: fewer instructions than four separate
  // sums, with the same operands for each.
  const FourFloats &a = values[0], &b = values[1], &c = values[2], &d = values[3];
  const FourFloats  ab = FourFloats{ a[0], a[1], b[0], b[1] } + FourFloats{ a[2], a[3], b[2], b[3] };
  const FourFloats  cd = FourFloats{ c[0], c[1], d[0], d[1] } + FourFloats{ c[2], c[3], d[2], d[3] };
  const FourFloats  all = FourFloats{ ab[0], ab[2], cd[0], cd[2] } + FourFloats{ ab[1], ab[3], cd[1], cd[3] };
  __builtin_memcpy(sums, &all, sizeof(all));
}

/** SumOfLanes() of four vectors, with the same bits. */
template <typename T>
ARSSR_INLINE void
SumsOfLanes(const T * values, float * sums)
{
  using Half = std::conditional_t<sizeof(T) == sizeof(EightFloats), FourFloats, EightFloats>;
  Half added[4];
  ARSSR_UNROLL
  for (int i = 0; i < 4; ++i)
  {
    Half halves[2];
    __builtin_memcpy(halves, values + i, sizeof(halves));
    added[i] = halves[0] + halves[1];
  }
  SumsOfLanes(added, sums);
}
#else
// For compilers without these vectors; the tests compile and run it with ARSSR_SCALAR_VECTORS.
#  define ARSSR_INLINE inline
#  define ARSSR_UNROLL

struct Vector
{
  float lanes[Lanes];
};

ARSSR_INLINE Vector
Load(const float * address)
{
  Vector result;
  for (int lane = 0; lane < Lanes; ++lane)
  {
    result.lanes[lane] = address[lane];
  }
  return result;
}

ARSSR_INLINE void
Store(float * address, const Vector & value)
{
  for (int lane = 0; lane < Lanes; ++lane)
  {
    address[lane] = value.lanes[lane];
  }
}

ARSSR_INLINE Vector
Broadcast(float value)
{
  Vector result;
  for (float & lane : result.lanes)
  {
    lane = value;
  }
  return result;
}

/** A NaN stays one. */
ARSSR_INLINE Vector
PositivePart(Vector value)
{
  for (float & lane : value.lanes)
  {
    lane = lane < 0.0F ? 0.0F : lane;
  }
  return value;
}

ARSSR_INLINE Vector
operator+(Vector left, const Vector & right)
{
  for (int lane = 0; lane < Lanes; ++lane)
  {
    left.lanes[lane] += right.lanes[lane];
  }
  return left;
}

ARSSR_INLINE Vector
operator-(Vector left, const Vector & right)
{
  for (int lane = 0; lane < Lanes; ++lane)
  {
    left.lanes[lane] -= right.lanes[lane];
  }
  return left;
}

ARSSR_INLINE Vector
operator*(Vector left, const Vector & right)
{
  for (int lane = 0; lane < Lanes; ++lane)
  {
    left.lanes[lane] *= right.lanes[lane];
  }
  return left;
}

/** Adds the upper half of the lanes to the lower half, until one lane is left. */
ARSSR_INLINE float
SumOfLanes(const Vector & value)
{
  float sums[Lanes];
  Store(sums, value);
  for (std::int64_t half = Lanes / 2; half > 0; half /= 2)
  {
    for (int lane = 0; lane < half; ++lane)
    {
      sums[lane] += sums[lane + half];
    }
  }
  return sums[0];
}

/** SumOfLanes() of four vectors. */
ARSSR_INLINE void
SumsOfLanes(const Vector * values, float * sums)
{
  for (int i = 0; i < 4; ++i)
  {
    sums[i] = SumOfLanes(values[i]);
  }
}
#endif
} // namespace itk::arssr::ARSSR_KERNEL_NAMESPACE

#endif
