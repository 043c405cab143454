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
#ifndef ArSSRScanNoise_h
#define ArSSRScanNoise_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRAcquisitionSampler.h"

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** Adds the noise of a scan to a patch [size, size, size].
 *
 * Gaussian noise adds a normal deviate to each voxel. Rician noise adds one to the real and one to the imaginary part
 * and takes the magnitude. Noise arises in k-space: along axes with a sinc its spectrum is that of the window, and 0
 * where an interpolating scanner filled in zeros; its standard deviation is `deviation` all the same. */
void
AddScanNoise(std::vector<float> &      patch,
             std::int64_t              size,
             double                    deviation,
             const SampleAcquisition & acquisition,
             Random &                  random);
} // namespace itk::arssr

#endif
