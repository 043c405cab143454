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
#include "itkArSSRIndexMap.h"

#include "itkMacro.h"

#include <cmath>

namespace itk
{
namespace
{
// Entries of the index map below this are rounding errors of the direction matrices' product. As an axis has at most
// 2^20 voxels, setting one to zero moves no sample by more than about 1e-6 LR voxels; in exchange, grids whose axes are
// parallel have constant coordinates along a line, and IsAxisAligned() sees them.
constexpr double NegligibleMatrixEntry = 1e-12;
} // namespace


// With direction D, spacing S and origin o, index i of an image is at the point o + D S i. So the map from the output
// to the LR image, c = A (i - i_0) + b, has A = inverse(D S of the LR image) (D S of the output), and b is the LR index
// of the output's first voxel less the start index of the LR image.
ArSSRIndexMap::ArSSRIndexMap(const ArSSRImageGeometry & input, const ArSSRImageGeometry & output)
  : m_OutputStart(output.region.GetIndex())
{
  input.Verify("input");
  output.Verify("output");
  // Only the direction is inverted; the spacings are divided by afterwards. The determinant of direction and spacing
  // together could overflow or underflow for spacings that are valid.
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
  // The difference of positions comes first: both may be far from the world's origin, and mapping them one by one would
  // lose the digits that the difference keeps.
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


// Here and not in the header, so that all callers get the same bits: compiled by a user for a processor with fused
// multiply-adds, it could round otherwise than where the tile that owns the sample was decided. This library is
// compiled without them (src/CMakeLists.txt), and the CUDA kernel rounds likewise.
ArSSRIndexMap::ContinuousIndexType
ArSSRIndexMap::Evaluate(const IndexType & outputIndex) const
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
      // c becomes n - 1 - c, so both terms of c = A i + b change sign.
      result.m_Offset[row] = static_cast<double>(imageSize[row] - 1) - m_Offset[row];
      for (double & entry : result.m_Matrix[row])
      {
        entry = 0.0 - entry; // zero stays +0, where a change of sign would make it -0
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
  // Each row is evaluated at the corner of the region at which it is extreme, by Evaluate() itself: its rounding is
  // monotonic, so the bounds hold for the samples to the last bit. A sample beyond them would belong to a tile that
  // nobody asked for.
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
} // end namespace itk
