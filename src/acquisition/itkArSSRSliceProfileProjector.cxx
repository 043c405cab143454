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
#include "itkArSSRSliceProfileProjector.h"

#include "acquisition/ArSSRLanczos.h"
#include "image/ArSSRVoxelInterval.h"
#include "itkArSSRSliceProfile.h"

#include "itkMacro.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
// Added to regions that are computed from the far corners of others, against rounding; in voxels.
constexpr double RegionSlack = 1e-6;

using RegionType = ArSSRSliceProfileProjector::RegionType;

// The voxels of an image within bounds along an axis. False when there are none.
bool
SetAxis(RegionType & region, unsigned int axis, double lower, double upper, SizeValueType size)
{
  // Clamped as double: casting a number that the integer does not hold is undefined behaviour. The negation catches
  // NaN.
  const double begin = std::max(std::ceil(lower - RegionSlack), 0.0);
  const double last = std::min(std::floor(upper + RegionSlack), static_cast<double>(size) - 1.0);
  if (!(begin <= last))
  {
    return false;
  }
  region.SetIndex(axis, static_cast<IndexValueType>(begin));
  region.SetSize(axis, static_cast<SizeValueType>(last - begin) + 1);
  return true;
}
} // namespace


bool
ArSSRSliceProfileProjector::IsInsideExtent(double index, SizeValueType size)
{
  // An image reaches half a voxel beyond the centres of its outer voxels.
  return index >= -0.5 - ExtentTolerance && index <= static_cast<double>(size) - 0.5 + ExtentTolerance;
}


ArSSRSliceProfileProjector::ArSSRSliceProfileProjector(const ArSSRImageGeometry & high,
                                                       const ArSSRImageGeometry & low,
                                                       const WidthsType &         fwhm,
                                                       Sees                       sees,
                                                       Method                     method)
  : ArSSRSliceProfileProjector(high, low, ArSSRAcquisition().WithGaussianWidths(fwhm), sees, method)
{}


ArSSRSliceProfileProjector::ArSSRSliceProfileProjector(const ArSSRImageGeometry & high,
                                                       const ArSSRImageGeometry & low,
                                                       const ArSSRAcquisition &   acquisition,
                                                       Sees                       sees,
                                                       Method                     method)
  : m_HighSize(high.region.GetSize())
  , m_LowSize(low.region.GetSize())
  , m_Sees(sees)
{
  if (high.region.GetNumberOfPixels() == 0 || low.region.GetNumberOfPixels() == 0)
  {
    itkGenericExceptionMacro("The size of the high-resolution image is "
                             << m_HighSize << " and that of the low-resolution image is " << m_LowSize
                             << "; at least one voxel along each axis is expected.");
  }
  // Columns by differences: exact where entries are zero, else to the rounding of an index.
  const ArSSRIndexMap map(low, high);
  const IndexType     first = high.region.GetIndex();
  const auto          origin = map.Evaluate(first);
  for (unsigned int column = 0; column < 3; ++column)
  {
    IndexType next = first;
    ++next[column];
    const auto neighbour = map.Evaluate(next);
    for (unsigned int row = 0; row < 3; ++row)
    {
      m_Matrix[row][column] = neighbour[row] - origin[row];
    }
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    m_Offset[axis] = origin[axis];
  }
  // Before the inverse is taken, so that it is that of the cleaned matrix.
  if (method == Method::Automatic)
  {
    this->MakeSeparableWhereParallel();
  }
  m_Inverse = MatrixType(m_Matrix.GetInverse());

  const ArSSRAcquisition resolved = acquisition.Resolved(low.spacing);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // A row holds the steps of the LR index along this axis per step along each HR axis; its norm is the HR spacing
    // along the LR axis, in LR voxels, and the unit of the point spread.
    const auto * row = m_Matrix[axis];
    m_VoxelSize[axis] = std::sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]);
    // mm, divided by the LR spacing times the HR voxel's size in LR voxels: HR voxels along this LR axis.
    m_Spreads[axis] = resolved.GetPointSpread(axis).Scaled(1.0 / (low.spacing[axis] * m_VoxelSize[axis]));
    m_Support[axis] = m_Spreads[axis].GetSupportRadius() * m_VoxelSize[axis];
    m_Reach[axis] = arssr::LanczosLobes * std::max(1.0, m_VoxelSize[axis]); // stretched over large HR voxels
  }
}


void
ArSSRSliceProfileProjector::MakeSeparableWhereParallel()
{
  MatrixType                  parallel;
  WidthsType                  offset = m_Offset;
  std::array<unsigned int, 3> lowAxis{};
  std::array<bool, 3>         isTaken{};
  parallel.Fill(0.0);
  for (unsigned int row = 0; row < 3; ++row)
  {
    // The HR axis that this LR axis follows.
    unsigned int main = 0;
    for (unsigned int column = 1; column < 3; ++column)
    {
      main = std::abs(m_Matrix[row][column]) > std::abs(m_Matrix[row][main]) ? column : main;
    }
    double moved = 0.0;
    for (unsigned int column = 0; column < 3; ++column)
    {
      if (column != main)
      {
        // Neglected entries are replaced by their effect at the middle of the image, so that the largest error, at its
        // faces, is half of what it would be from a corner.
        const double half = 0.5 * static_cast<double>(m_HighSize[column] - 1);
        offset[row] += m_Matrix[row][column] * half;
        moved += std::abs(m_Matrix[row][column]) * half;
      }
    }
    // Two LR axes along one HR axis, or a tilt that rounding does not explain: nothing has been changed so far.
    if (isTaken[main] || moved > ParallelTolerance)
    {
      return;
    }
    isTaken[main] = true;
    lowAxis[main] = row;
    // The scale along the axis stays that of the headers, so that voxels far from the middle do not drift.
    parallel[row][main] = m_Matrix[row][main];
  }
  // The matrix now has one entry in each row and column: a permutation with signs and scales.
  m_IsSeparable = true;
  m_LowAxis = lowAxis;
  m_Matrix = parallel;
  m_Offset = offset;
}


bool
ArSSRSliceProfileProjector::IsCoarser() const
{
  return std::any_of(m_VoxelSize.begin(), m_VoxelSize.end(), [](double highInLow) {
    return !ArSSRSliceProfile::IsPointSample(1.0 / highInLow);
  });
}


double
ArSSRSliceProfileProjector::GetLowIndex(unsigned int lowAxis, const IndexType & high) const
{
  double index = m_Offset[lowAxis];
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    index += m_Matrix[lowAxis][axis] * static_cast<double>(high[axis]);
  }
  return index;
}


double
ArSSRSliceProfileProjector::GetHighIndex(unsigned int highAxis, const IndexType & low) const
{
  double index = 0.0;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    index += m_Inverse[highAxis][axis] * (static_cast<double>(low[axis]) - m_Offset[axis]);
  }
  return index;
}


arssr::VoxelInterval
ArSSRSliceProfileProjector::GetSeenVoxels(unsigned int highAxis, unsigned int lowAxis, const IndexType & high) const
{
  if (m_Sees == Sees::AllVoxels)
  {
    return { 0, static_cast<IndexValueType>(m_HighSize[highAxis]) };
  }
  // The line through `high`, from its voxel 0 on: LR indices along it are linear in the voxel's number.
  IndexType start = high;
  start[highAxis] = 0;
  // Within the LR image's extent is within half its size of its middle, and so an interval on the line.
  const auto   size = static_cast<double>(m_LowSize[lowAxis]);
  const double fromMiddle = this->GetLowIndex(lowAxis, start) - 0.5 * (size - 1.0);
  return arssr::VoxelsWithin(
    fromMiddle, m_Matrix[lowAxis][highAxis], 0.5 * size + ExtentTolerance, m_HighSize[highAxis]);
}


bool
ArSSRSliceProfileProjector::IsInsideLow(const IndexType & high) const
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!IsInsideExtent(this->GetLowIndex(axis, high), m_LowSize[axis]))
    {
      return false;
    }
  }
  return true;
}


bool
ArSSRSliceProfileProjector::IsInsideHigh(const IndexType & low) const
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!IsInsideExtent(this->GetHighIndex(axis, low), m_HighSize[axis]))
    {
      return false;
    }
  }
  return true;
}


auto
ArSSRSliceProfileProjector::GetHighRegion(const RegionType & low) const -> RegionType
{
  RegionType result;
  for (unsigned int row = 0; row < 3; ++row)
  {
    // Interval arithmetic: the image of a box under an affine map lies in the box of sums of least and largest terms.
    double lower = 0.0;
    double upper = 0.0;
    for (unsigned int column = 0; column < 3; ++column)
    {
      const auto   first = static_cast<double>(low.GetIndex(column));
      const auto   last = first + static_cast<double>(low.GetSize(column)) - 1.0;
      const double one = m_Inverse[row][column] * (first - m_Support[column] - m_Offset[column]);
      const double other = m_Inverse[row][column] * (last + m_Support[column] - m_Offset[column]);
      lower += std::min(one, other);
      upper += std::max(one, other);
    }
    // An empty region has size 0 along an axis, and `last` is below `first` there: it is refused here, not by the
    // bounds.
    if (low.GetNumberOfPixels() == 0 || !SetAxis(result, row, lower, upper, m_HighSize[row]))
    {
      return {};
    }
  }
  return result;
}


auto
ArSSRSliceProfileProjector::GetLowRegion(const RegionType & high) const -> RegionType
{
  RegionType result;
  for (unsigned int row = 0; row < 3; ++row)
  {
    double lower = m_Offset[row];
    double upper = m_Offset[row];
    for (unsigned int column = 0; column < 3; ++column)
    {
      const auto   first = static_cast<double>(high.GetIndex(column));
      const auto   last = first + static_cast<double>(high.GetSize(column)) - 1.0;
      const double one = m_Matrix[row][column] * first;
      const double other = m_Matrix[row][column] * last;
      lower += std::min(one, other);
      upper += std::max(one, other);
    }
    // HR voxels outside the LR image's extent are not corrected.
    const double upperFace = static_cast<double>(m_LowSize[row]) - 0.5;
    if (high.GetNumberOfPixels() == 0 || upper < -0.5 - ExtentTolerance || lower > upperFace + ExtentTolerance ||
        !SetAxis(
          result, row, std::max(lower, -0.5) - m_Reach[row], std::min(upper, upperFace) + m_Reach[row], m_LowSize[row]))
    {
      return {};
    }
  }
  return result;
}


auto
ArSSRSliceProfileProjector::GetHaloRadius() const -> SizeType
{
  SizeType radius;
  for (unsigned int row = 0; row < 3; ++row)
  {
    // One round reads the residual within the kernel's reach, and around each of its voxels the point spread's support.
    double distance = 0.0;
    for (unsigned int column = 0; column < 3; ++column)
    {
      distance += std::abs(m_Inverse[row][column]) * (m_Reach[column] + m_Support[column]);
    }
    radius[row] = static_cast<SizeValueType>(std::ceil(distance));
  }
  return radius;
}


void
ArSSRSliceProfileProjector::Simulate(const ArSSRVoxelBlock &  high,
                                     ArSSRVoxelBlock &        low,
                                     const ParallelLoopType & loop) const
{
  // Whatever the implementations leave out is unseen.
  low.voxels.assign(low.region.GetNumberOfPixels(), Unseen);
  if (m_IsSeparable)
  {
    this->SimulateSeparably(high, low, loop);
  }
  else
  {
    this->SimulateDirectly(high, low, loop);
  }
}


void
ArSSRSliceProfileProjector::Correct(const ArSSRVoxelBlock &  residual,
                                    double                   factor,
                                    const RegionType &       where,
                                    ArSSRVoxelBlock &        high,
                                    const ParallelLoopType & loop) const
{
  if (residual.region.GetNumberOfPixels() == 0)
  {
    return; // no LR voxel is near
  }
  if (m_IsSeparable)
  {
    this->CorrectSeparably(residual, factor, where, high, loop);
  }
  else
  {
    this->CorrectDirectly(residual, factor, where, high, loop);
  }
}
} // end namespace itk
