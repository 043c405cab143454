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
#include "ArSSRSampleSettings.h"

namespace itk::arssr
{
namespace
{
/** Taper of the window of images at multiples of their spacing: sharp, with little ringing. */
constexpr double LevelTaper = 0.5;
} // namespace

SampleSettings::SampleSettings(const ArSSRTrainingRecipe & recipe)
  : cubic(recipe.Get("degradation") == "cubic")
  , scaleMin(recipe.GetNumber("scale_min"))
  , scaleMax(recipe.GetNumber("scale_max"))
  , scaleStep(recipe.GetNumber("scale_step"))
  , anisotropicProbability(recipe.GetNumber("anisotropic_probability"))
  , sliceScaleMax(recipe.GetNumber("slice_scale_max"))
  , gaussianShare(recipe.GetNumber("gaussian_share"))
  , gaussianWidthMin(recipe.GetNumber("gaussian_width_min"))
  , gaussianWidthMax(recipe.GetNumber("gaussian_width_max"))
  , boxShare(recipe.GetNumber("box_share"))
  , boxWidthMin(recipe.GetNumber("box_width_min"))
  , boxWidthMax(recipe.GetNumber("box_width_max"))
  , sliceThicknessMin(recipe.GetNumber("slice_thickness_min"))
  , sliceThicknessMax(recipe.GetNumber("slice_thickness_max"))
  , sincShare(recipe.GetNumber("sinc_share"))
  , apodizedProbability(recipe.GetNumber("apodized_probability"))
  , alikeProbability(recipe.GetNumber("alike_probability"))
  , zeroFilledProbability(recipe.GetNumber("zero_filled_probability"))
  , zeroFilledMax(recipe.GetNumber("zero_filled_max"))
  , patchSize(static_cast<std::int64_t>(recipe.GetNumber("patch_size")))
  , patchMargin(recipe.GetNumber("patch_margin"))
  , samples(static_cast<std::uint64_t>(recipe.GetNumber("samples")))
  , foregroundBias(recipe.GetNumber("foreground_bias"))
  , foregroundThreshold(static_cast<float>(recipe.GetNumber("foreground_threshold")))
  , flip(recipe.GetFlag("flip"))
  , permute(recipe.GetFlag("permute"))
  , gainMin(recipe.GetNumber("gain_min"))
  , gainMax(recipe.GetNumber("gain_max"))
  , gammaMax(recipe.GetNumber("gamma_max"))
  , contrastProbability(recipe.GetNumber("contrast_probability"))
  , noiseProbability(recipe.GetNumber("noise_probability"))
  , noiseMax(recipe.GetNumber("noise_max"))
  , noiseRicianShare(recipe.GetNumber("noise_rician_share"))
  , resolutionLevels{ 1.0 }
  , resolutionSpread(recipe.Get("resolution_spread") == "sinc" ? ArSSRPointSpread::Sinc(1.0, LevelTaper)
                                                               : ArSSRPointSpread::Gaussian(1.0))
  , syntheticVolumes(static_cast<std::size_t>(recipe.GetNumber("synthetic_volumes")))
  , syntheticSize(static_cast<std::int64_t>(recipe.GetNumber("synthetic_size")))
  , syntheticProbability(syntheticVolumes > 0 ? recipe.GetNumber("synthetic_probability") : 0.0)
  , proceduralVolumes(static_cast<std::size_t>(recipe.GetNumber("procedural_volumes")))
  , proceduralSize(static_cast<std::int64_t>(recipe.GetNumber("procedural_size")))
  , proceduralProbability(proceduralVolumes > 0 ? recipe.GetNumber("procedural_probability") : 0.0)
  , batch(static_cast<std::uint64_t>(recipe.GetNumber("batch")))
  , stepsPerEpoch(static_cast<std::uint64_t>(recipe.GetNumber("steps_per_epoch")))
  , seed(static_cast<std::uint64_t>(recipe.GetNumber("seed")))
  , validationSamples(static_cast<std::size_t>(recipe.GetNumber("validation_samples")))
  , validationScales(recipe.GetScales("validation_scales"))
  , validationNoise(recipe.GetNumbers("validation_noise"))
{
  recipe.Verify();
  for (const double level : recipe.GetNumbers("resolution_levels"))
  {
    if (level > 1.0)
    {
      resolutionLevels.push_back(level);
    }
  }
}
} // namespace itk::arssr
