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
#include "grid/ArSSRMirror.h"

#include <ATen/ATen.h>

#include <vector>

namespace itk::arssr
{
Mirror::RegionType
Mirror::Apply(const RegionType & region) const
{
  RegionType result = region;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (m_Axes[axis])
    {
      const auto size = static_cast<IndexValueType>(m_ImageSize[axis]);
      // The last voxel, begin + count - 1, becomes the first one: n - 1 - (begin + count - 1).
      result.SetIndex(axis, size - region.GetIndex(axis) - static_cast<IndexValueType>(region.GetSize(axis)));
    }
  }
  return result;
}

at::Tensor
Mirror::Apply(const at::Tensor & voxels) const
{
  std::vector<std::int64_t> dimensions;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (m_Axes[axis])
    {
      // Axes are (x, y, z), the tensor's dimensions [z, y, x].
      dimensions.push_back(2 - static_cast<std::int64_t>(axis));
    }
  }
  // Encoders and the feature cache, which compares memory, need the mirrored voxels in row-major order.
  return dimensions.empty() ? voxels : voxels.flip(dimensions).contiguous();
}
} // namespace itk::arssr
