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
#include "samples/ArSSRPatchSampler.h"

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
namespace
{
/** Rounding error of sums of decimal steps such as 0.1: a scale or size that just fits must not be lost to it. */
constexpr double StepTolerance = 1e-9;

/** Smallest scale across thick slices, in HR voxels. */
constexpr double SmallestSliceScale = 2.0;
} // namespace

std::int64_t
PatchSampler::GetSmallestSize() const
{
  // The cubic degradation rounds a crop to whole voxels; a patch under a point spread needs all of its field of view.
  const double size = static_cast<double>(m_Settings.patchSize) * m_Settings.scaleMin;
  return static_cast<std::int64_t>(m_Settings.cubic ? std::round(size) : std::ceil(size - StepTolerance));
}

bool
PatchSampler::Fits(const GridIndex & volumeSize) const
{
  return *std::min_element(volumeSize.begin(), volumeSize.end()) >= this->GetSmallestSize();
}

double
PatchSampler::DrawIsotropicScale(Random & random, double largest) const
{
  const SampleSettings & recipe = m_Settings;
  if (recipe.scaleStep <= 0.0)
  {
    return std::min(random.Uniform(recipe.scaleMin, recipe.scaleMax), largest);
  }
  // The tolerance keeps the last step where (max - min) / step falls short of a whole number by rounding.
  const auto countUpTo = [&recipe](double scale) {
    const double steps = std::floor((scale - recipe.scaleMin) / recipe.scaleStep + StepTolerance);
    return static_cast<std::uint64_t>(std::max(steps, 0.0)) + 1;
  };
  // Draws from the whole range and reduces what does not fit, as the continuous branch does: the largest scale that
  // fits takes the share of all larger ones.
  const std::uint64_t step = std::min(random.Below(countUpTo(recipe.scaleMax)), countUpTo(largest) - 1);
  return recipe.scaleMin + static_cast<double>(step) * recipe.scaleStep;
}

/** The nearest scale at which LR patches can be made: the cubic degradation needs a whole number of HR voxels. */
double
PatchSampler::RoundScale(double scale) const
{
  const auto size = static_cast<double>(m_Settings.patchSize);
  if (m_Settings.cubic)
  {
    return std::max(std::round(size * scale), size) / size;
  }
  // A profile so narrow is a point sample, whose LR voxels are HR voxels: any other scale would only resample them.
  return ArSSRSliceProfile::IsPointSample(scale) ? 1.0 : scale;
}

GridLengths
PatchSampler::DrawScale(Random & random, const GridIndex & volumeSize) const
{
  const SampleSettings & recipe = m_Settings;
  GridLengths            scale{ { 1.0, 1.0, 1.0 } };
  if (!random.Chance(recipe.anisotropicProbability))
  {
    // One scale for all axes must fit along the shortest. The other branches leave that to DrawPlace(), axis by axis.
    const std::int64_t smallest = *std::min_element(volumeSize.begin(), volumeSize.end());
    scale.fill(this->DrawIsotropicScale(random, static_cast<double>(smallest) / static_cast<double>(recipe.patchSize)));
  }
  else if (random.Chance(0.5))
  {
    const double least = std::min(SmallestSliceScale, recipe.sliceScaleMax);
    scale[random.Below(3)] = random.Uniform(least, recipe.sliceScaleMax);
  }
  else
  {
    for (double & axisScale : scale)
    {
      axisScale = random.Uniform(1.0, recipe.scaleMax);
    }
  }
  return scale;
}

PatchGeometry
PatchSampler::DrawPlace(Random & random, const GridIndex & volumeSize, const GridLengths & scale) const
{
  PatchGeometry patch;
  patch.size = m_Settings.patchSize;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto available = static_cast<double>(volumeSize[axis]);
    const auto size = static_cast<double>(patch.size);
    patch.scale[axis] = this->RoundScale(std::min(scale[axis], available / size));
    // Rounding may leave the patch a trifle longer than the volume.
    const double left = std::max(available - size * patch.scale[axis], 0.0);
    patch.start[axis] = m_Settings.cubic || patch.scale[axis] == 1.0
                          ? static_cast<double>(random.Below(static_cast<std::uint64_t>(std::round(left)) + 1))
                          : random.Uniform(0.0, left);
  }
  return patch;
}

PatchGeometry
PatchSampler::DrawPlaceWithForeground(Random & random, const Volume & volume, const GridLengths & scale) const
{
  // A share below any: the first attempt always becomes the best one.
  PatchGeometry best;
  double        most = -1.0;
  for (int attempt = 0; attempt < NumberOfAttempts && most < RequiredForeground; ++attempt)
  {
    const PatchGeometry patch = this->DrawPlace(random, volume.size, scale);
    const double        share = this->GetForegroundShare(volume, patch);
    if (share > most)
    {
      most = share;
      best = patch;
    }
  }
  return best;
}

double
PatchSampler::GetForegroundShare(const Volume & volume, const PatchGeometry & patch) const
{
  const VoxelBox box = GetVoxelsWithin(patch, 0.0, volume.size);
  const float    threshold = m_Settings.foregroundThreshold;
  std::int64_t   count = 0;
  for (std::int64_t z = box.first[0]; z < box.first[0] + box.size[0]; ++z)
  {
    for (std::int64_t y = box.first[1]; y < box.first[1] + box.size[1]; ++y)
    {
      const float * row = volume.GetRow(z, y) + box.first[2];
      std::int32_t  inRow = 0; // as wide as the intensities, so that the loop is vectorised
      for (std::int64_t x = 0; x < box.size[2]; ++x)
      {
        inRow += row[x] > threshold ? 1 : 0;
      }
      count += inRow;
    }
  }
  return static_cast<double>(count) / static_cast<double>(std::max(box.GetNumberOfVoxels(), std::int64_t{ 1 }));
}
} // namespace itk::arssr
