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
#ifndef ArSSRBatchSampling_h
#define ArSSRBatchSampling_h

#include "network/ArSSRAxisSample.h"

#include <ATen/core/Tensor.h>

namespace itk::arssr
{
/** \brief Where and how a batch of whole LR images is sampled. */
struct SampleBatch
{
  at::Tensor                   samples;    /**< [N, K, 3] float64, LR continuous indices (z, y, x), on the device */
  at::Tensor                   voxelSizes; /**< [N, 3] float64, (z, y, x), on the CPU; for local coordinates */
  ArSSRModelEnums::Padding     padding{ ArSSRModelEnums::Padding::Zeros };
  ArSSRModelEnums::Coordinates coordinates{ ArSSRModelEnums::Coordinates::Image };
};

/** \brief Input of the MLP for a batch: SampleFeatures() of each image, image after image.
 *
 * \param features [N, channel, z, y, x], float32, in any memory format. \return [N K, channel + 3 or 6].
 *
 * Differentiable with respect to the features. On the CPU this module's loops give values and gradients of the same
 * bits with any number of threads. On a device a few of torch's operations take the whole batch; their sums of
 * gradients have no fixed order. Where torch is told to be deterministic, SampleFeaturesReference() takes their
 * place. */
at::Tensor
SampleFeatureBatch(const at::Tensor & features, const SampleBatch & batch);

/** The same by torch's grid sampler, on any device. Positions go through single precision: about 1e-6 voxels. */
at::Tensor
SampleFeatureBatchOnDevice(const at::Tensor & features, const SampleBatch & batch);

/** InterpolateIntensities() of each image of a batch. \param lowResolution [N, z, y, x], float32, contiguous.
 * \param samples as in SampleBatch. \return [N, K]. */
at::Tensor
InterpolateIntensityBatch(const at::Tensor & lowResolution, const at::Tensor & samples, ArSSRModelEnums::Skip skip);

/** The same by a few of torch's operations, on any device. */
at::Tensor
InterpolateIntensityBatchOnDevice(const at::Tensor &    lowResolution,
                                  const at::Tensor &    samples,
                                  ArSSRModelEnums::Skip skip);
} // namespace itk::arssr

#endif
