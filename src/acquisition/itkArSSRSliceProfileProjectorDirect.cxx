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
// The half of ArSSRSliceProfileProjector that works by direct sums, for grids that lie in any way to each other. A LR
// voxel costs as many products as there are HR voxels under its three profiles, a HR voxel those of up to 7×7×7 taps
// (more where HR voxels are the larger ones). Threads take lines of the output and write to no other.
#include "itkArSSRSliceProfileProjector.h"

#include "acquisition/ArSSRLanczos.h"
#include "image/ArSSRVoxelInterval.h"
#include "itkArSSRSliceProfile.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace itk
{
namespace
{
using arssr::VoxelInterval;
using arssr::VoxelsWithin;

using Spreads = std::array<ArSSRPointSpread, 3>;

// A point spread's weights, interpolated in a table by the distance: accurate to 1e-5 of the largest, and much faster
// than computing them.
class WeightTable
{
public:
  explicit WeightTable(const ArSSRPointSpread & spread)
  {
    // One entry beyond the support, so that interpolation there always has a right neighbour.
    const auto last = static_cast<SizeValueType>(std::ceil(spread.GetSupportRadius() * StepsPerVoxel)) + 1;
    for (SizeValueType side = 0; side < 2; ++side)
    {
      for (SizeValueType step = 0; step <= last; ++step)
      {
        const double distance = static_cast<double>(step) / StepsPerVoxel;
        m_Weights[side].push_back(spread.Evaluate(side == 0 ? distance : -distance));
      }
    }
  }

  double
  GetWeight(double distance) const
  {
    const auto & weights = m_Weights[distance < 0.0 ? 1 : 0];
    const double place = std::abs(distance) * StepsPerVoxel;
    // Rounding may put a distance just beyond the support, which VoxelsWithin() still accepted.
    const SizeValueType step = std::min(static_cast<SizeValueType>(place), weights.size() - 2);
    return weights[step] + (place - static_cast<double>(step)) * (weights[step + 1] - weights[step]);
  }

private:
  static constexpr double StepsPerVoxel = 256.0;

  std::array<std::vector<double>, 2> m_Weights; // towards growing index and against it
};

// The product of three point spreads along a line of HR voxels, on which the distance from the LR voxel's centre along
// each LR axis, in HR voxels, grows by `step` from voxel to voxel.
class ProfilesOnLine
{
public:
  explicit ProfilesOnLine(const Spreads & spreads, const std::array<double, 3> & step)
    : m_Step(step)
  {
    double curvature = 0.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      m_Radius[axis] = spreads[axis].GetSupportRadius();
      if (spreads[axis].GetKind() != ArSSRPointSpread::Kind::Gaussian || spreads[axis].IsPointSample())
      {
        m_Tables[axis].emplace(spreads[axis]);
      }
      else
      {
        const double sigma = ArSSRSliceProfile::GetSigma(spreads[axis].GetWidth());
        // Gaussians of different axes multiply to one exponential: their exponents add up.
        m_Exponent[axis] = -0.5 / (sigma * sigma);
        curvature += m_Exponent[axis] * step[axis] * step[axis];
      }
    }
    m_Curvature = curvature;
    m_RatioOfRatios = std::exp(2.0 * curvature);
  }

  // Voxels of the line that all three profiles see. `start` is the distance of voxel 0.
  VoxelInterval
  Visible(const std::array<double, 3> & start, SizeValueType size) const
  {
    VoxelInterval visible{ 0, static_cast<IndexValueType>(size) };
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      visible = visible.CutBy(VoxelsWithin(start[axis], m_Step[axis], m_Radius[axis], size));
    }
    return visible;
  }

  // Calls add(voxel, weight) for the visible voxels. The exponent of the Gaussians is a parabola along the line, so
  // that the ratio of neighbouring weights changes by a constant factor: two exponentials a line instead of one a
  // voxel.
  template <typename TFunction>
  void
  ForEach(const std::array<double, 3> & start, const VoxelInterval & visible, const TFunction & add) const
  {
    // The recurrence starts anew at the line's first visible voxel, which depends on the LR voxel and the images alone:
    // its rounding stays small, and is the same whatever region is asked for.
    const auto first = static_cast<double>(visible.begin);
    double     exponent = 0.0;
    double     slope = 0.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double distance = start[axis] + first * m_Step[axis];
      exponent += m_Exponent[axis] * distance * distance;
      slope += 2.0 * m_Exponent[axis] * distance * m_Step[axis];
    }
    double gaussian = std::exp(exponent);
    double ratio = std::exp(slope + m_Curvature);
    for (IndexValueType voxel = visible.begin; voxel < visible.end; ++voxel)
    {
      double weight = gaussian;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        if (const std::optional<WeightTable> & table = m_Tables[axis])
        {
          // The distance is computed from the voxel's number, not accumulated: a table has steep parts where rounding
          // would show.
          weight *= table->GetWeight(start[axis] + static_cast<double>(voxel) * m_Step[axis]);
        }
      }
      add(voxel, weight);
      gaussian *= ratio;
      ratio *= m_RatioOfRatios;
    }
  }

private:
  std::array<double, 3>                     m_Step;
  std::array<std::optional<WeightTable>, 3> m_Tables;     // where it is no Gaussian, or a point sample
  std::array<double, 3>                     m_Exponent{}; // of the squared distance; 0 where there is a table
  std::array<double, 3>                     m_Radius{};
  double                                    m_Curvature{ 0.0 };
  double                                    m_RatioOfRatios{ 1.0 };
};
} // namespace


void
ArSSRSliceProfileProjector::SimulateDirectly(const ArSSRVoxelBlock &  high,
                                             ArSSRVoxelBlock &        low,
                                             const ParallelLoopType & loop) const
{
  std::array<double, 3> radius{}; // of the box of HR voxels around a LR voxel that holds the profiles' support
  std::array<double, 3> step{};   // of the distance along each LR axis, in HR voxels, along a line of HR voxels
  for (unsigned int row = 0; row < 3; ++row)
  {
    step[row] = m_Matrix[row][0] / m_VoxelSize[row];
    for (unsigned int column = 0; column < 3; ++column)
    {
      radius[row] += std::abs(m_Inverse[row][column]) * m_Support[column];
    }
  }
  const ProfilesOnLine profiles(m_Spreads, step);

  const auto simulated = [&](const IndexType & lowIndex) {
    // The box in HR index space around the support, a parallelepiped there; each of its lines along x is then cut to
    // the voxels that all three profiles see.
    const auto y = VoxelsWithin(-this->GetHighIndex(1, lowIndex), 1.0, radius[1], m_HighSize[1]);
    const auto z = VoxelsWithin(-this->GetHighIndex(2, lowIndex), 1.0, radius[2], m_HighSize[2]);
    double     sum = 0.0;
    double     sumOfWeights = 0.0;
    IndexType  index;
    for (index[2] = z.begin; index[2] < z.end; ++index[2])
    {
      for (index[1] = y.begin; index[1] < y.end; ++index[1])
      {
        index[0] = 0;
        std::array<double, 3> start{};
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          // Of voxel 0 of the line, from the LR voxel's centre, in the unit of the profiles: HR voxels along that LR
          // axis.
          start[axis] = (this->GetLowIndex(axis, index) - static_cast<double>(lowIndex[axis])) / m_VoxelSize[axis];
        }
        auto visible = profiles.Visible(start, m_HighSize[0]);
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          visible = visible.CutBy(this->GetSeenVoxels(0, axis, index));
        }
        if (!visible.IsEmpty())
        {
          index[0] = visible.begin;
          const float * voxels = high.voxels.data() + high.Offset(index);
          profiles.ForEach(start, visible, [&](IndexValueType voxel, double weight) {
            sum += weight * static_cast<double>(voxels[voxel - visible.begin]);
            sumOfWeights += weight;
          });
        }
      }
    }
    // Normalised by the weights that were met: HR voxels beyond the image are left out, and the others make up for
    // them. Weights of a sinc may sum to 0 or less, and then tell nothing.
    return sumOfWeights > 0.0 ? static_cast<float>(sum / sumOfWeights) : Unseen;
  };

  const auto & size = low.region.GetSize();
  loop(size[1] * size[2], [&](SizeValueType line) {
    IndexType index = low.region.GetIndex();
    index[1] += static_cast<IndexValueType>(line % size[1]);
    index[2] += static_cast<IndexValueType>(line / size[1]);
    float * voxels = low.voxels.data() + low.Offset(index);
    for (SizeValueType x = 0; x < size[0]; ++x, ++index[0])
    {
      voxels[x] = this->IsInsideHigh(index) ? simulated(index) : Unseen;
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
    float * voxels = high.voxels.data() + high.Offset(index);
    // Kept from voxel to voxel: LanczosWeights() reuses their memory.
    std::array<ArSSRAxisWeights, 3> rows;
    for (SizeValueType x = 0; x < size[0]; ++x, ++index[0])
    {
      // HR voxels outside the scan have nothing that could correct them. In place is safe, as only the residual is
      // read.
      if (this->IsInsideLow(index))
      {
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          // The kernel is separable along the LR axes even where the grids are not: three rows of weights for each HR
          // voxel.
          const double position = this->GetLowIndex(axis, index);
          arssr::LanczosWeights(position, std::max(1.0, m_VoxelSize[axis]), m_LowSize[axis], rows[axis]);
        }
        voxels[x] = static_cast<float>(static_cast<double>(voxels[x]) + factor * interpolated(rows));
      }
    }
  });
}
} // end namespace itk
