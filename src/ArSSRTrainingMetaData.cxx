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
#include "ArSSRTrainingMetaData.h"

#include "itkVersion.h"

#include <algorithm>
#include <limits>
#include <sstream>

namespace itk::arssr
{
namespace
{
std::string
NumberText(double number)
{
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text.precision(6);
  text << number;
  return text.str();
}
} // namespace


std::map<std::string, std::string>
DescribeTraining(const ArSSRTrainer::Job & job, const ArSSRTrainingStatus & status)
{
  const ArSSRTrainingRecipe &        recipe = job.recipe;
  std::map<std::string, std::string> metadata;
  std::string                        names;
  double                             smallest = std::numeric_limits<double>::infinity();
  double                             largest = 0.0;
  const std::vector<double>          levels = recipe.GetNumbers("resolution_levels");
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
    char separator = ' ';
    for (const ArSSRTrainingImage & labels : job.labelMaps)
    {
      names += separator + labels.name;
      separator = '/';
    }
  }
  const bool   anisotropic = recipe.GetNumber("anisotropic_probability") > 0.0;
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
  metadata["intensity_convention"] =
    "(I - lower) / (upper - lower), lower: min(0, minimum), or the minimum where 0 is far below it; upper: 99.9th "
    "percentile of the voxels above lower";
  metadata["training_data"] = names;
  metadata["training_images"] = std::to_string(job.trainingImages.size());
  metadata["validation_images"] = std::to_string(job.validationImages.size());
  metadata["epochs"] = std::to_string(status.epoch);
  metadata["steps"] = std::to_string(status.step);
  metadata["batch_samples"] = std::to_string(status.step * static_cast<SizeValueType>(recipe.GetNumber("batch")));
  if (status.bestEpoch > 0)
  {
    metadata["validation_psnr"] = NumberText(status.bestValidationPSNR);
    metadata["best_epoch"] = std::to_string(status.bestEpoch);
  }
  metadata["trained_with"] = std::string("ArbitraryScaleSuperResolution, ITK ") + Version::GetITKVersion();
  for (const auto & value : recipe.GetValues())
  {
    metadata["recipe." + value.first] = value.second;
  }
  return metadata;
}
} // namespace itk::arssr
