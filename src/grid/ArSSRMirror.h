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
#ifndef ArSSRMirror_h
#define ArSSRMirror_h

#include "itkArSSRTileLattice.h"

#include <ATen/core/Tensor.h>

#include <array>

namespace itk::arssr
{
/** \brief Mirrors regions, voxels and index maps of the LR image along some axes: voxel c of n becomes voxel n - 1 - c.
 */
class Mirror
{
public:
  using Axes = std::array<bool, 3>; // (x, y, z)
  using RegionType = ArSSRTileLattice::RegionType;
  using SizeType = ArSSRTileLattice::SizeType;

  /** LR voxels that a mirrored pass needs beyond a tile's features, on either side: the voxel below a sample is the one
   * above it in the mirrored image, and rounding may shift either by one. */
  static constexpr SizeValueType Margin = 1;

  Mirror(const Axes & axes, const SizeType & imageSize)
    : m_Axes(axes)
    , m_ImageSize(imageSize)
  {}

  /** Mirrors a region that counts from the image's first voxel. */
  RegionType
  Apply(const RegionType & region) const;

  /** Turns a map to the image into the map to the mirrored image. */
  ArSSRIndexMap
  Apply(const ArSSRIndexMap & indexMap) const
  {
    return indexMap.MirroredAlong(m_Axes, m_ImageSize);
  }

  /** Mirrors the voxels of a region, [z, y, x]. Returns the same tensor where nothing is mirrored. */
  at::Tensor
  Apply(const at::Tensor & voxels) const;

private:
  Axes     m_Axes;
  SizeType m_ImageSize;
};

/** Axes along which each pass mirrors the LR image; fewer passes use the first entries. Whether there are 2, 4 or 8
 * passes, each axis is mirrored in half of them: first all axes, then z, whose voxels are usually the thickest, then
 * the others. */
constexpr std::array<Mirror::Axes, 8> MirrorsOfPasses{ { { { false, false, false } },
                                                         { { true, true, true } },
                                                         { { false, false, true } },
                                                         { { true, true, false } },
                                                         { { true, false, false } },
                                                         { { false, true, true } },
                                                         { { false, true, false } },
                                                         { { true, false, true } } } };
} // namespace itk::arssr

#endif
