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
/** HR voxels in the patch's field of view, without the margin, that the recipe's number of samples is drawn from. */
std::vector<GridIndex>
DrawVoxels(const SampleSettings & settings, const PatchGeometry & patch, const GridIndex & volumeSize, Random & random);

/** Points of a sample: where the HR voxels are in the patch. [K, 3] */
std::vector<double>
GetPoints(const PatchGeometry & patch, const std::vector<GridIndex> & voxels);

/** The recipe's degradation of a part of a volume, under the point spreads unless it is cubic, and the volume's
 * intensities at the voxels; both on the curve, if there is one, which the volume is taken to be on before it is
 * degraded. */
TrainingSample
MakeSample(const SampleSettings &         settings,
           const Volume &                 volume,
           const PatchGeometry &          patch,
           const PatchSpreads &           spreads,
           const std::vector<GridIndex> & voxels,
           const IntensityCurve *         curve = nullptr);
} // namespace itk::arssr

#endif
