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

#include "ArSSRSampling.h"

namespace itk::arssr
{
/** One of the eight voxels around a sample. */
struct CornerSample
{
  std::int64_t voxel;  /**< row-major position in the tile; meaningless where the weight is zero */
  float        weight; /**< trilinear */
};

/** The voxels that a sample (z, y, x) reads, in the order of SampleFeatures()'s sum. */
std::array<CornerSample, 8>
SampleCorners(const FeatureTile & tile, const double * sample, ArSSRModelEnums::Padding padding);

/** SampleFeatures() on the CPU with a gradient for the features: each sample's gradient is spread to its eight voxels.
 * Sums are taken in the order of the samples, whatever the number of threads. */
at::Tensor
SampleFeaturesWithGradient(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options);
} // namespace itk::arssr

#endif
