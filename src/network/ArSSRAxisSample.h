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
#ifndef ArSSRAxisSample_h
#define ArSSRAxisSample_h

#include "itkArSSRModelEnums.h"

#include "grid/ArSSRGridIndex.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace itk::arssr
{
/** \brief How features are sampled and which coordinates the MLP gets. */
struct SamplingOptions
{
  ArSSRModelEnums::Padding     padding{ ArSSRModelEnums::Padding::Zeros };
  ArSSRModelEnums::Coordinates coordinates{ ArSSRModelEnums::Coordinates::Image };
  GridLengths                  voxelSize{ { 1.0, 1.0, 1.0 } }; /**< of an HR voxel; an input with local coordinates */
};

/** \brief One axis of a trilinear sample: two neighbouring LR voxels and their weights. */
struct AxisSample
{
  std::array<std::int64_t, 2>
                       voxel; /**< counted from the tile's first voxel; may lie outside where its weight is zero */
  std::array<float, 2> weight;
};

/** \param sample LR continuous index. \param imageSize voxels of the whole image along the axis. \param tileOrigin the
 * tile's first voxel. A voxel outside the image is replaced by the border voxel, with weight zero for zero padding. */
inline AxisSample
GetAxisSample(double sample, ArSSRModelEnums::Padding padding, std::int64_t imageSize, std::int64_t tileOrigin)
{
  // Voxel and fraction are taken of the index in the whole image, before the tile's origin is subtracted: so a tile
  // gets the bits of the whole.
  const double base = std::floor(sample);
  const auto   fraction = static_cast<float>(sample - base);
  AxisSample   result{ {}, { 1.0F - fraction, fraction } };
  for (int high = 0; high < 2; ++high)
  {
    const std::int64_t voxel = static_cast<std::int64_t>(base) + high;
    const std::int64_t inImage = std::clamp<std::int64_t>(voxel, 0, imageSize - 1);
    if (voxel != inImage && padding == ArSSRModelEnums::Padding::Zeros)
    {
      result.weight[high] = 0.0F;
    }
    result.voxel[high] = inImage - tileOrigin;
  }
  return result;
}

// In LR voxels. Local coordinates jump from 1 to -1 where two LR voxels are equally near, and samples of common scales
// lie exactly there. Grids that differ by the rounding of a file's header must be on the same side of the jump, which
// therefore is a little below the middle.
constexpr double HalfwayTolerance = 1e-4;

/** A sample's coordinate along an axis for the MLP, in [-1, 1]: from the first to the last face of the image, or from
 * half a voxel below to half a voxel above the nearest voxel's centre. */
inline float
GetAxisCoordinate(double sample, ArSSRModelEnums::Coordinates coordinates, std::int64_t imageSize)
{
  if (coordinates == ArSSRModelEnums::Coordinates::Local)
  {
    return static_cast<float>(2.0 * (sample - std::floor(sample + 0.5 + HalfwayTolerance)));
  }
  return static_cast<float>((2.0 * sample + 1.0) / static_cast<double>(imageSize) - 1.0);
}
} // namespace itk::arssr

#endif
