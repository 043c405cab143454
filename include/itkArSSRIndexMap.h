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
#ifndef itkArSSRIndexMap_h
#define itkArSSRIndexMap_h

#include "itkArSSRImageGeometry.h"

#include "itkContinuousIndex.h"
#include "itkFixedArray.h"

#include <array>

namespace itk
{
/** \class ArSSRIndexMap
 * \brief Maps the index of an output voxel to a continuous index of the low-resolution (LR) input.
 *
 * The LR index counts from the first voxel of the input's largest region, not from its start index, so that the extent
 * of the image is [-0.5, n-0.5] along each axis. The map is affine, \f$ c = A (i - i_0) + b \f$, with \f$ i_0 \f$ the
 * start index of the output, and is evaluated afresh for each voxel: the result for a voxel does not depend on the
 * requested region.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRIndexMap
{
public:
  using RegionType = ArSSRImageGeometry::RegionType;
  using IndexType = ArSSRImageGeometry::IndexType;
  using ContinuousIndexType = ContinuousIndex<double, 3>;

  ArSSRIndexMap() = default;

  /** \throws ExceptionObject when ArSSRImageGeometry::Verify() of either does, or the two grids are too far apart for a
   * double. */
  ArSSRIndexMap(const ArSSRImageGeometry & input, const ArSSRImageGeometry & output);

  ContinuousIndexType
  Evaluate(const IndexType & outputIndex) const;

  using MatrixType = std::array<std::array<double, 3>, 3>;
  using OffsetType = std::array<double, 3>;

  /** A, b and i_0 of the map. */
  const MatrixType &
  GetMatrix() const
  {
    return m_Matrix;
  }
  const OffsetType &
  GetOffset() const
  {
    return m_Offset;
  }
  const IndexType &
  GetOutputStart() const
  {
    return m_OutputStart;
  }

  /** Whether each axis of the output runs along the same axis of the LR image, in either direction. */
  bool
  IsAxisAligned() const;

  /** Size of an output voxel in LR voxels, per LR axis: the length of the matrix's rows. */
  FixedArray<double, 3>
  GetVoxelSize() const;

  /** The map to the LR image mirrored along some axes (x, y, z), where voxel c of the n along an axis is voxel
   * n - 1 - c. */
  ArSSRIndexMap
  MirroredAlong(const std::array<bool, 3> & axes, const ArSSRImageGeometry::SizeType & imageSize) const;

  /** Smallest box of LR continuous indices that holds the samples of `outputRegion` (not their corners). */
  void
  GetBounds(const RegionType & outputRegion, ContinuousIndexType & lower, ContinuousIndexType & upper) const;

private:
  MatrixType m_Matrix{};
  OffsetType m_Offset{};
  IndexType  m_OutputStart{};
};
} // end namespace itk

#endif // itkArSSRIndexMap_h
