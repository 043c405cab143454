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
#include "ArSSRBlockLattice.h"

#include "itkIndexRange.h"

#include <algorithm>

namespace itk::arssr
{
BlockLattice::BlockLattice(const RegionType & outputLargestRegion, const SizeType & blockSize)
  : m_OutputRegion(outputLargestRegion)
  , m_BlockSize(blockSize)
{}

BlockLattice::RegionType
BlockLattice::GetBlocksWithin(const RegionType & outputRegion) const
{
  RegionType blocks;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto           size = static_cast<OffsetValueType>(m_BlockSize[axis]);
    const IndexValueType start = m_OutputRegion.GetIndex(axis);
    const IndexValueType first = (outputRegion.GetIndex(axis) - start) / size;
    const IndexValueType last = (outputRegion.GetUpperIndex()[axis] - start) / size;
    blocks.SetIndex(axis, first);
    blocks.SetSize(axis, static_cast<SizeValueType>(last - first + 1));
  }
  return blocks;
}

BlockLattice::RegionType
BlockLattice::GetRegion(const IndexType & block) const
{
  RegionType region;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto offset = static_cast<SizeValueType>(block[axis]) * m_BlockSize[axis];
    region.SetIndex(axis, m_OutputRegion.GetIndex(axis) + static_cast<OffsetValueType>(offset));
    region.SetSize(axis, std::min(m_BlockSize[axis], m_OutputRegion.GetSize(axis) - offset));
  }
  return region;
}

BlockSamples
BlockLattice::GetSamples(const RegionType &       blockRegion,
                         const ArSSRIndexMap &    indexMap,
                         const ArSSRTileLattice & lattice,
                         const IndexType &        tile)
{
  const auto   largest = static_cast<std::size_t>(blockRegion.GetNumberOfPixels());
  BlockSamples result;
  result.indices.reserve(largest);
  result.coordinates.reserve(3 * largest);
  for (const IndexType & index : ImageRegionIndexRange<3>(blockRegion))
  {
    const auto sample = indexMap.Evaluate(index);
    if (lattice.IsInsideExtent(sample) && lattice.GetOwner(sample) == tile)
    {
      result.indices.push_back(index);
      result.coordinates.insert(result.coordinates.end(), { sample[2], sample[1], sample[0] });
    }
  }
  return result;
}
} // namespace itk::arssr
