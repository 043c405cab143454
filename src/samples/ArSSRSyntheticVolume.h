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
#ifndef ArSSRSyntheticVolume_h
#define ArSSRSyntheticVolume_h

#include "samples/ArSSRVolume.h"

#include <cstdint>
#include <string>

namespace itk::arssr
{
/** Size of a volume that is made of a label map: `size` along each axis, or less where the map is smaller. */
GridIndex
GetSyntheticSize(const GridIndex & labels, std::int64_t size);

/** Fills a buffer of GetSyntheticSize() with a scan of random contrast that shows a part of a label map.
 *
 * A label map tells which tissue is at each voxel. Its borders are smoothed and drawn on a grid that is finer by a
 * random factor of up to `LargestZoom` along each axis, so that the map's voxels do not show as steps. Each label gets
 * an intensity and a texture of its own; borders are blurred as by the voxels of a scan, and a smooth bias field lies
 * over all. Label 0 is the background: mostly dark. As SynthSR (Iglesias et al., NeuroImage 237, 2021,
 * https://doi.org/10.1016/j.neuroimage.2021.118206), without its deformations.
 *
 * The same seed and number give the same volume.
 * \param labels Whole numbers. \param name For messages. \throws ExceptionObject when it is not a label map. */
void
MakeSyntheticVolume(std::uint64_t       seed,
                    std::uint64_t       number,
                    const Volume &      labels,
                    const std::string & name,
                    std::int64_t        size,
                    float *             voxels);
} // namespace itk::arssr

#endif
