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
#ifndef ArSSRTrainingSample_h
#define ArSSRTrainingSample_h

#include <array>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief An LR patch and HR intensities at points in it: what a network is trained on.
 *
 * Axes are (z, y, x), slowest first. LR continuous indices count from the patch's first voxel, whose centre is 0; the
 * patch's field of view is [-0.5, n - 0.5].
 */
struct TrainingSample
{
  std::int64_t          patchSize{ 0 }; /**< n, LR voxels along each axis */
  std::vector<float>    lowResolution;  /**< [n, n, n] */
  std::vector<double>   points;         /**< [K, 3], LR continuous indices */
  std::vector<float>    values;         /**< [K], HR intensities there */
  std::array<double, 3> voxelSize{};    /**< of an HR voxel, in LR voxels: 1 / scale */
};
} // namespace itk::arssr

#endif
