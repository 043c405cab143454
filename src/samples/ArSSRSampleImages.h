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
#ifndef ArSSRSampleImages_h
#define ArSSRSampleImages_h

#include "samples/ArSSRSampleSettings.h"
#include "samples/ArSSRVolumeStore.h"
#include "itkArSSRTrainingImage.h"

#include <vector>

namespace itk::arssr
{
/** \brief What samples are made of. */
struct ImageLists
{
  std::vector<ArSSRTrainingImage> training;
  std::vector<ArSSRTrainingImage> validation;
  std::vector<ArSSRTrainingImage> labels; /**< label maps, of which the synthetic volumes are made */
};

/** All images that samples come from: training, then validation, then the recipe's procedural volumes, then its
 * synthetic ones, if there are label maps to make them of. Training images have the recipe's levels, but for those at
 * which a patch does not fit. \throws ExceptionObject when an image is too small for a patch. */
std::vector<StoredImage>
GatherImages(const SampleSettings & settings, const ImageLists & images);
} // namespace itk::arssr

#endif
