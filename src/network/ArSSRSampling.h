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

#include "network/ArSSRAxisSample.h"

#include <ATen/core/Tensor.h>

namespace itk::arssr
{
/** \brief Encoder output on a part of the LR image. */
struct FeatureTile
{
  at::Tensor features;              /**< [z, y, x, channel], contiguous except that padding channels at the end may be
                                   left out; float32 or half as wide */
  GridIndex  origin{};              /**< LR voxel of the first feature, counted from the first voxel of the image */
  GridIndex  imageSize{};           /**< size of the whole LR image */
  at::Tensor lowResolution;         /**< [z, y, x], LR intensities of a part that contains that of the features */
  GridIndex  lowResolutionOrigin{}; /**< LR voxel of the first intensity */
};

/** \brief Input of the MLP: trilinear samples of the features, followed by the coordinates.
 *
 * Samples are LR continuous indices [K, 3] in (z, y, x) order, float64, counted from the first voxel of the image. The
 * result is [K, channel + 3 or 6], float32. Beyond the centres of the outer voxels, features fade to zero or stay those
 * of the border. Image coordinates are \f$ (2 c + 1) / n - 1 \f$ over the whole image of n voxels; local ones are
 * \f$ 2 (c - \lfloor c + \frac{1}{2} \rfloor) \f$ followed by the voxel size, in (z, y, x) order;
 * where two voxels are equally near, up to rounding, the upper one counts.
 *
 * The same as torch's `grid_sample` with `align_corners=False` and zero or border padding, except that padding begins
 * outside the image and not outside the tile. The tile must hold every voxel of the image that the samples read.
 * Differentiable with respect to the features.
 */
at::Tensor
SampleFeatures(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options = {});

/** The same in plain tensor operations, on any device and for features of any type. SampleFeatures() is tested against
 * it. */
at::Tensor
SampleFeaturesReference(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options = {});
} // namespace itk::arssr

#endif
