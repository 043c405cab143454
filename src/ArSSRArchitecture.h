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
#ifndef ArSSRArchitecture_h
#define ArSSRArchitecture_h

#include "itkArSSRModelEnums.h"

#include "ArSSRTensorFile.h"

#include <cstdint>

namespace itk::arssr
{
/** \brief What distinguishes one ArSSR network from another: the arguments of the published scripts. */
struct Architecture
{
  ArSSRModelEnums::Encoder encoder{ ArSSRModelEnums::Encoder::RDN };
  std::int64_t             featureDimension{ 128 }; /**< channels of the feature map */
  std::int64_t             depth{ 8 };              /**< layers of the MLP, half of them in each of its two stages */
  std::int64_t             width{ 256 };            /**< channels of the MLP's hidden layers */

  std::int64_t
  GetLayersPerStage() const
  {
    return depth / 2;
  }

  /** \throws ExceptionObject unless the dimensions are within limits: depth even and 4 to 64, the others 1 to 4096. */
  void
  Verify() const;

  /** Reads the architecture off the names and shapes of a `state_dict`'s tensors.
   * \throws ExceptionObject when they are not those of an ArSSR network. */
  static Architecture
  Infer(const std::vector<NamedTensor> & tensors);
};
} // namespace itk::arssr

#endif
