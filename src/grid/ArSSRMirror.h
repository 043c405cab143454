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
/** \brief Where things of the LR image are once it is mirrored along some axes: voxel c of n is then voxel n - 1 - c.
 */
class Mirror
{
public:
  using Axes = std::array<bool, 3>; // (x, y, z)
  using RegionType = ArSSRTileLattice::RegionType;
  using SizeType = ArSSRTileLattice::SizeType;

  /** LR voxels more, on either side of a tile's features, that its samples read in the mirrored image: there the voxel
   * below a sample is the one above it here, and rounding may make either the next one. */
  static constexpr SizeValueType Margin = 1;

  Mirror(const Axes & axes, const SizeType & imageSize)
    : m_Axes(axes)
    , m_ImageSize(imageSize)
  {}

  /** A region that counts from the image's first voxel. */
  RegionType
  Apply(const RegionType & region) const;

  /** A map to the image. */
  ArSSRIndexMap
  Apply(const ArSSRIndexMap & indexMap) const
  {
    return indexMap.MirroredAlong(m_Axes, m_ImageSize);
  }

  /** Voxels of a region, [z, y, x]; themselves where nothing is mirrored. */
  at::Tensor
  Apply(const at::Tensor & voxels) const;

private:
  Axes     m_Axes;
  SizeType m_ImageSize;
};

/** Axes along which each pass mirrors the LR image; of fewer passes the first ones. Each axis is mirrored in half of
 * the passes, of 2, of 4 and of 8: first all axes, then the last one, which mostly has the thickest voxels, and then
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
