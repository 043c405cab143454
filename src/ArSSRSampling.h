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
#ifndef ArSSRSampling_h
#define ArSSRSampling_h

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace itk::arssr
{
/** Size or position on the LR grid, in voxels, slowest axis first: (z, y, x). */
using GridIndex = std::array<std::int64_t, 3>;

/** \brief Encoder output on a part of the LR image. */
struct FeatureTile
{
  at::Tensor features;    /**< [z, y, x, channel], contiguous float32 */
  GridIndex  origin{};    /**< LR voxel of the first feature, counted from the first voxel of the image */
  GridIndex  imageSize{}; /**< size of the whole LR image */
};

/** \brief Input of the MLP: trilinear samples of the features, followed by the coordinates in the whole image.
 *
 * `samples` [K, 3] float64 holds LR continuous indices (z, y, x), counted from the first voxel of the image. The result
 * [K, channels + 3] is on the features' device; its last columns are the cell-centred coordinates
 * \f$ (2 c + 1) / n - 1 \f$, slowest axis first (ArSSR Eq. 3). Features outside the image count as zero, as with
 * `grid_sample(…, padding_mode="zeros", align_corners=False)`; the tile must hold every voxel inside the image that the
 * samples touch.
 *
 * On the CPU this runs on the calling thread.
 */
at::Tensor
SampleFeatures(const FeatureTile & tile, const at::Tensor & samples);

/** The same in plain tensor operations, on any device: what SampleFeatures() is tested against. */
at::Tensor
SampleFeaturesReference(const FeatureTile & tile, const at::Tensor & samples);
} // namespace itk::arssr

#endif
