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
#include "itkArSSRGrid.h"

#include "itkMath.h"
#include "itkMacro.h"
#include "vnl/vnl_det.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
SizeValueType
RoundedSize(double voxels, unsigned int axis)
{
  const double rounded = std::max(1.0, std::floor(voxels + 0.5));
  if (!(rounded <= static_cast<double>(ArSSRImageGeometry::MaximumSize)))
  {
    itkGenericExceptionMacro("The output would have "
                             << voxels << " voxels along axis " << axis << "; at most "
                             << ArSSRImageGeometry::MaximumSize
                             << " are supported. Ask for a smaller scale or a larger spacing.");
  }
  return static_cast<SizeValueType>(rounded);
}

void
CheckPositive(double value, const char * what, unsigned int axis)
{
  if (!(value > 0.0) || !std::isfinite(value))
  {
    itkGenericExceptionMacro("The " << what << " along axis " << axis << " is " << value
                                    << "; a positive finite number is expected.");
  }
}

// A start index beyond this would not be exact in double precision.
constexpr IndexValueType LargestStartIndex = IndexValueType{ 1 } << 52;

// Directions are rotations, with a determinant of 1 or -1; one that is sheared as far as this holds no image.
constexpr double LeastDeterminant = 1e-6;

// Entries of the index map below this are rounding errors of the direction matrices' product.
constexpr double NegligibleMatrixEntry = 1e-12;
} // namespace


ArSSRImageGeometry
ArSSRImageGeometry::FromImage(const ImageBaseType & image)
{
  return { image.GetLargestPossibleRegion(), image.GetOrigin(), image.GetSpacing(), image.GetDirection() };
}


void
ArSSRImageGeometry::Verify(const std::string & name) const
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (region.GetSize(axis) == 0 || region.GetSize(axis) > MaximumSize)
    {
      itkGenericExceptionMacro("The " << name << (region.GetSize(axis) == 0 ? " has no voxels" : " is too large")
                                      << ": its largest possible region is of size " << region.GetSize() << "; 1 to "
                                      << MaximumSize << " voxels along each axis are expected.");
    }
    if (region.GetIndex(axis) < -LargestStartIndex || region.GetIndex(axis) > LargestStartIndex)
    {
      itkGenericExceptionMacro("The " << name << " starts at index " << region.GetIndex() << "; at most "
                                      << LargestStartIndex << " in size is expected. Set a smaller start index.");
    }
    CheckPositive(spacing[axis], (name + " spacing").c_str(), axis);
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!std::isfinite(origin[axis]))
    {
      itkGenericExceptionMacro("The " << name << " origin is " << origin
                                      << "; finite numbers are expected. Correct the image's header, or use "
                                         "itk::ChangeInformationImageFilter.");
    }
  }
  const double determinant = vnl_det(direction.GetVnlMatrix());
  if (!(std::abs(determinant) > LeastDeterminant) || !std::isfinite(determinant))
  {
    itkGenericExceptionMacro("The " << name << " direction has the determinant " << determinant << ":\n"
                                    << direction
                                    << "Three independent columns are expected. Correct the image's header, or use "
                                       "itk::ChangeInformationImageFilter.");
  }
}


ArSSRImageGeometry
ArSSRImageGeometry::ResizedTo(const SizeType & size) const
{
  ArSSRImageGeometry result{ RegionType(size), origin, spacing, direction };
  SpacingType        firstVoxel; // from the voxel of index zero to the result's first voxel, mm along the grid's axes
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (size[axis] == 0)
    {
      itkGenericExceptionMacro("The output size along axis " << axis << " is 0; at least 1 voxel is expected.");
    }
    const auto inputSize = static_cast<double>(region.GetSize(axis));
    result.spacing[axis] = spacing[axis] * (inputSize / static_cast<double>(size[axis]));
    const double start = static_cast<double>(region.GetIndex(axis)) * spacing[axis];
    firstVoxel[axis] = start + 0.5 * (result.spacing[axis] - spacing[axis]);
  }
  result.origin = origin + direction * firstVoxel;
  return result;
}


ArSSRImageGeometry
ArSSRImageGeometry::ScaledBy(const ScaleFactorsType & factors) const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    CheckPositive(factors[axis], "scale factor", axis);
    size[axis] = RoundedSize(static_cast<double>(region.GetSize(axis)) * factors[axis], axis);
  }
  return this->ResizedTo(size);
}


ArSSRImageGeometry
ArSSRImageGeometry::RespacedTo(const SpacingType & newSpacing) const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    CheckPositive(newSpacing[axis], "output spacing", axis);
    size[axis] = RoundedSize(static_cast<double>(region.GetSize(axis)) * (spacing[axis] / newSpacing[axis]), axis);
  }
  return this->ResizedTo(size);
}


ArSSRIndexMap::ArSSRIndexMap(const ArSSRImageGeometry & input, const ArSSRImageGeometry & output)
  : m_OutputStart(output.region.GetIndex())
{
  input.Verify("input");
  output.Verify("output");
  // Spacings of any size are divided by, so that no determinant of theirs runs over or under.
  ArSSRImageGeometry::DirectionType physicalToInput(input.direction.GetInverse());
  ArSSRImageGeometry::DirectionType outputToPhysical = output.direction;
  for (unsigned int column = 0; column < 3; ++column)
  {
    for (unsigned int row = 0; row < 3; ++row)
    {
      physicalToInput[column][row] /= input.spacing[column];
      outputToPhysical[row][column] *= output.spacing[column];
    }
  }
  const auto matrix = physicalToInput * outputToPhysical;

  ArSSRImageGeometry::SpacingType outputStart;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    outputStart[axis] = static_cast<double>(m_OutputStart[axis]);
  }
  const auto firstVoxel = output.origin + outputToPhysical * outputStart;
  const auto offset = physicalToInput * (firstVoxel - input.origin);
  for (unsigned int row = 0; row < 3; ++row)
  {
    m_Offset[row] = offset[row] - static_cast<double>(input.region.GetIndex(row));
    if (!std::isfinite(m_Offset[row]))
    {
      itkGenericExceptionMacro("The output begins at LR voxel "
                               << m_Offset[row] << " along axis " << row << ": its origin " << output.origin
                               << " or spacing " << output.spacing << " is too far from the input's, " << input.origin
                               << " and " << input.spacing << '.');
    }
    for (unsigned int column = 0; column < 3; ++column)
    {
      const double entry = matrix[row][column];
      m_Matrix[row][column] = std::abs(entry) < NegligibleMatrixEntry ? 0.0 : entry;
    }
  }
}


bool
ArSSRIndexMap::IsAxisAligned() const
{
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      if (row != column && m_Matrix[row][column] != 0.0)
      {
        return false;
      }
    }
  }
  return true;
}


FixedArray<double, 3>
ArSSRIndexMap::GetVoxelSize() const
{
  FixedArray<double, 3> size;
  for (unsigned int row = 0; row < 3; ++row)
  {
    const auto & entries = m_Matrix[row];
    size[row] = std::sqrt(entries[0] * entries[0] + entries[1] * entries[1] + entries[2] * entries[2]);
  }
  return size;
}


ArSSRIndexMap
ArSSRIndexMap::MirroredAlong(const std::array<bool, 3> & axes, const ArSSRImageGeometry::SizeType & imageSize) const
{
  ArSSRIndexMap result = *this;
  for (unsigned int row = 0; row < 3; ++row)
  {
    if (axes[row])
    {
      result.m_Offset[row] = static_cast<double>(imageSize[row] - 1) - m_Offset[row];
      for (double & entry : result.m_Matrix[row])
      {
        entry = 0.0 - entry; // no negative zero
      }
    }
  }
  return result;
}


void
ArSSRIndexMap::GetBounds(const RegionType &    outputRegion,
                         ContinuousIndexType & lower,
                         ContinuousIndexType & upper) const
{
  // Evaluate() itself, at the corner that is extreme for each row, so that rounding is the same as for the samples.
  for (unsigned int row = 0; row < 3; ++row)
  {
    IndexType lowCorner = outputRegion.GetIndex();
    IndexType highCorner = outputRegion.GetUpperIndex();
    for (unsigned int column = 0; column < 3; ++column)
    {
      if (m_Matrix[row][column] < 0.0)
      {
        std::swap(lowCorner[column], highCorner[column]);
      }
    }
    lower[row] = this->Evaluate(lowCorner)[row];
    upper[row] = this->Evaluate(highCorner)[row];
  }
}


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
} // end namespace itk
