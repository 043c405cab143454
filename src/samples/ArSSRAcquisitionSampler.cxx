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
#include "samples/ArSSRAcquisitionSampler.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace itk::arssr
{
namespace
{
/** The axis across thick slices, if there are any. */
std::optional<std::size_t>
FindSliceAxis(const GridLengths & scale)
{
  const auto isCoarse = [](double axisScale) {
    return axisScale > 1.0;
  };
  // With two or three coarse axes there is no slice direction: the scan is then an anisotropic volume scan, and no axis
  // takes the range of slice thicknesses.
  if (std::count_if(scale.begin(), scale.end(), isCoarse) != 1)
  {
    return std::nullopt;
  }
  return static_cast<std::size_t>(std::find_if(scale.begin(), scale.end(), isCoarse) - scale.begin());
}
} // namespace

SampleAcquisition
AcquisitionSampler::Draw(Random & random, const GridLengths & scale) const
{
  const auto        sliceAxis = FindSliceAxis(scale);
  const bool        alike = random.Chance(m_Settings.alikeProbability);
  SampleAcquisition acquisition;
  // One spread for all axes; those that differ are drawn again below. The slice axis always is: a slice's thickness is
  // set apart from the voxel's size in its plane.
  acquisition.spreads.fill(this->DrawSpread(random, false));
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    if (!alike || axis == sliceAxis)
    {
      acquisition.spreads[axis] = this->DrawSpread(random, axis == sliceAxis);
    }
  }
  // Zero filling replaces what was drawn in the plane. All draws come from the stream of acquisitions, so their number
  // changes neither the place nor the augmentation of a sample.
  if (random.Chance(m_Settings.zeroFilledProbability))
  {
    // The scanner interpolates within slices, by one factor along both axes.
    const std::size_t through = sliceAxis.value_or(static_cast<std::size_t>(random.Below(3)));
    // One after the other: a compiler may choose the order of a call's arguments.
    const double taper = this->DrawTaper(random);
    const auto   sinc = ArSSRPointSpread::Sinc(random.Uniform(1.0, m_Settings.zeroFilledMax), taper);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      acquisition.spreads[axis] = axis == through ? acquisition.spreads[axis] : sinc;
    }
  }
  acquisition.rician = random.Chance(m_Settings.noiseRicianShare);
  return acquisition;
}

ArSSRPointSpread
AcquisitionSampler::DrawSpread(Random & random, bool acrossSlices) const
{
  const SampleSettings & recipe = m_Settings;
  // One uniform number picks the kind: [0, gaussian), then boxes, then sincs. Shares need not add up to 1.
  const double kind = random.Uniform(0.0, recipe.gaussianShare + recipe.boxShare + recipe.sincShare);
  const bool   gaussian = kind < recipe.gaussianShare;
  if (!gaussian && kind >= recipe.gaussianShare + recipe.boxShare)
  {
    // A sinc of the LR spacing is what an encoding direction sees: it has no thickness of its own, also across slices,
    // where it stands for a 3D acquisition.
    return ArSSRPointSpread::Sinc(1.0, this->DrawTaper(random));
  }
  const double least = acrossSlices ? recipe.sliceThicknessMin
                       : gaussian   ? recipe.gaussianWidthMin
                                    : recipe.boxWidthMin;
  const double most = acrossSlices ? recipe.sliceThicknessMax : gaussian ? recipe.gaussianWidthMax : recipe.boxWidthMax;
  const double width = random.Uniform(least, most);
  return gaussian ? ArSSRPointSpread::Gaussian(width) : ArSSRPointSpread::Box(width);
}

double
AcquisitionSampler::DrawTaper(Random & random) const
{
  return random.Chance(m_Settings.apodizedProbability) ? random.Uniform() : 0.0;
}
} // namespace itk::arssr
