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
#include "training/ArSSRLearningRate.h"

#include "itkMath.h"

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
double
GetLearningRate(const ArSSRTrainingRecipe & recipe, SizeValueType step, SizeValueType stepsPerEpoch)
{
  const double base = recipe.GetNumber("learning_rate");
  const double warmUp = recipe.GetNumber("warmup_steps");
  const double rise = warmUp > 0.0 ? std::min((static_cast<double>(step) + 1.0) / warmUp, 1.0) : 1.0;
  if (recipe.Get("schedule") == "step")
  {
    const SizeValueType epoch = step / stepsPerEpoch;
    const auto          halvings = epoch / static_cast<SizeValueType>(recipe.GetNumber("halve_every"));
    return base * rise * std::pow(0.5, static_cast<double>(halvings));
  }
  const double total = recipe.GetNumber("epochs") * static_cast<double>(stepsPerEpoch);
  const double done = std::min(static_cast<double>(step) / std::max(total - 1.0, 1.0), 1.0);
  const double least = recipe.GetNumber("final_learning_rate");
  return base * rise * (least + (1.0 - least) * 0.5 * (1.0 + std::cos(Math::pi * done)));
}
} // namespace itk::arssr
