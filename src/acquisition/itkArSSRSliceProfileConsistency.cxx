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

// Each iteration simulates the scan from the HR block, subtracts, masks and adds the interpolated residual in place. As
// every iteration reads a halo around what it corrects, regions are planned backwards from the request; each iteration
// corrects a region no larger than the one before. Voxels outside it keep the value of an earlier iteration and are
// never read again, so that a request has the bits of the whole image.
namespace itk
{
namespace
{
using RegionType = ArSSRSliceProfileConsistency::RegionType;

// The smallest region that holds both, either of which can be empty; an empty one must not pull the box to its index.
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
                                                           const Settings &                   settings)
  : m_Projector(projector)
  , m_Settings(settings)
{}


auto
ArSSRSliceProfileConsistency::GetHighRegions(const Request & request) const -> std::vector<RegionType>
{
  std::vector<RegionType> regions(m_Settings.iterations + 1);
  // The corrected voxels that are asked for, and those that the simulation of the residual asked for reads.
  regions[m_Settings.iterations] = Union(request.high, m_Projector.GetHighRegion(request.low));
  for (unsigned int done = m_Settings.iterations; done > 0; --done)
  {
    // Iteration `done` corrects regions[done] from the residual below it, which is simulated from the voxels before it.
    const RegionType residual = m_Projector.GetLowRegion(regions[done]);
    regions[done - 1] = Union(regions[done], m_Projector.GetHighRegion(residual));
  }
  return regions;
}


auto
ArSSRSliceProfileConsistency::GetInput(const Request & request) const -> Request
{
  const auto regions = this->GetHighRegions(request);
  // The first iteration corrects the largest region; the residuals of the later ones lie within its own.
  const auto corrections = m_Settings.iterations > 0 ? m_Projector.GetLowRegion(regions[1]) : RegionType{};
  const auto low = m_Settings.mask.GetInput(Union(request.low, corrections), m_Projector.GetLowRegion());
  return { regions[0], low };
}


auto
ArSSRSliceProfileConsistency::GetHaloRadius() const -> SizeType
{
  SizeType radius = m_Projector.GetHaloRadius();
  for (auto & voxels : radius)
  {
    voxels *= m_Settings.iterations;
  }
  return radius;
}


unsigned int
ArSSRSliceProfileConsistency::GetNumberOfLoops() const
{
  // A simulation and a correction for each iteration, and the simulation of the last residual.
  return m_Settings.iterations * (m_Projector.GetNumberOfSimulationLoops() + 1) +
         m_Projector.GetNumberOfSimulationLoops();
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
ArSSRSliceProfileConsistency::GetStatistics(ArSSRVoxelBlock & residual) -> Statistics
{
  Statistics statistics;
  double     sumOfSquares = 0.0;
  for (float & voxel : residual.voxels)
  {
    // LR voxels that see nothing have no residual: 0 adds nothing to the interpolation, where NaN would spread over all
    // HR voxels around.
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
  for (; result.iterations < m_Settings.iterations; ++result.iterations)
  {
    // 1. Residual below all voxels that are corrected now.
    const RegionType & where = regions[result.iterations + 1];
    ArSSRVoxelBlock    residual = this->Residual(m_Projector.GetLowRegion(where), high, low, loop);
    const Statistics   statistics = GetStatistics(residual);
    result.first = result.iterations == 0 ? statistics : result.first;
    // 2. End early where all of it is within the tolerance: every further correction of this region would be 0 as well.
    if (statistics.maximum <= m_Settings.tolerance)
    {
      break;
    }
    // 3. Masks it, and adds a multiple of the interpolated rest. Only the last iteration that was planned may be
    // shortened: the discrepancy principle chose its step.
    this->Restrict(residual, low);
    const bool isLast = result.iterations + 1 == m_Settings.iterations;
    m_Projector.Correct(residual, isLast ? m_Settings.lastStep * Relaxation : Relaxation, where, high, loop);
  }
  // The residual that is given out comes from the corrected voxels, before they are rounded to a pixel type.
  result.residual = this->Residual(request.low, high, low, loop);
  result.last = GetStatistics(result.residual);
  if (m_Settings.iterations == 0)
  {
    result.first = result.last;
  }
  return result;
}


void
ArSSRSliceProfileConsistency::Restrict(ArSSRVoxelBlock & residual, const ArSSRVoxelBlock & low) const
{
  const auto    counts = m_Settings.mask.Evaluate(residual.region, low);
  SizeValueType i = 0;
  for (float & value : residual.voxels)
  {
    // In double, as the statistics compare: both must agree on what is within the tolerance.
    value = std::abs(static_cast<double>(value)) <= m_Settings.tolerance || !counts[i] ? 0.0F : value;
    ++i;
  }
}


void
ArSSRSliceProfileConsistency::Measure(const RegionType &          slices,
                                      ArSSRVoxelBlock &           high,
                                      const ArSSRVoxelBlock &     low,
                                      const ParallelLoopType &    loop,
                                      ArSSRDiscrepancyPrinciple & principle) const
{
  const auto      regions = this->GetHighRegions({ RegionType{}, slices });
  const auto      mask = m_Settings.mask.Evaluate(slices, low);
  ArSSRVoxelBlock previous;
  for (unsigned int iteration = 0; iteration <= m_Settings.iterations; ++iteration)
  {
    const bool isLast = iteration == m_Settings.iterations;
    // After the last iteration nothing is corrected, and only the residual of the slices themselves is needed. Before,
    // the one residual serves both the measurement and the correction, which needs a margin of it.
    const auto      where = isLast ? RegionType{} : regions[iteration + 1];
    const auto      needed = isLast ? RegionType{} : m_Projector.GetLowRegion(where);
    ArSSRVoxelBlock residual = this->Residual(Union(slices, needed), high, low, loop);
    ArSSRVoxelBlock current(slices);
    auto            counts = mask;
    SizeValueType   i = 0;
    for (const auto & index : ImageRegionIndexRange<3>(slices))
    {
      current.voxels[i] = residual.voxels[residual.Offset(index)];
      // Kept as NaN and not counted: of the residual before, the principle reads only voxels that count, which are the
      // same in each iteration.
      counts[i] = std::isnan(current.voxels[i]) ? 0 : counts[i];
      ++i;
    }
    principle.Add(iteration, current, previous, counts);
    // Holds in the last slab at the earliest, when all slices have given their sums: the slabs before it run all
    // iterations.
    if (isLast || principle.IsReached(iteration))
    {
      break;
    }
    previous = std::move(current);
    GetStatistics(residual); // for its effect: what is not seen becomes 0
    this->Restrict(residual, low);
    m_Projector.Correct(residual, Relaxation, where, high, loop);
  }
}
} // end namespace itk
