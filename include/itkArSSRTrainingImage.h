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
#ifndef itkArSSRTrainingImage_h
#define itkArSSRTrainingImage_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkFixedArray.h"
#include "itkSize.h"

#include <functional>
#include <string>

namespace itk
{
/** \class ArSSRTrainingImage
 * \brief A high-resolution (HR) image that a trainer learns from or is validated on, read when it is needed.
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRTrainingImage
{
  std::string           name; /**< for messages and the model's metadata */
  Size<3>               size{};
  FixedArray<double, 3> spacing{ 1.0 }; /**< mm */

  /** Fills a buffer [z, y, x] with the intensities; their unit does not matter. Called again when the voxels were
   * dropped to stay within the memory budget, from one thread at a time. */
  std::function<void(float * buffer)> read;
};
} // end namespace itk

#endif // itkArSSRTrainingImage_h
