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
#ifndef ArSSRFeatureGradient_h
#define ArSSRFeatureGradient_h

#include "network/ArSSRFeatureRows.h"

#include <ATen/core/Tensor.h>

namespace itk::arssr
{
/** Rows [image · sample, channel + coordinates] of features on the CPU, with a gradient for the features.
 * \param features [image, z, y, x, channel], contiguous. \param samples [image, sample, 3] float64, contiguous.
 * \param layout origin and image size; extent, channels and stride are taken from the features.
 * \param options of each image. */
at::Tensor
SampleRowsWithGradient(const at::Tensor &                   features,
                       const at::Tensor &                   samples,
                       const FeatureLayout &                layout,
                       const std::vector<SamplingOptions> & options);
} // namespace itk::arssr

#endif
