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
#include "itkArSSRTileLattice.h"

#include "itkMacro.h"

#include <algorithm>
#include <cmath>

namespace itk
{
ArSSRTileLattice::ArSSRTileLattice(const SizeType & imageSize, const SizeType & tileSize, SizeValueType haloRadius)
  : m_ImageSize(imageSize)
  , m_TileSize(tileSize)
  , m_HaloRadius(haloRadius)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (imageSize[axis] == 0 || tileSize[axis] == 0)
    {
      itkGenericExceptionMacro("An image of " << imageSize << " voxels cannot be cut into tiles of " << tileSize
                                              << " voxels: at least one voxel per axis is expected.");
    }
    m_NumberOfTiles[axis] = (imageSize[axis] + tileSize[axis] - 1) / tileSize[axis];
  }
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::Dilated(const RegionType & region, SizeValueType low, SizeValueType high) const
{
  RegionType result;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto begin = static_cast<SizeValueType>(region.GetIndex(axis));
    const auto end = begin + region.GetSize(axis);
    // Sizes are unsigned: the margin is cut before it is subtracted.
    const auto newBegin = begin - std::min(begin, low);
    const auto newEnd = std::min(end + high, m_ImageSize[axis]);
    result.SetIndex(axis, static_cast<IndexValueType>(newBegin));
    result.SetSize(axis, newEnd - newBegin);
  }
  return result;
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetCoreRegion(const IndexType & tile) const
{
  RegionType result;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto begin = static_cast<SizeValueType>(tile[axis]) * m_TileSize[axis];
    result.SetIndex(axis, static_cast<IndexValueType>(begin));
    result.SetSize(axis, std::min(m_TileSize[axis], m_ImageSize[axis] - begin));
  }
  return result;
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetFeatureRegion(const IndexType & tile) const
{
  // Only above: a sample belongs to the tile that owns its floor, and trilinear sampling reads the floor and the voxel
  // after it.
  return this->Dilated(this->GetCoreRegion(tile), 0, SampleRadius);
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetInputRegion(const IndexType & tile) const
{
  return this->Dilated(this->GetFeatureRegion(tile), m_HaloRadius, m_HaloRadius);
}


ArSSRTileLattice::SizeType
ArSSRTileLattice::GetFeatureSizeBound() const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    size[axis] = std::min(m_TileSize[axis] + SampleRadius, m_ImageSize[axis]);
  }
  return size;
}


ArSSRTileLattice::SizeType
ArSSRTileLattice::GetInputSizeBound() const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // A bound that no tile may reach: where there are two tiles along an axis, neither has both halos in full.
    size[axis] = std::min(m_TileSize[axis] + SampleRadius + 2 * m_HaloRadius, m_ImageSize[axis]);
  }
  return size;
}


IndexValueType
ArSSRTileLattice::GetOwner(unsigned int axis, double coordinate) const
{
  const double last = static_cast<double>(m_ImageSize[axis] - 1);
  // Samples between the lower outer face and the first voxel's centre have their floor outside the image; they belong
  // to the first tile. Clamped in double, because the cast of a value outside the type's range is undefined.
  const double voxel = std::min(std::max(std::floor(coordinate), 0.0), last);
  return static_cast<IndexValueType>(static_cast<SizeValueType>(voxel) / m_TileSize[axis]);
}


ArSSRTileLattice::IndexType
ArSSRTileLattice::GetOwner(const ContinuousIndexType & sample) const
{
  return { { this->GetOwner(0, sample[0]), this->GetOwner(1, sample[1]), this->GetOwner(2, sample[2]) } };
}


int
ArSSRTileLattice::CompareToExtent(unsigned int axis, double coordinate) const
{
  const double upperFace = static_cast<double>(m_ImageSize[axis]) - 0.5;
  // Negated, so that a NaN is outside.
  if (!(coordinate >= -0.5 - ExtentTolerance))
  {
    return -1;
  }
  return coordinate <= upperFace + ExtentTolerance ? 0 : 1;
}


bool
ArSSRTileLattice::IsInsideExtent(const ContinuousIndexType & sample) const
{
  return this->CompareToExtent(0, sample[0]) == 0 && this->CompareToExtent(1, sample[1]) == 0 &&
         this->CompareToExtent(2, sample[2]) == 0;
}


bool
ArSSRTileLattice::HasSampleInside(const ArSSRIndexMap & map, const RegionType & outputRegion) const
{
  ContinuousIndexType lower;
  ContinuousIndexType upper;
  map.GetBounds(outputRegion, lower, upper);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (this->CompareToExtent(axis, upper[axis]) < 0 || this->CompareToExtent(axis, lower[axis]) > 0)
    {
      return false;
    }
  }
  // The bounds of a rotated region can overlap the extent while no sample lies in it, so each line along x is tested.
  for (IndexType begin = outputRegion.GetIndex(); begin[2] <= outputRegion.GetUpperIndex()[2]; ++begin[2])
  {
    for (begin[1] = outputRegion.GetIndex(1); begin[1] <= outputRegion.GetUpperIndex()[1]; ++begin[1])
    {
      if (this->HasSampleInside(map, begin, outputRegion.GetSize(0)))
      {
        return true;
      }
    }
  }
  return false;
}


bool
ArSSRTileLattice::HasSampleInside(const ArSSRIndexMap & map, IndexType begin, SizeValueType length) const
{
  // Clips the line to the extent as the slab method of ray tracing does: the numbers of its voxels for which each
  // coordinate is between the two faces are an interval, and [low, high] is where the three intervals meet.
  const ContinuousIndexType first = map.Evaluate(begin);
  const double              last = static_cast<double>(length) - 1.0;
  double                    low = 0.0;
  double                    high = last;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double step = map.GetMatrix()[axis][0];
    if (step == 0.0)
    {
      if (this->CompareToExtent(axis, first[axis]) != 0)
      {
        return false;
      }
      continue;
    }
    const double atFirst = (-0.5 - ExtentTolerance - first[axis]) / step;
    const double atLast = (static_cast<double>(m_ImageSize[axis]) - 0.5 + ExtentTolerance - first[axis]) / step;
    low = std::max(low, std::min(atFirst, atLast));
    high = std::min(high, std::max(atFirst, atLast));
  }
  // The divisions above round in another way than Evaluate(), so the ends are uncertain by a voxel. What counts are the
  // computed samples: the extent is convex, so it is enough to test the voxels on both sides of each end.
  const IndexValueType start = begin[0];
  for (const double end : { std::floor(low), std::ceil(low), std::floor(high), std::ceil(high) })
  {
    if (!(end >= 0.0 && end <= last))
    {
      continue;
    }
    begin[0] = start + static_cast<IndexValueType>(end);
    if (this->IsInsideExtent(map.Evaluate(begin)))
    {
      return true;
    }
  }
  return false;
}


int
ArSSRTileLattice::Compare(unsigned int axis, double coordinate, IndexValueType tile) const
{
  // The extent comes first: GetOwner() would give samples beyond it to the tiles at the border.
  if (const int side = this->CompareToExtent(axis, coordinate); side != 0)
  {
    return side;
  }
  const IndexValueType owner = this->GetOwner(axis, coordinate);
  return owner < tile ? -1 : static_cast<int>(owner > tile);
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetTilesWithin(const ContinuousIndexType & lower, const ContinuousIndexType & upper) const
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (this->CompareToExtent(axis, upper[axis]) < 0 || this->CompareToExtent(axis, lower[axis]) > 0)
    {
      // GetOwner() would clamp such bounds to the tiles at the border.
      return RegionType(IndexType{}, SizeType{});
    }
  }
  RegionType tiles;
  tiles.SetIndex(this->GetOwner(lower));
  tiles.SetUpperIndex(this->GetOwner(upper));
  return tiles;
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetInputRegionOfTiles(const RegionType & tiles) const
{
  // Input regions begin and end in the order of their tiles, so the first and the last tile of the box are enough.
  const RegionType first = this->GetInputRegion(tiles.GetIndex());
  const RegionType last = this->GetInputRegion(tiles.GetUpperIndex());
  RegionType       result;
  result.SetIndex(first.GetIndex());
  result.SetUpperIndex(last.GetUpperIndex());
  return result;
}


ArSSRTileLattice::RegionType
ArSSRTileLattice::GetTilesOf(const ArSSRIndexMap & map, const RegionType & outputRegion) const
{
  // A box of tiles, and so an upper bound: along a rotated grid some of its tiles own no voxel of the region.
  ContinuousIndexType lower;
  ContinuousIndexType upper;
  map.GetBounds(outputRegion, lower, upper);
  return this->GetTilesWithin(lower, upper);
}
} // end namespace itk
