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
// The half of ArSSRSliceProfileProjector that works by direct sums, for grids that lie in any way to each other.
#include "itkArSSRSliceProfileProjector.h"

#include "ArSSRLanczos.h"
#include "itkArSSRSliceProfile.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
// Voxels 0 … size - 1 that are within `radius` of `centre`, as [begin, end).
struct Interval
{
  IndexValueType begin;
  IndexValueType end;
};

Interval
VoxelsWithin(double centre, double radius, SizeValueType size)
{
  const double begin = std::max(std::ceil(centre - radius), 0.0);
  const double last = std::min(std::floor(centre + radius), static_cast<double>(size) - 1.0);
  return begin <= last ? Interval{ static_cast<IndexValueType>(begin), static_cast<IndexValueType>(last) + 1 }
                       : Interval{ 0, 0 };
}

// The product of three slice profiles at a HR voxel; `distance` is in HR voxels along each LR axis.
class ProfileProduct
{
public:
  explicit ProfileProduct(const ArSSRSliceProfileProjector::WidthsType & fwhm)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      m_IsPointSample[axis] = ArSSRSliceProfile::IsPointSample(fwhm[axis]);
      const double sigma = ArSSRSliceProfile::GetSigma(fwhm[axis]);
      m_Exponent[axis] = -0.5 / (sigma * sigma);
      m_Radius[axis] = ArSSRSliceProfile::GetSupportRadius(fwhm[axis]);
    }
  }

  double
  operator()(const std::array<double, 3> & distance) const
  {
    double exponent = 0.0; // one exponential instead of three
    double weight = 1.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      if (std::abs(distance[axis]) > m_Radius[axis])
      {
        return 0.0;
      }
      if (m_IsPointSample[axis])
      {
        weight *= 1.0 - std::abs(distance[axis]);
      }
      else
      {
        exponent += m_Exponent[axis] * distance[axis] * distance[axis];
      }
    }
    return weight * std::exp(exponent);
  }

private:
  std::array<bool, 3>   m_IsPointSample{};
  std::array<double, 3> m_Exponent{};
  std::array<double, 3> m_Radius{};
};
} // namespace


void
ArSSRSliceProfileProjector::SimulateDirectly(const ArSSRVoxelBlock &  high,
                                             ArSSRVoxelBlock &        low,
                                             const ParallelLoopType & loop) const
{
  const ProfileProduct  profile(m_FWHM);
  std::array<double, 3> radius{}; // of the box of HR voxels around a LR voxel that holds the profiles' support
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      radius[row] += std::abs(m_Inverse[row][column]) * m_Support[column];
    }
  }

  const auto simulated = [&](const IndexType & lowIndex) {
    std::array<Interval, 3> box{};
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      box[axis] = VoxelsWithin(this->GetHighIndex(axis, lowIndex), radius[axis], m_HighSize[axis]);
    }
    double    sum = 0.0;
    double    sumOfWeights = 0.0;
    IndexType index;
    for (index[2] = box[2].begin; index[2] < box[2].end; ++index[2])
    {
      for (index[1] = box[1].begin; index[1] < box[1].end; ++index[1])
      {
        // Along a line of voxels each distance changes evenly: only the part within the support is visited.
        std::array<double, 3> start{};
        std::array<double, 3> step{};
        Interval              line = box[0];
        index[0] = 0;
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          start[axis] = (this->GetLowIndex(axis, index) - static_cast<double>(lowIndex[axis])) / m_VoxelSize[axis];
          step[axis] = m_Matrix[axis][0] / m_VoxelSize[axis];
          if (step[axis] != 0.0)
          {
            const double middle = -start[axis] / step[axis];
            const double reach = (m_Support[axis] / m_VoxelSize[axis] + ExtentTolerance) / std::abs(step[axis]);
            const auto   part = VoxelsWithin(middle, reach, m_HighSize[0]);
            line = { std::max(line.begin, part.begin), std::min(line.end, part.end) };
          }
        }
        for (index[0] = line.begin; index[0] < line.end; ++index[0])
        {
          const auto   x = static_cast<double>(index[0]);
          const double weight = profile({ { start[0] + x * step[0], start[1] + x * step[1], start[2] + x * step[2] } });
          if (weight > 0.0)
          {
            sum += weight * static_cast<double>(high.voxels[high.Offset(index)]);
            sumOfWeights += weight;
          }
        }
      }
    }
    return sumOfWeights > 0.0 ? static_cast<float>(sum / sumOfWeights) : 0.0F;
  };

  const auto & size = low.region.GetSize();
  loop(size[1] * size[2], [&](SizeValueType line) {
    IndexType index = low.region.GetIndex();
    index[1] += static_cast<IndexValueType>(line % size[1]);
    index[2] += static_cast<IndexValueType>(line / size[1]);
    float * voxels = low.voxels.data() + low.Offset(index);
    for (SizeValueType x = 0; x < size[0]; ++x, ++index[0])
    {
      voxels[x] = this->IsInsideHigh(index) ? simulated(index) : 0.0F;
    }
  });
}


void
ArSSRSliceProfileProjector::CorrectDirectly(const ArSSRVoxelBlock &  residual,
                                            double                   factor,
                                            const RegionType &       where,
                                            ArSSRVoxelBlock &        high,
                                            const ParallelLoopType & loop) const
{
  const auto interpolated = [&](const std::array<ArSSRAxisWeights, 3> & rows) {
    double    sum = 0.0;
    IndexType index{ { rows[0].first, rows[1].first, rows[2].first } };
    for (const double z : rows[2].weights)
    {
      index[1] = rows[1].first;
      for (const double y : rows[1].weights)
      {
        const float * voxel = residual.voxels.data() + residual.Offset(index);
        double        sumOfLine = 0.0;
        for (const double x : rows[0].weights)
        {
          sumOfLine += x * static_cast<double>(*voxel++);
        }
        sum += z * y * sumOfLine;
        ++index[1];
      }
      ++index[2];
    }
    return sum;
  };

  const auto & size = where.GetSize();
  loop(size[1] * size[2], [&](SizeValueType line) {
    IndexType index = where.GetIndex();
    index[1] += static_cast<IndexValueType>(line % size[1]);
    index[2] += static_cast<IndexValueType>(line / size[1]);
    float *                         voxels = high.voxels.data() + high.Offset(index);
    std::array<ArSSRAxisWeights, 3> rows;
    for (SizeValueType x = 0; x < size[0]; ++x, ++index[0])
    {
      if (this->IsInsideLow(index))
      {
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          const double position = this->GetLowIndex(axis, index);
          arssr::LanczosWeights(position, std::max(1.0, m_VoxelSize[axis]), m_LowSize[axis], rows[axis]);
        }
        voxels[x] = static_cast<float>(static_cast<double>(voxels[x]) + factor * interpolated(rows));
      }
    }
  });
}
} // end namespace itk
