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
#ifndef ArSSRFusedDecoderFormats_h
#define ArSSRFusedDecoderFormats_h

#include "cuda/ArSSRCudaDecoder.h"

#include <cstdint>
#include <cstring>

// The same source is compiled for the GPU and, as its twin, for the host.
#if defined(__CUDACC__)
#  define ARSSR_HOST_DEVICE __host__ __device__ __forceinline__
#  define ARSSR_DEVICE __device__ __forceinline__
#else
#  define ARSSR_HOST_DEVICE inline
#  define ARSSR_DEVICE inline
#endif
#if defined(__CUDA_ARCH__)
#  define ARSSR_UNROLL _Pragma("unroll") // keeps arrays in registers
#else
#  define ARSSR_UNROLL
#endif

namespace itk::arssr
{
/** \brief 16 bytes: what a thread reads or copies at once. */
struct alignas(16) CudaWords
{
  std::uint32_t word[4];
};

/** Copies a T from or to memory of any type that is aligned for it. On the GPU in as few accesses as its alignment
 * allows: a structure may otherwise be copied member by member. */
template <typename T>
ARSSR_HOST_DEVICE void
CopyAs(void * to, const void * from)
{
#if defined(__CUDA_ARCH__)
  if constexpr (alignof(T) == 16)
  {
    ARSSR_UNROLL
    for (int n = 0; n < static_cast<int>(sizeof(T) / sizeof(uint4)); ++n)
    {
      static_cast<uint4 *>(to)[n] = static_cast<const uint4 *>(from)[n];
    }
  }
  else if constexpr (alignof(T) == 8 && sizeof(T) == 8)
  {
    *static_cast<uint2 *>(to) = *static_cast<const uint2 *>(from);
  }
  else
  {
    *static_cast<T *>(to) = *static_cast<const T *>(from);
  }
#else
  std::memcpy(to, from, sizeof(T));
#endif
}

template <typename T>
ARSSR_HOST_DEVICE T
LoadAs(const void * from)
{
  T value;
  CopyAs<T>(&value, from);
  return value;
}

template <typename T>
ARSSR_HOST_DEVICE void
StoreAs(void * to, const T & value)
{
  CopyAs<T>(to, &value);
}

ARSSR_HOST_DEVICE float
BitsToFloat(std::uint32_t bits)
{
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  return LoadAs<float>(&bits);
#endif
}

ARSSR_HOST_DEVICE std::uint32_t
                  FloatToBits(float value)
{
#if defined(__CUDA_ARCH__)
  return __float_as_uint(value);
#else
  return LoadAs<std::uint32_t>(&value);
#endif
}

/** The larger of a value and 0; NaN stays NaN, as in torch. */
ARSSR_HOST_DEVICE float
Rectify(float value)
{
#if defined(__CUDA_ARCH__)
  float result;
  asm("max.NaN.f32 %0, %1, 0f00000000;" : "=f"(result) : "f"(value));
  return result;
#else
  return value < 0.0F ? 0.0F : value;
#endif
}

/** \brief bfloat16 in memory, rounded to nearest even. */
struct BFloat16Format
{
  static constexpr CudaFormat Value = CudaFormat::BFloat16;
  using Element = std::uint16_t;
  static constexpr int Depth = 16; /**< inputs in a step of the matrix product */
  static constexpr int Rows = 128; /**< of a thread block */

  static ARSSR_HOST_DEVICE float
  ToFloat(Element value)
  {
    return BitsToFloat(static_cast<std::uint32_t>(value) << 16);
  }

  static ARSSR_HOST_DEVICE Element
  FromFloat(float value)
  {
#if defined(__CUDA_ARCH__)
    Element result;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(value));
    return result;
#else
    const std::uint32_t bits = FloatToBits(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U)
    {
      // The addition below could carry into the sign, or make it an infinity.
      return 0x7FFFU; // NaN stays NaN
    }
    // Half of the last digit that stays, less one where that digit is even: ties go to even. A carry into the exponent
    // is right, up to infinity.
    return static_cast<Element>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
#endif
  }
};

/** \brief IEEE half precision in memory, rounded to nearest even. */
struct Float16Format
{
  static constexpr CudaFormat Value = CudaFormat::Float16;
  using Element = std::uint16_t;
  static constexpr int Depth = 16;
  static constexpr int Rows = 128;

  static ARSSR_HOST_DEVICE float
  ToFloat(Element value)
  {
#if defined(__CUDA_ARCH__)
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value));
    return result;
#else
    const std::uint32_t sign = static_cast<std::uint32_t>(value & 0x8000U) << 16;
    const std::uint32_t magnitude = value & 0x7FFFU;
    if (magnitude >= 0x7C00U) // infinity and NaN
    {
      return BitsToFloat(sign | 0x7F800000U | (magnitude & 0x3FFU) << 13);
    }
    // Exponents are biased by 15 and 127: a float with the half's bits is 2^112 times too small. The product is exact,
    // also for subnormal halves, which become normal floats.
    constexpr float scale = 5192296858534827628530496329220096.0F; // 2^112
    return BitsToFloat(sign | FloatToBits(BitsToFloat(magnitude << 13) * scale));
#endif
  }

  static ARSSR_HOST_DEVICE Element
  FromFloat(float value)
  {
#if defined(__CUDA_ARCH__)
    Element result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(value));
    return result;
#else
    const std::uint32_t bits = FloatToBits(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U)
    {
      return static_cast<Element>(sign | 0x7FFFU);
    }
    if (magnitude >= 0x477FF000U) // 65520, halfway between the largest half and 2^16, and beyond
    {
      return static_cast<Element>(sign | 0x7C00U);
    }
    // Below 2^-14 a half is subnormal, a multiple of 2^-24. That is the last digit of floats from 0.5 to 1, so the
    // addition of 0.5 rounds as a half does.
    if (magnitude < 0x38800000U)
    {
      const float shifted = BitsToFloat(magnitude) + 0.5F;
      return static_cast<Element>(sign | (FloatToBits(shifted) - FloatToBits(0.5F)));
    }
    // Exponent less 112, then 13 bits of mantissa rounded away, ties to even.
    return static_cast<Element>(sign | ((magnitude - 0x38000000U + 0xFFFU + ((magnitude >> 13) & 1U)) >> 13));
#endif
  }
};

/** \brief float32 in memory, with the 10 bits of mantissa that the matrix product reads, rounded to nearest. */
struct TensorFloat32Format
{
  static constexpr CudaFormat Value = CudaFormat::TensorFloat32;
  using Element = float;
  static constexpr int Depth = 8;
  static constexpr int Rows = 64; // of twice the bytes: as much shared memory as 128 rows in 16 bits

  static ARSSR_HOST_DEVICE float
  ToFloat(Element value)
  {
    return value;
  }

  static ARSSR_HOST_DEVICE Element
  FromFloat(float value)
  {
#if defined(__CUDA_ARCH__)
    std::uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return BitsToFloat(bits);
#else
    const std::uint32_t bits = FloatToBits(value);
    if ((bits & 0x7FFFFFFFU) >= 0x7F800000U) // infinity and NaN
    {
      return value;
    }
    // Of 23 bits of mantissa 10 stay; ties go away from zero, as in PTX's `rna`.
    return BitsToFloat((bits + 0x1000U) & 0xFFFFE000U);
#endif
  }
};

/** \brief Two neighbouring elements of a row, which a thread of a matrix product holds together. */
template <typename TFormat>
struct alignas(2 * sizeof(typename TFormat::Element)) ElementPair
{
  typename TFormat::Element element[2];

  /** Rounds two values, after a ReLU if asked for. */
  template <bool VReLU>
  static ARSSR_DEVICE ElementPair
  Round(float first, float second)
  {
#if defined(__CUDA_ARCH__)
    // One instruction for both values and the ReLU. Its first source goes to the upper half, that is, to the second
    // element.
    if constexpr (VReLU && TFormat::Value == CudaFormat::BFloat16)
    {
      std::uint32_t bits;
      asm("cvt.rn.relu.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
      return LoadAs<ElementPair>(&bits);
    }
    if constexpr (VReLU && TFormat::Value == CudaFormat::Float16)
    {
      std::uint32_t bits;
      asm("cvt.rn.relu.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
      return LoadAs<ElementPair>(&bits);
    }
#endif
    return { { TFormat::FromFloat(VReLU ? Rectify(first) : first),
               TFormat::FromFloat(VReLU ? Rectify(second) : second) } };
  }
};

/** Calls a function with an object of the format's type. */
template <typename TFunction>
auto
DispatchFormat(CudaFormat format, TFunction && function)
{
  switch (format)
  {
    case CudaFormat::BFloat16:
      return function(BFloat16Format{});
    case CudaFormat::Float16:
      return function(Float16Format{});
    case CudaFormat::TensorFloat32:
    default:
      return function(TensorFloat32Format{});
  }
}

inline int
GetElementBytes(CudaFormat format)
{
  return DispatchFormat(format, [](auto type) { return static_cast<int>(sizeof(typename decltype(type)::Element)); });
}
} // namespace itk::arssr

#endif
