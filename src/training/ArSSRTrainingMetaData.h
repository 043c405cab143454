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
#ifndef ArSSRTrainingMetaData_h
#define ArSSRTrainingMetaData_h

#include "itkArSSRTrainer.h"

#include <map>
#include <string>

namespace itk::arssr
{
/** Entries of a model's metadata that tell how it was trained: recipe, range of scales and spacings, the kinds of scans
 * it is for, intensity convention, the images' names and numbers, validation figures, versions. */
std::map<std::string, std::string>
DescribeTraining(const ArSSRTrainer::Job & job, const ArSSRTrainingStatus & status);

/** The kinds of scans that a recipe trains for, in words: the ranges of their point spreads, in LR spacings, of
 * interpolation by the scanner, and of their noise. */
std::string
DescribeTrainedAcquisition(const ArSSRTrainingRecipe & recipe);
} // namespace itk::arssr

#endif
