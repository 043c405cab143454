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
#include "samples/ArSSRPatchSample.h"

#include "samples/ArSSRVoxelChoice.h"

#include <algorithm>

namespace itk::arssr
{
std::vector<GridIndex>
DrawVoxels(const SampleSettings & settings, const PatchGeometry & patch, const GridIndex & volumeSize, Random & random)
{
  VoxelBox box = GetVoxelsWithin(patch, settings.patchMargin, volumeSize);
  if (box.GetNumberOfVoxels() == 0)
  {
    // Margins that leave less than a voxel may leave no voxel's centre.
    box = GetVoxelsWithin(patch, std::max(settings.patchMargin - 0.5, 0.0), volumeSize);
  }
  // Empty only if the box still is; all samples of a batch must have the same number of points.
  return ChooseVoxels(box, settings.samples, random);
}

std::vector<double>
GetPoints(const PatchGeometry & patch, const std::vector<GridIndex> & voxels)
{
  std::vector<double> points;
  points.reserve(3 * voxels.size());
  for (const GridIndex & voxel : voxels)
  {
    // In double: the fraction of an LR voxel tells HR voxels apart, and single precision would move the points.
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      points.push_back(patch.ToLowResolution(axis, static_cast<double>(voxel[axis])));
    }
  }
  return points;
}

TrainingSample
MakeSample(const SampleSettings &         settings,
           const Volume &                 volume,
           const PatchGeometry &          patch,
           const PatchSpreads &           spreads,
           const std::vector<GridIndex> & voxels,
           const IntensityCurve *         curve)
{
  TrainingSample sample;
  sample.patchSize = patch.size;
  sample.lowResolution = ApplyWeights(
    volume, settings.cubic ? GetCubicWeights(patch) : GetPointSpreadWeights(patch, spreads, volume.size), curve);
  sample.points = GetPoints(patch, voxels);
  sample.values.reserve(voxels.size());
  for (const GridIndex & voxel : voxels)
  {
    // The truth is the HR voxel itself, not an interpolation, so that no target is smoother than its image.
    const float value = volume.GetRow(voxel[0], voxel[1])[voxel[2]];
    sample.values.push_back(curve ? (*curve)(value) : value);
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    sample.voxelSize[axis] = 1.0 / patch.scale[axis];
  }
  return sample;
}
} // namespace itk::arssr
