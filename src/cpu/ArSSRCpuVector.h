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
// Included by each ArSSRCpuKernels<Set>.cxx, which says for what: ARSSR_KERNEL_NAMESPACE and ARSSR_KERNEL_LANES. The
// namespace keeps code that was compiled for one processor from being linked where another one's is meant; for the same
// reason nothing here uses functions of the standard library.
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

#if defined(__GNUC__) && !defined(ARSSR_SCALAR_VECTORS)
#  define ARSSR_INLINE inline __attribute__((always_inline))
#  define ARSSR_UNROLL _Pragma("GCC unroll 16")

using Vector = float __attribute__((vector_size(Lanes * sizeof(float))));

// From and to any address; each is one instruction.
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
  return value - Vector{};
}

/** A NaN stays one. */
ARSSR_INLINE Vector
PositivePart(Vector value)
{
#  if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xFFFF, Vector{}, value); // compilers make two instructions of what is below
#  else
  return value < 0.0F ? Vector{} : value;
#  endif
}

using FourFloats = float __attribute__((vector_size(4 * sizeof(float))));
using EightFloats = float __attribute__((vector_size(8 * sizeof(float))));

ARSSR_INLINE float
SumOfLanes(const FourFloats & value)
{
  return (value[0] + value[2]) + (value[1] + value[3]);
}

/** Adds each lane of the upper half to one of the lower half, until one is left. */
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
  const FourFloats &a = values[0], &b = values[1], &c = values[2], &d = values[3];
  const FourFloats  ab = FourFloats{ a[0], a[1], b[0], b[1] } + FourFloats{ a[2], a[3], b[2], b[3] };
  const FourFloats  cd = FourFloats{ c[0], c[1], d[0], d[1] } + FourFloats{ c[2], c[3], d[2], d[3] };
  const FourFloats  all = FourFloats{ ab[0], ab[2], cd[0], cd[2] } + FourFloats{ ab[1], ab[3], cd[1], cd[3] };
  __builtin_memcpy(sums, &all, sizeof(all));
}

/** SumOfLanes() of four vectors, with its bits. */
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
#else // for compilers without such vectors; the tests compile and run it with ARSSR_SCALAR_VECTORS
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

/** Adds each lane of the upper half to one of the lower half, until one is left. */
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
