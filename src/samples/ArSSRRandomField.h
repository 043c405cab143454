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
#ifndef ArSSRRandomField_h
#define ArSSRRandomField_h

#include "platform/ArSSRRandom.h"

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** A smooth random field [size, size, size] of mean 0 and variance 1: a sum of plane waves in random directions, with
 * wavelengths (in voxels) of `wavelength`, up to the share `spread` shorter or longer. */
std::vector<float>
MakeRandomField(std::int64_t size, double wavelength, double spread, Random & random);

/** In place: a field [size, size, size] becomes the signed distance, in voxels, to where it is 0, to first order: the
 * field over the length of its gradient. */
void
ToSignedDistance(std::vector<float> & field, std::int64_t size);
} // namespace itk::arssr

#endif
