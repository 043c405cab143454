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
#ifndef itkArSSRGrid_h
#define itkArSSRGrid_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkContinuousIndex.h"
#include "itkFixedArray.h"
#include "itkImageBase.h"

#include <array>
#include <string>

namespace itk
{
/** \class ArSSRImageGeometry
 * \brief Where the voxels of a 3-D image lie in the world: largest region, origin, spacing and direction.
 *
 * All three-component members are in ITK's axis order (x, y, z); lengths are in mm. As everywhere in ITK the origin is
 * the position of the voxel with index (0,0,0), whether or not that index is inside the region.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRImageGeometry
{
  using ImageBaseType = ImageBase<3>;
  using SizeType = ImageBaseType::SizeType;
  using IndexType = ImageBaseType::IndexType;
  using RegionType = ImageBaseType::RegionType;
  using PointType = ImageBaseType::PointType;
  using SpacingType = ImageBaseType::SpacingType;
  using DirectionType = ImageBaseType::DirectionType;
  using ScaleFactorsType = FixedArray<double, 3>;

  RegionType    region;
  PointType     origin{};
  SpacingType   spacing{};
  DirectionType direction{};

  /** The geometry of an image's largest possible region. */
  static ArSSRImageGeometry
  FromImage(const ImageBaseType & image);

  /** \throws ExceptionObject when this is no place for an image: a size that is zero or exceeds `MaximumSize`, a start
   * index beyond 2^52, a spacing that is not a positive finite number, an origin that is not finite, or a direction of
   * dependent columns. `name`: of the image, for the message. */
  void
  Verify(const std::string & name) const;

  /** The grid of `size` voxels that covers the same field of view: the box from the outer face of the first voxel to
   * the outer face of the last one. Its spacing is extent / size, its start index zero, its direction the same, and its
   * origin is shifted along the direction axes by half the difference of the spacings (from the first voxel's centre).
   * \throws ExceptionObject when a size is zero. */
  ArSSRImageGeometry
  ResizedTo(const SizeType & size) const;

  /** ResizedTo() the size nearest to size * factor, at least one voxel; halves are rounded up.
   * \throws ExceptionObject when a factor is not a positive finite number or a size exceeds `MaximumSize`. */
  ArSSRImageGeometry
  ScaledBy(const ScaleFactorsType & factors) const;

  /** ResizedTo() the size nearest to extent / spacing, at least one voxel; halves are rounded up. The spacing that
   * results is extent / size and so differs from the one asked for by the rounding of the size.
   * \throws ExceptionObject when a spacing is not a positive finite number or a size exceeds `MaximumSize`. */
  ArSSRImageGeometry
  RespacedTo(const SpacingType & newSpacing) const;

  /** Longest axis accepted, in voxels: coordinates stay exact in single precision well beyond it. */
  static constexpr SizeValueType MaximumSize = SizeValueType{ 1 } << 20;
};


/** \class ArSSRIndexMap
 * \brief Maps the index of an output voxel to a continuous index of the low-resolution (LR) input.
 *
 * The LR index counts from the first voxel of the input's largest region, not from its start index, so that the extent
 * of the image is [-0.5, n-0.5] along each axis. The map is affine,
 * \f$ c = A (i - i_0) + b \f$, with \f$ i_0 \f$ the start index of the output, and is evaluated afresh for each voxel:
 * the result for a voxel does not depend on the region that is asked for.
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

  /** \throws ExceptionObject when ArSSRImageGeometry::Verify() of either does, or they are too far apart for a double.
   */
  ArSSRIndexMap(const ArSSRImageGeometry & input, const ArSSRImageGeometry & output);

  ContinuousIndexType
  Evaluate(const IndexType & outputIndex) const
  {
    ContinuousIndexType result;
    for (unsigned int row = 0; row < 3; ++row)
    {
      double sum = m_Offset[row];
      for (unsigned int column = 0; column < 3; ++column)
      {
        sum += m_Matrix[row][column] * static_cast<double>(outputIndex[column] - m_OutputStart[column]);
      }
      result[row] = sum;
    }
    return result;
  }

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


/** \class ArSSRTileLattice
 * \brief Cuts the LR image into tiles whose features are encoded one at a time.
 *
 * The lattice is fixed to the whole image, never to the region that is asked for; so a voxel's value comes from the
 * same tile, computed in the same way, however the output is divided. An output voxel belongs to the tile whose core
 * holds the floor of its LR continuous index, clamped to the image.
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

  /** Where a coordinate lies along an axis from what a tile owns of the extent: -1 before it, 0 in it, 1 behind it. A
   * tile owns the samples for which that is 0 along each axis. */
  int
  Compare(unsigned int axis, double coordinate, IndexValueType tile) const;

  /** The box of tiles that samples within the bounds can belong to; of size zero when the bounds miss the extent. */
  RegionType
  GetTilesWithin(const ContinuousIndexType & lower, const ContinuousIndexType & upper) const;

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

#endif // itkArSSRGrid_h
