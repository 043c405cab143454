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
#ifndef ArSSRFusedDecoderSampling_h
#define ArSSRFusedDecoderSampling_h

#include "cuda/ArSSRFusedDecoderFormats.h"

#include <cmath>

/** \file
 * Where a voxel is and what is read there: the arithmetic of ArSSRIndexMap, ArSSRAxisSample.h and ArSSRSkipTaps.h, for
 * the GPU. Arrays of three are (z, y, x).
 */
namespace itk::arssr
{
// HalfwayTolerance of ArSSRAxisSample.h, in LR voxels: grids that differ by rounding must be on the same side of the
// jump of a local coordinate.
constexpr double FusedHalfwayTolerance = 1e-4;

/** \brief LR continuous index of a voxel, from the first voxel of the image. */
struct FusedPosition
{
  double axis[3];
};

/** \brief The eight LR voxels around a position, counted from the first feature, and their weights. */
struct alignas(16) FusedCorners
{
  std::int32_t voxel[8];
  float        weight[8];
};

ARSSR_HOST_DEVICE std::int32_t
                  ClampIndex(std::int64_t value, std::int32_t count)
{
  return value < 0 ? 0 : value >= count ? count - 1 : static_cast<std::int32_t>(value);
}

/** The last span that begins at or before a voxel. */
ARSSR_HOST_DEVICE std::int64_t
                  FindSpan(const CudaSpan * spans, std::int64_t count, std::int64_t voxel)
{
  // By halves: the span is always among the `count` spans from `begin` on, as the first one starts at voxel 0. A kernel
  // has up to millions of voxels in tens of thousands of spans, so about 15 reads, which neighbouring lanes share.
  std::int64_t begin = 0;
  while (count > 1)
  {
    const std::int64_t half = count / 2;
    if (spans[begin + half].first <= voxel)
    {
      begin += half;
      count -= half;
    }
    else
    {
      count = half;
    }
  }
  return begin;
}

/** sum + a · b, with both roundings: the same bits as ArSSRIndexMap::Evaluate(), which decided what the tile owns. A
 * fused multiply-add, as compilers make of such sums, could move a sample to a voxel that the tile does not hold. */
ARSSR_HOST_DEVICE double
AddProduct(double sum, double a, double b)
{
#if defined(__CUDA_ARCH__)
  return __dadd_rn(sum, __dmul_rn(a, b));
#else
  const double product = a * b;
  return sum + product;
#endif
}

ARSSR_HOST_DEVICE FusedPosition
LocateVoxel(const CudaDecodeArguments & arguments, std::int64_t voxel)
{
  const CudaSpan & span = arguments.spans[FindSpan(arguments.spans, arguments.spanCount, voxel)];
  const double     x = static_cast<double>(span.start[0] + (voxel - span.first));
  FusedPosition    position;
  ARSSR_UNROLL
  for (int row = 0; row < 3; ++row)
  {
    // In double and in Evaluate()'s order: offset, x, y, z. Rows count x first, positions z first.
    double sum = AddProduct(arguments.offset[row], arguments.matrix[row][0], x);
    sum = AddProduct(sum, arguments.matrix[row][1], span.start[1]);
    position.axis[2 - row] = AddProduct(sum, arguments.matrix[row][2], span.start[2]);
  }
  return position;
}

ARSSR_HOST_DEVICE FusedCorners
FindCorners(const CudaDecodeArguments & arguments, const FusedPosition & position)
{
  std::int32_t voxel[3][2];
  float        weight[3][2];
  ARSSR_UNROLL
  for (int axis = 0; axis < 3; ++axis)
  {
    const double base = std::floor(position.axis[axis]);
    const auto   fraction = static_cast<float>(position.axis[axis] - base);
    ARSSR_UNROLL
    for (int high = 0; high < 2; ++high)
    {
      const std::int64_t index = static_cast<std::int64_t>(base) + high;
      const std::int32_t inImage = ClampIndex(index, arguments.imageSize[axis]);
      const bool         counts = index == inImage || arguments.borderPadding != 0;
      weight[axis][high] = !counts ? 0.0F : high == 1 ? fraction : 1.0F - fraction;
      // A voxel with weight zero may be outside the tile; clamped, it is read from inside the features' memory.
      voxel[axis][high] =
        ClampIndex(static_cast<std::int64_t>(inImage) - arguments.featureOrigin[axis], arguments.featureExtent[axis]);
    }
  }
  FusedCorners corners;
  ARSSR_UNROLL
  for (int corner = 0; corner < 8; ++corner)
  {
    const int z = corner >> 2;
    const int y = (corner >> 1) & 1;
    const int x = corner & 1;
    corners.voxel[corner] =
      (voxel[0][z] * arguments.featureExtent[1] + voxel[1][y]) * arguments.featureExtent[2] + voxel[2][x];
    corners.weight[corner] = weight[0][z] * weight[1][y] * weight[2][x];
  }
  return corners;
}

constexpr int FusedMaximumCoordinates = 6;

/** What the MLP is told of a position: in the image (3 numbers), or from the nearest voxel, with the voxel's size (6).
 */
ARSSR_HOST_DEVICE float
GetFusedCoordinate(const CudaDecodeArguments & arguments, int coordinates, const FusedPosition & position, int column)
{
  if (column >= 3)
  {
    return static_cast<float>(arguments.voxelSize[column - 3]);
  }
  const double sample = position.axis[column];
  // The image's extent, [-0.5, n - 0.5], becomes [-1, 1]; from the nearest voxel's centre, half a voxel becomes 1.
  if (coordinates == 3)
  {
    return static_cast<float>((2.0 * sample + 1.0) / arguments.imageSize[column] - 1.0);
  }
  return static_cast<float>(2.0 * (sample - std::floor(sample + 0.5 + FusedHalfwayTolerance)));
}

constexpr int FusedMaximumTaps = 4;

/** Weight of a tap of the skip along an axis, at a fraction t behind the tap before the position: linear, or Keys'
 * cubic convolution with a = -1/2 (Keys 1981). As GetSkipWeights() of ArSSRSkipTaps.h. */
ARSSR_HOST_DEVICE float
GetFusedSkipWeight(int taps, float t, int tap)
{
  if (taps == 2)
  {
    return tap == 0 ? 1.0F - t : t;
  }
  switch (tap)
  {
    case 0:
      return ((-0.5F * t + 1.0F) * t - 0.5F) * t;
    case 1:
      return (1.5F * t - 2.5F) * t * t + 1.0F;
    case 2:
      return ((-1.5F * t + 2.0F) * t + 0.5F) * t;
    default:
      return (0.5F * t - 0.5F) * t * t;
  }
}

/** A share of the interpolated LR intensity: the planes of taps `part`, `part + parts`, … along z. Beyond the image its
 * border is repeated. */
ARSSR_HOST_DEVICE float
InterpolateSkipPart(const CudaDecodeArguments & arguments, const FusedPosition & position, int part, int parts)
{
  const int    taps = arguments.skipTaps;
  float        fraction[3];
  std::int64_t first[3];
  ARSSR_UNROLL
  for (int axis = 0; axis < 3; ++axis)
  {
    const double base = std::floor(position.axis[axis]);
    fraction[axis] = static_cast<float>(position.axis[axis] - base);
    // Two taps begin at the voxel below the position, four taps one before it.
    first[axis] = static_cast<std::int64_t>(base) - (taps / 2 - 1);
  }
  const auto index = [&](int axis, int tap) {
    const std::int32_t inImage = ClampIndex(first[axis] + tap, arguments.imageSize[axis]);
    return ClampIndex(static_cast<std::int64_t>(inImage) - arguments.intensityOrigin[axis],
                      arguments.intensityExtent[axis]);
  };
  std::int32_t column[FusedMaximumTaps];
  float        weight[FusedMaximumTaps];
  ARSSR_UNROLL
  for (int x = 0; x < FusedMaximumTaps; ++x)
  {
    column[x] = index(2, x);
    weight[x] = GetFusedSkipWeight(taps, fraction[2], x);
  }
  float sum = 0.0F;
  for (int z = part; z < taps; z += parts)
  {
    const std::int64_t plane = std::int64_t{ index(0, z) } * arguments.intensityExtent[1];
    const float        planeWeight = GetFusedSkipWeight(taps, fraction[0], z);
    for (int y = 0; y < taps; ++y)
    {
      const float * values = arguments.intensities + (plane + index(1, y)) * arguments.intensityExtent[2];
      float         line = 0.0F;
      ARSSR_UNROLL
      for (int x = 0; x < FusedMaximumTaps; ++x) // unrolled for all, so that the weights stay in registers
      {
        if (x < taps)
        {
          line += weight[x] * values[column[x]];
        }
      }
      sum += planeWeight * GetFusedSkipWeight(taps, fraction[1], y) * line;
    }
  }
  return sum;
}
} // namespace itk::arssr

#endif
