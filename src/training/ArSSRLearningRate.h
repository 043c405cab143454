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
#ifndef ArSSRLearningRate_h
#define ArSSRLearningRate_h

#include "itkArSSRTrainingRecipe.h"

namespace itk::arssr
{
/** Learning rate of a step by the recipe's schedule: warm-up from 0, then a half cosine down to the final share at the
 * last step, or a half every `halve_every` epochs. Steps count from 0 over all epochs. */
double
GetLearningRate(const ArSSRTrainingRecipe & recipe, SizeValueType step, SizeValueType stepsPerEpoch);
} // namespace itk::arssr

#endif
