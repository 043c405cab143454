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
#ifndef itkArSSRTileLattice_h
#define itkArSSRTileLattice_h

#include "itkArSSRIndexMap.h"

namespace itk
{
/** \class ArSSRTileLattice
 * \brief Cuts the LR image into tiles whose features are encoded one at a time.
 *
 * The lattice is fixed to the whole image, never to the requested region, so a voxel's value comes from the same tile,
 * computed in the same way, however the output is divided. An output voxel belongs to the tile whose core holds the
 * floor of its LR continuous index, clamped to the image.
 *
 * All regions here count from the first voxel of the input's largest region, in (x, y, z) order:
 * core (owned voxels) ⊂ feature region (core plus the one voxel that trilinear sampling reads beyond it) ⊂ input region
 * (feature region plus the encoder's halo), each cropped to the image.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRTileLattice
{
public:
  using RegionType = ArSSRImageGeometry::RegionType;
  using IndexType = ArSSRImageGeometry::IndexType;
  using SizeType = ArSSRImageGeometry::SizeType;
  using ContinuousIndexType = ArSSRIndexMap::ContinuousIndexType;

  /** How many voxels beyond the core a sample between two voxels reads. */
  static constexpr SizeValueType SampleRadius = 1;

  /** Extent accepted beyond the image's outer faces, in LR voxels, to absorb rounding in physical coordinates. */
  static constexpr double ExtentTolerance = 1e-6;

  ArSSRTileLattice() = default;

  /** \param imageSize LR voxels. \param tileSize LR voxels of a core, at least one per axis; the last tile along an
   * axis may be smaller. \param haloRadius LR voxels around the feature region that the encoder needs. */
  ArSSRTileLattice(const SizeType & imageSize, const SizeType & tileSize, SizeValueType haloRadius);

  const SizeType &
  GetImageSize() const
  {
    return m_ImageSize;
  }
  const SizeType &
  GetTileSize() const
  {
    return m_TileSize;
  }
  /** Tiles along each axis. */
  const SizeType &
  GetNumberOfTiles() const
  {
    return m_NumberOfTiles;
  }
  SizeValueType
  GetHaloRadius() const
  {
    return m_HaloRadius;
  }

  RegionType
  GetCoreRegion(const IndexType & tile) const;
  RegionType
  GetFeatureRegion(const IndexType & tile) const;
  RegionType
  GetInputRegion(const IndexType & tile) const;

  /** Sizes that no feature and input region in the lattice exceeds along any axis. */
  SizeType
  GetFeatureSizeBound() const;
  SizeType
  GetInputSizeBound() const;

  /** The tile that owns a sample, which must be inside the extent. */
  IndexType
  GetOwner(const ContinuousIndexType & sample) const;

  /** Whether a sample lies in the image's extent, [-0.5, n-0.5] along each axis. */
  bool
  IsInsideExtent(const ContinuousIndexType & sample) const;

  /** Whether any voxel of an output region has its sample in the extent. */
  bool
  HasSampleInside(const ArSSRIndexMap & map, const RegionType & outputRegion) const;

  /** Position of a coordinate along an axis relative to the part of the extent that a tile owns: -1 before it, 0 in it,
   * 1 behind it. A tile owns the samples for which it is 0 along each axis. */
  int
  Compare(unsigned int axis, double coordinate, IndexValueType tile) const;

  /** The box of tiles that samples within the bounds can belong to; of size zero when the bounds miss the extent. */
  RegionType
  GetTilesWithin(const ContinuousIndexType & lower, const ContinuousIndexType & upper) const;

  /** The box of tiles that the samples of an output region can belong to. */
  RegionType
  GetTilesOf(const ArSSRIndexMap & map, const RegionType & outputRegion) const;

  /** Smallest LR region that holds the input regions of a box of tiles. */
  RegionType
  GetInputRegionOfTiles(const RegionType & tiles) const;

private:
  IndexValueType
  GetOwner(unsigned int axis, double coordinate) const;

  /** -1 before the extent, 0 in it, 1 behind it. */
  int
  CompareToExtent(unsigned int axis, double coordinate) const;

  /** Whether one of the voxels along x from `begin` on has its sample in the extent. */
  bool
  HasSampleInside(const ArSSRIndexMap & map, IndexType begin, SizeValueType length) const;

  RegionType
  Dilated(const RegionType & region, SizeValueType low, SizeValueType high) const;

  SizeType      m_ImageSize{};
  SizeType      m_TileSize{ { 1, 1, 1 } };
  SizeType      m_NumberOfTiles{};
  SizeValueType m_HaloRadius{ 0 };
};
} // end namespace itk

#endif // itkArSSRTileLattice_h
