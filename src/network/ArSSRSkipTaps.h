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
#ifndef ArSSRSkipTaps_h
#define ArSSRSkipTaps_h

#include "itkArSSRModelEnums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace itk::arssr
{
constexpr int MaximumSkipTaps = 4;

inline int
GetNumberOfSkipTaps(ArSSRModelEnums::Skip skip)
{
  return skip == ArSSRModelEnums::Skip::Cubic ? 4 : 2;
}

/** Weights of the taps around a position, from the lowest voxel up: linear, or Keys' cubic convolution with a = -1/2.
 * \param t the position's fraction in [0, 1) above the tap below it; a number or a tensor. */
template <typename T>
void
GetSkipWeights(ArSSRModelEnums::Skip skip, const T & t, T * weights)
{
  if (skip == ArSSRModelEnums::Skip::Linear)
  {
    weights[0] = 1.0F - t;
    weights[1] = t;
    return;
  }
  // Keys' kernel at the distances 1 + t, t, 1 - t and 2 - t, as polynomials in Horner form. The weights add up to one.
  weights[0] = ((-0.5F * t + 1.0F) * t - 0.5F) * t;
  weights[1] = (1.5F * t - 2.5F) * t * t + 1.0F;
  weights[2] = ((-1.5F * t + 2.0F) * t + 0.5F) * t;
  weights[3] = (0.5F * t - 0.5F) * t * t;
}

/** \brief One axis of an interpolation of LR intensities. */
struct SkipTaps
{
  std::array<std::int64_t, MaximumSkipTaps> voxel{}; /**< counted from the first intensity's */
  std::array<float, MaximumSkipTaps>        weight{};
};

/** \param sample LR continuous index. \param imageSize voxels of the whole image along the axis, whose border is
 * continued. \param origin LR voxel of the first intensity. */
inline SkipTaps
GetSkipTaps(ArSSRModelEnums::Skip skip, double sample, std::int64_t imageSize, std::int64_t origin)
{
  const int    count = GetNumberOfSkipTaps(skip);
  const double base = std::floor(sample);
  SkipTaps     taps;
  GetSkipWeights(skip, static_cast<float>(sample - base), taps.weight.data());
  for (int tap = 0; tap < count; ++tap)
  {
    // Linear: base and base + 1. Cubic: base - 1 to base + 2.
    const std::int64_t voxel = static_cast<std::int64_t>(base) + tap - (count / 2 - 1);
    taps.voxel[tap] = std::clamp<std::int64_t>(voxel, 0, imageSize - 1) - origin;
  }
  return taps;
}
} // namespace itk::arssr

#endif
