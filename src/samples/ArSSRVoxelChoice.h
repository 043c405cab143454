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
#ifndef ArSSRVoxelChoice_h
#define ArSSRVoxelChoice_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRDegradation.h"

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** Draws `count` voxels of a box, each with the same chance and none twice, in the order of memory. When there are
 * fewer than that, all are taken as often as needed, and the rest is drawn. Empty when the box is. */
std::vector<GridIndex>
ChooseVoxels(const VoxelBox & box, std::uint64_t count, Random & random);
} // namespace itk::arssr

#endif
