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
#ifndef ArSSRLanczos_h
#define ArSSRLanczos_h

#include "itkArSSRSliceProfile.h"

namespace itk::arssr
{
/** Lobes of the Lanczos kernel on each side: how far it reaches, in voxels of the coarser grid. */
constexpr double LanczosLobes = 3.0;

/** Weights with which samples 0 … `size` - 1 are interpolated at the continuous index `position`, by the kernel
 * \f$ \mathrm{sinc}(d) \, \mathrm{sinc}(d / 3) \f$ stretched by `width` ≥ 1 and normalised to a sum of 1. A width above
 * 1 makes it a low-pass filter for a target grid that is coarser than the samples. What falls beyond the ends goes to
 * the end samples. Writes to `result` so that its memory is used again. */
void
LanczosWeights(double position, double width, SizeValueType size, ArSSRAxisWeights & result);
} // namespace itk::arssr

#endif
