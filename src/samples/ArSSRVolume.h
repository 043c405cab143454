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
#ifndef ArSSRVolume_h
#define ArSSRVolume_h

#include "grid/ArSSRGridIndex.h"
#include "itkArSSRTrainingIntensities.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief Voxels of an image whose intensities are scaled by ArSSRTrainingIntensities.
 *
 * Everything is counted in voxels: a volume has no spacing.
 */
struct Volume
{
  static constexpr float MaximumIntensity = ArSSRTrainingIntensities::Maximum;

  GridIndex          size{};
  std::vector<float> voxels; /**< [z, y, x] */

  const float *
  GetRow(std::int64_t z, std::int64_t y) const
  {
    return voxels.data() + static_cast<std::size_t>((z * size[1] + y) * size[2]);
  }
};
} // namespace itk::arssr

#endif
