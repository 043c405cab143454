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
    size[axis] = std::min(m_TileSize[axis] + SampleRadius + 2 * m_HaloRadius, m_ImageSize[axis]);
  }
  return size;
}


IndexValueType
ArSSRTileLattice::GetOwner(unsigned int axis, double coordinate) const
{
  const double last = static_cast<double>(m_ImageSize[axis] - 1);
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
  // Rounding decides by the very samples that are computed: those at either end of what is left, and next to them.
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
  ContinuousIndexType lower;
  ContinuousIndexType upper;
  map.GetBounds(outputRegion, lower, upper);
  return this->GetTilesWithin(lower, upper);
}
} // end namespace itk
