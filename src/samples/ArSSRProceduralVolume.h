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
#ifndef ArSSRProceduralVolume_h
#define ArSSRProceduralVolume_h

#include <cstdint>

namespace itk::arssr
{
/** Fills a buffer [size, size, size] with an anatomy-like volume: random smooth label maps with random contrast.
 *
 * Within an irregular head are nested shells, a folded ribbon around a core, round nuclei, thin sheets and tubes, each
 * with an intensity and a texture of its own, under a smooth bias field and noise. All are level sets of smooth random
 * fields, drawn with the partial volumes of a voxel's width, so that borders are as sharp as those of a good scan at
 * its own spacing, and not sharper.
 *
 * The same seed and number give the same volume. */
void
MakeProceduralVolume(std::uint64_t seed, std::uint64_t number, std::int64_t size, float * voxels);
} // namespace itk::arssr

#endif
