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
#ifndef itkArSSRVoxelBlock_h
#define itkArSSRVoxelBlock_h

#include "itkArSSRImageGeometry.h"

#include <vector>

namespace itk
{
/** \class ArSSRVoxelBlock
 * \brief Voxels of a region as float, x fastest. The region counts from the first voxel of the image's largest region.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRVoxelBlock
{
  using RegionType = ArSSRImageGeometry::RegionType;
  using IndexType = ArSSRImageGeometry::IndexType;

  RegionType         region;
  std::vector<float> voxels;

  ArSSRVoxelBlock() = default;
  explicit ArSSRVoxelBlock(const RegionType & blockRegion);

  /** Place of a voxel of the region in `voxels`. */
  SizeValueType
  Offset(const IndexType & index) const;
};
} // end namespace itk

#endif // itkArSSRVoxelBlock_h
