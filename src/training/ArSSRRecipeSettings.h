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
#ifndef ArSSRRecipeSettings_h
#define ArSSRRecipeSettings_h

#include "itkArSSRTrainingRecipe.h"

#include "network/ArSSRArchitecture.h"
#include "samples/ArSSRSampleSettings.h"
#include "training/ArSSROptimizer.h"

#include <string>

namespace itk::arssr
{
/** The values of a recipe that concern samples. \throws ExceptionObject when the recipe contradicts itself. */
SampleSettings
ReadSampleSettings(const ArSSRTrainingRecipe & recipe);

/** Values of a recipe that control the course of a training. */
struct TrainingSettings
{
  OptimizerSettings optimizer;
  std::uint64_t     seed{ 0 };
  SizeValueType     batch{ 1 };
  SizeValueType     validationEvery{ 1 }; /**< epochs, as the next one */
  SizeValueType     checkpointEvery{ 1 };
  SizeValueType     checkpointsKept{ 1 };
  unsigned int      prefetchThreads{ 1 };
  bool              autocast{ false }; /**< to bfloat16 */
  bool              deadOutputGuard{ false };
  std::string       loss; /**< as ComputeLoss() knows it */
};

TrainingSettings
ReadTrainingSettings(const ArSSRTrainingRecipe & recipe);

/** The network that a recipe asks for. */
Architecture
MakeArchitecture(const ArSSRTrainingRecipe & recipe);
} // namespace itk::arssr

#endif
