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
#include "engine/ArSSRBoundedOutput.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace itk::arssr
{
namespace
{
/** LR voxels that samples of the job lie between, as far as the tile owns them. */
ArSSREngine::RegionType
FindRegion(const ArSSREngine::Job & job, const ArSSREngine::IndexType & tile)
{
  // Ranges of the voxels at the edge of the feature region need neighbours beyond it, which the input region has only
  // where the halo is that wide.
  if (job.lattice.GetHaloRadius() < NeighborhoodBounds::Radius)
  {
    itkGenericExceptionMacro("The lattice's halo is " << job.lattice.GetHaloRadius()
                                                      << " LR voxels; to bound values, at least "
                                                      << NeighborhoodBounds::Radius << " is needed.");
  }
  ArSSRIndexMap::ContinuousIndexType lower;
  ArSSRIndexMap::ContinuousIndexType upper;
  job.indexMap.GetBounds(job.outputRegion, lower, upper);
  ArSSREngine::RegionType region = job.lattice.GetFeatureRegion(tile);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto first = static_cast<double>(region.GetIndex(axis));
    const auto last = first + static_cast<double>(region.GetSize(axis)) - 1.0;
    // Interpolation reads the voxel below a sample and the one above it, floor + 1. Clamped in double before the cast:
    // the job's samples may lie far outside of the tile, where an index would overflow.
    const auto begin = std::clamp(std::floor(lower[axis]), first, last);
    const auto end = std::clamp(std::floor(upper[axis]) + 1.0, first, last);
    region.SetIndex(axis, static_cast<IndexValueType>(begin));
    region.SetSize(axis, static_cast<SizeValueType>(end - begin) + 1);
  }
  return region;
}
} // namespace

BoundedOutput::BoundedOutput(const ArSSREngine::Job & job, const ArSSREngine::IndexType & tile, const float * input)
  : m_Job(job)
  , m_Bounds(job.boundMargin,
             FindRegion(job, tile),
             input,
             job.lattice.GetInputRegion(tile),
             job.lattice.GetImageSize())
{}

void
BoundedOutput::Write(ArSSREngine::IndexType first, const float * values, SizeValueType count)
{
  // In pieces whose bounded values fit a buffer on the stack: no allocation, and nothing that threads share.
  std::array<float, NeighborhoodBounds::MaximumCount> bounded;
  while (count > 0)
  {
    const SizeValueType part = std::min(count, NeighborhoodBounds::MaximumCount);
    if (const SizeValueType changed = m_Bounds.Apply(m_Job.indexMap, first, values, part, bounded.data()))
    {
      // Nearly all pieces change nothing, and so do not contend for the counter.
      m_NumberOfBoundedVoxels += changed;
    }
    m_Job.writeOutput(first, bounded.data(), part);
    first[0] += static_cast<OffsetValueType>(part);
    values += part;
    count -= part;
  }
}
} // namespace itk::arssr
