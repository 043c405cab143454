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
#ifndef ArSSRBlockLattice_h
#define ArSSRBlockLattice_h

#include "itkArSSRGrid.h"

#include <vector>

namespace itk::arssr
{
/** \brief Output voxels that are decoded together: those of one block that one tile owns. */
struct BlockSamples
{
  std::vector<ArSSRIndexMap::IndexType> indices;     /**< in the output */
  std::vector<double>                   coordinates; /**< LR continuous indices, (z, y, x) for each voxel */
};

/** \brief Cuts the whole output into blocks of voxels, the last ones along an axis smaller.
 *
 * A block is always decoded whole, also when only some of its voxels are asked for: the matrix products of the MLP see
 * the same rows at the same places every time, so that the values do not depend on the request in a single bit.
 */
class BlockLattice
{
public:
  using RegionType = ArSSRIndexMap::RegionType;
  using SizeType = ArSSRIndexMap::RegionType::SizeType;
  using IndexType = ArSSRIndexMap::IndexType;

  BlockLattice(const RegionType & outputLargestRegion, const SizeType & blockSize);

  /** The blocks that a region of the output touches: a box of block indices. */
  RegionType
  GetBlocksWithin(const RegionType & outputRegion) const;

  RegionType
  GetRegion(const IndexType & block) const;

  /** The voxels of a block that a tile owns, in x, y, z order. */
  static BlockSamples
  GetSamples(const RegionType &       blockRegion,
             const ArSSRIndexMap &    indexMap,
             const ArSSRTileLattice & lattice,
             const IndexType &        tile);

private:
  RegionType m_OutputRegion;
  SizeType   m_BlockSize;
};
} // namespace itk::arssr

#endif
