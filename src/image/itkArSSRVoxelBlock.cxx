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
#include "itkArSSRVoxelBlock.h"

namespace itk
{
ArSSRVoxelBlock::ArSSRVoxelBlock(const RegionType & blockRegion)
  : region(blockRegion)
  , voxels(blockRegion.GetNumberOfPixels())
{}


SizeValueType
ArSSRVoxelBlock::Offset(const IndexType & index) const
{
  const auto along = [&](unsigned int axis) {
    return static_cast<SizeValueType>(index[axis] - region.GetIndex(axis));
  };
  return (along(2) * region.GetSize(1) + along(1)) * region.GetSize(0) + along(0);
}
} // end namespace itk
