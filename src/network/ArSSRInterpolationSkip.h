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
#ifndef ArSSRInterpolationSkip_h
#define ArSSRInterpolationSkip_h

#include "network/ArSSRSampling.h"

namespace itk::arssr
{
/** \brief LR intensities interpolated at samples: what a network with a skip adds its output to.
 *
 * Linear, or Keys' cubic convolution with a = -1/2 (IEEE Trans. ASSP 1981, doi:10.1109/TASSP.1981.1163711). Taps beyond
 * the image read its border, and not the border of the tile: the result is that of the whole image. Samples as in
 * SampleFeatures(); the result is [K], float32. The tile's intensities must hold every voxel of the image that is read:
 * one (linear) or two (cubic) beyond the samples.
 */
at::Tensor
InterpolateIntensities(const FeatureTile & tile, const at::Tensor & samples, ArSSRModelEnums::Skip skip);

/** The same in plain tensor operations, on any device: what InterpolateIntensities() is tested against. */
at::Tensor
InterpolateIntensitiesReference(const FeatureTile & tile, const at::Tensor & samples, ArSSRModelEnums::Skip skip);
} // namespace itk::arssr

#endif
