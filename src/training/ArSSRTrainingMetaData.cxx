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
#include "training/ArSSRTrainingMetaData.h"

#include "itkVersion.h"

#include <algorithm>
#include <limits>
#include <sstream>
#include <vector>

namespace itk::arssr
{
namespace
{
std::string
NumberText(double number)
{
  std::ostringstream text;
  // The file is read on other machines: a point, whatever the user's locale.
  text.imbue(std::locale::classic());
  text.precision(6);
  text << number;
  return text.str();
}

/** ` 0.5 to 1.25`, or ` 1` where both ends are the same. */
std::string
RangeText(const ArSSRTrainingRecipe & recipe, const std::string & name)
{
  const double least = recipe.GetNumber(name + "_min");
  const double most = recipe.GetNumber(name + "_max");
  return ' ' + NumberText(least) + (most > least ? " to " + NumberText(most) : std::string());
}

std::string
Joined(const std::vector<std::string> & parts, const char * separator)
{
  std::string text;
  for (const std::string & part : parts)
  {
    text += (text.empty() ? "" : separator) + part;
  }
  return text;
}

std::string
DescribePointSpreads(const ArSSRTrainingRecipe & recipe)
{
  std::vector<std::string> kinds;
  std::vector<std::string> ofSlices;
  if (recipe.GetNumber("gaussian_share") > 0.0)
  {
    kinds.push_back("gaussian" + RangeText(recipe, "gaussian_width"));
    ofSlices.emplace_back("gaussian");
  }
  if (recipe.GetNumber("box_share") > 0.0)
  {
    kinds.push_back("box" + RangeText(recipe, "box_width"));
    ofSlices.emplace_back("box");
  }
  if (recipe.GetNumber("sinc_share") > 0.0)
  {
    // A sinc has no thickness of its own, so it is not listed across thick slices.
    const double windowed = recipe.GetNumber("apodized_probability");
    kinds.emplace_back(windowed >= 1.0  ? "windowed sinc 1"
                       : windowed > 0.0 ? "sinc 1 with and without a window"
                                        : "sinc 1");
  }
  std::string text = "point spreads, in LR spacings: " + Joined(kinds, ", ");
  if (recipe.GetNumber("anisotropic_probability") > 0.0 && !ofSlices.empty())
  {
    text += "; across thick slices: " + Joined(ofSlices, " or ") + RangeText(recipe, "slice_thickness");
  }
  return text;
}
} // namespace


std::string
DescribeTrainedAcquisition(const ArSSRTrainingRecipe & recipe)
{
  std::string text = "cubic interpolation instead of point spreads";
  if (recipe.Get("degradation") != "cubic")
  {
    text = DescribePointSpreads(recipe);
    if (recipe.GetNumber("zero_filled_probability") > 0.0)
    {
      text +=
        "; interpolated by the scanner by up to " + NumberText(recipe.GetNumber("zero_filled_max")) + " along two axes";
    }
  }
  const double noise = recipe.GetNumber("noise_max");
  if (noise <= 0.0 || recipe.GetNumber("noise_probability") <= 0.0)
  {
    return text + "; no noise";
  }
  const double rician = recipe.GetNumber("noise_rician_share");
  return text + "; noise up to " + NumberText(noise) + " of the intensity window, " +
         (rician >= 1.0  ? "Rician"
          : rician > 0.0 ? "Rician or Gaussian"
                         : "Gaussian");
}


std::map<std::string, std::string>
DescribeTraining(const ArSSRTrainer::Job & job, const ArSSRTrainingStatus & status)
{
  const ArSSRTrainingRecipe &        recipe = job.recipe;
  std::map<std::string, std::string> metadata;
  std::string                        names;
  // The spacings of LR scans that the model has seen: HR spacing times level times scale, along any axis. Volumes that
  // are made have no spacing.
  double                    smallest = std::numeric_limits<double>::infinity();
  double                    largest = 0.0;
  const std::vector<double> levels = recipe.GetNumbers("resolution_levels");
  for (const ArSSRTrainingImage & image : job.trainingImages)
  {
    names += (names.empty() ? "" : ", ") + image.name;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      smallest = std::min(smallest, image.spacing[axis] * *std::min_element(levels.begin(), levels.end()));
      largest = std::max(largest, image.spacing[axis] * *std::max_element(levels.begin(), levels.end()));
    }
  }
  const double procedural = recipe.GetNumber("procedural_volumes");
  if (procedural > 0.0)
  {
    names += (names.empty() ? "" : ", ") + NumberText(procedural) + " procedural volumes";
  }
  if (!job.labelMaps.empty())
  {
    names += (names.empty() ? "" : ", ") + NumberText(recipe.GetNumber("synthetic_volumes")) + " synthetic volumes of";
    // Names of label maps are separated by slashes, as commas separate the sources of data.
    char separator = ' ';
    for (const ArSSRTrainingImage & labels : job.labelMaps)
    {
      names += separator + labels.name;
      separator = '/';
    }
  }
  const bool anisotropic = recipe.GetNumber("anisotropic_probability") > 0.0;
  // Anisotropic samples have a scale of 1 along some axes.
  const double scaleMin = anisotropic ? 1.0 : recipe.GetNumber("scale_min");
  const double scaleMax = recipe.GetNumber("scale_max");
  const double thick = anisotropic ? std::max(scaleMax, recipe.GetNumber("slice_scale_max")) : scaleMax;
  metadata["trained_scale_min"] = NumberText(scaleMin);
  metadata["trained_scale_max"] = NumberText(thick);
  if (largest > 0.0)
  {
    metadata["trained_spacing_min"] = NumberText(smallest * scaleMin);
    metadata["trained_spacing_max"] = NumberText(largest * thick);
  }
  metadata["trained_acquisition"] = DescribeTrainedAcquisition(recipe);
  // In words, for whoever runs the model elsewhere; ArSSRIntensityStatistics is the definition.
  metadata["intensity_convention"] =
    "(I - lower) / (upper - lower), lower: min(0, minimum), or the minimum where 0 is far below it; upper: 99.9th "
    "percentile of the voxels above lower";
  metadata["training_data"] = names;
  metadata["training_images"] = std::to_string(job.trainingImages.size());
  metadata["validation_images"] = std::to_string(job.validationImages.size());
  // Of the training so far, while the weights may be those of best_epoch.
  metadata["epochs"] = std::to_string(status.epoch);
  metadata["steps"] = std::to_string(status.step);
  metadata["batch_samples"] = std::to_string(status.step * static_cast<SizeValueType>(recipe.GetNumber("batch")));
  if (status.bestEpoch > 0)
  {
    metadata["validation_psnr"] = NumberText(status.bestValidationPSNR);
    metadata["best_epoch"] = std::to_string(status.bestEpoch);
  }
  metadata["trained_with"] = std::string("ArbitraryScaleSuperResolution, ITK ") + Version::GetITKVersion();
  // The whole recipe, so that the training can be repeated from the model's file alone.
  for (const auto & value : recipe.GetValues())
  {
    metadata["recipe." + value.first] = value.second;
  }
  return metadata;
}
} // namespace itk::arssr
