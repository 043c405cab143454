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
#include "itkArSSRSliceProfileConsistency.h"

#include "itkIndexRange.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
using RegionType = ArSSRSliceProfileConsistency::RegionType;

// The smallest region that holds both; either can be empty.
RegionType
Union(const RegionType & one, const RegionType & other)
{
  if (one.GetNumberOfPixels() == 0 || other.GetNumberOfPixels() == 0)
  {
    return one.GetNumberOfPixels() == 0 ? other : one;
  }
  RegionType result;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto begin = std::min(one.GetIndex(axis), other.GetIndex(axis));
    const auto last = std::max(one.GetUpperIndex()[axis], other.GetUpperIndex()[axis]);
    result.SetIndex(axis, begin);
    result.SetSize(axis, static_cast<SizeValueType>(last - begin + 1));
  }
  return result;
}
} // namespace


ArSSRSliceProfileConsistency::ArSSRSliceProfileConsistency(const ArSSRSliceProfileProjector & projector,
                                                           unsigned int                       iterations,
                                                           double                             tolerance)
  : m_Projector(projector)
  , m_Iterations(iterations)
  , m_Tolerance(tolerance)
{}


auto
ArSSRSliceProfileConsistency::GetHighRegions(const Request & request) const -> std::vector<RegionType>
{
  std::vector<RegionType> regions(m_Iterations + 1);
  regions[m_Iterations] = Union(request.high, m_Projector.GetHighRegion(request.low));
  for (unsigned int done = m_Iterations; done > 0; --done)
  {
    const RegionType residual = m_Projector.GetLowRegion(regions[done]);
    regions[done - 1] = Union(regions[done], m_Projector.GetHighRegion(residual));
  }
  return regions;
}


auto
ArSSRSliceProfileConsistency::GetInput(const Request & request) const -> Request
{
  const auto regions = this->GetHighRegions(request);
  const auto corrections = m_Iterations > 0 ? m_Projector.GetLowRegion(regions[1]) : RegionType{};
  return { regions[0], Union(request.low, corrections) };
}


auto
ArSSRSliceProfileConsistency::GetHaloRadius() const -> SizeType
{
  SizeType radius = m_Projector.GetHaloRadius();
  for (auto & voxels : radius)
  {
    voxels *= m_Iterations;
  }
  return radius;
}


unsigned int
ArSSRSliceProfileConsistency::GetNumberOfLoops() const
{
  return m_Iterations * (m_Projector.GetNumberOfSimulationLoops() + 1) + m_Projector.GetNumberOfSimulationLoops();
}


auto
ArSSRSliceProfileConsistency::Residual(const RegionType &       region,
                                       const ArSSRVoxelBlock &  high,
                                       const ArSSRVoxelBlock &  low,
                                       const ParallelLoopType & loop) const -> ArSSRVoxelBlock
{
  ArSSRVoxelBlock residual(region);
  m_Projector.Simulate(high, residual, loop);
  SizeValueType i = 0;
  for (const auto & index : ImageRegionIndexRange<3>(region))
  {
    float & voxel = residual.voxels[i++];
    voxel = low.voxels[low.Offset(index)] - voxel; // NaN where nothing is seen
  }
  return residual;
}


auto
ArSSRSliceProfileConsistency::Measure(ArSSRVoxelBlock & residual) -> Statistics
{
  Statistics statistics;
  double     sumOfSquares = 0.0;
  for (float & voxel : residual.voxels)
  {
    if (std::isnan(voxel))
    {
      voxel = 0.0F;
      continue;
    }
    const auto value = static_cast<double>(voxel);
    sumOfSquares += value * value;
    statistics.maximum = std::max(statistics.maximum, std::abs(value));
    ++statistics.count;
  }
  if (statistics.count > 0)
  {
    statistics.rootMeanSquare = std::sqrt(sumOfSquares / static_cast<double>(statistics.count));
  }
  return statistics;
}


auto
ArSSRSliceProfileConsistency::Run(const Request &          request,
                                  ArSSRVoxelBlock &        high,
                                  const ArSSRVoxelBlock &  low,
                                  const ParallelLoopType & loop) const -> Result
{
  Result     result;
  const auto regions = this->GetHighRegions(request);
  for (; result.iterations < m_Iterations; ++result.iterations)
  {
    const RegionType & where = regions[result.iterations + 1];
    ArSSRVoxelBlock    residual = this->Residual(m_Projector.GetLowRegion(where), high, low, loop);
    const Statistics   statistics = Measure(residual);
    result.first = result.iterations == 0 ? statistics : result.first;
    if (statistics.maximum <= m_Tolerance)
    {
      break; // no further iteration would change a voxel that was asked for
    }
    for (float & value : residual.voxels)
    {
      value = std::abs(static_cast<double>(value)) <= m_Tolerance ? 0.0F : value;
    }
    m_Projector.Correct(residual, Relaxation, where, high, loop);
  }
  result.residual = this->Residual(request.low, high, low, loop);
  result.last = Measure(result.residual);
  if (m_Iterations == 0)
  {
    result.first = result.last;
  }
  return result;
}
} // end namespace itk
