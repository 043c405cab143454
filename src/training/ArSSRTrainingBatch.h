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
#ifndef ArSSRTrainingBatch_h
#define ArSSRTrainingBatch_h

#include "samples/ArSSRTrainingSample.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace itk::arssr
{
/** \brief Samples stacked into tensors; all have the same patch size and number of points, whatever their scales. */
struct TrainingBatch
{
  at::Tensor lowResolution; /**< [N, z, y, x] */
  at::Tensor points;        /**< [N, K, 3] float64, LR continuous indices (z, y, x) */
  at::Tensor values;        /**< [N, K], HR intensities */
  at::Tensor voxelSizes;    /**< [N, 3] float64, always on the CPU */
};

TrainingBatch
StackSamples(const std::vector<TrainingSample> & samples, const at::Device & device);

/** Mean loss of predictions [N, K] by its name in the recipe: `l1`, `l2`, `charbonnier` or `psnr`. */
at::Tensor
ComputeLoss(const std::string & name, const at::Tensor & predicted, const at::Tensor & values);
} // namespace itk::arssr

#endif
