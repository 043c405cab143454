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
#ifndef ArSSRPatchSample_h
#define ArSSRPatchSample_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRSampleSettings.h"
#include "samples/ArSSRTrainingSample.h"

#include <vector>

namespace itk::arssr
{
/** Draws the recipe's number of HR voxels from the patch's field of view without its margin. */
std::vector<GridIndex>
DrawVoxels(const SampleSettings & settings, const PatchGeometry & patch, const GridIndex & volumeSize, Random & random);

/** Points of a sample: where the HR voxels are in the patch. [K, 3] */
std::vector<double>
GetPoints(const PatchGeometry & patch, const std::vector<GridIndex> & voxels);

/** The LR patch of a part of a volume, and the volume's intensities at the voxels. The patch is seen under the point
 * spreads unless the recipe's degradation is cubic. A curve, if given, is applied to the volume before both. */
TrainingSample
MakeSample(const SampleSettings &         settings,
           const Volume &                 volume,
           const PatchGeometry &          patch,
           const PatchSpreads &           spreads,
           const std::vector<GridIndex> & voxels,
           const IntensityCurve *         curve = nullptr);
} // namespace itk::arssr

#endif
