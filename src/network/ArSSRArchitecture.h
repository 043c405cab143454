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

#include "platform/ArSSRNamedTensor.h"

#include <cstdint>
#include <map>
#include <string>

namespace itk::arssr
{
/** \brief What distinguishes one ArSSR network from another. The default is the paper's, with the RDN encoder. */
struct Architecture
{
  using Enums = ArSSRModelEnums;

  Enums::Encoder encoder{ Enums::Encoder::RDN };
  std::int64_t   featureDimension{ 128 }; /**< channels of the feature map */
  std::int64_t   depth{ 8 };              /**< layers of the MLP, half of them in each stage where there are two */
  std::int64_t   width{ 256 };            /**< channels of the MLP's hidden layers */
  std::int64_t   channels{ 64 };          /**< of the encoder's hidden layers; always 64 in the published encoders */
  std::int64_t   blocks{ 0 };             /**< residual blocks; the residual encoder only */

  Enums::Skip        skip{ Enums::Skip::None };
  Enums::Coordinates coordinates{ Enums::Coordinates::Image };
  Enums::Padding     padding{ Enums::Padding::Zeros };
  Enums::Perceptron  perceptron{ Enums::Perceptron::TwoStage };

  /** Sets the choices that a form stands for and leaves the sizes; Form::Custom changes nothing. */
  void
  SetForm(Enums::Form form);
  Enums::Form
  GetForm() const;

  std::int64_t
  GetLayersPerStage() const
  {
    return perceptron == Enums::Perceptron::TwoStage ? depth / 2 : depth;
  }

  /** Inputs of the MLP besides the features: a position (z, y, x), and the voxel size with local coordinates. */
  std::int64_t
  GetNumberOfCoordinates() const
  {
    return coordinates == Enums::Coordinates::Local ? 6 : 3;
  }

  /** \throws ExceptionObject unless the dimensions are within limits: depth 2 to 64 (two stages: even, from 4), blocks
   * 0 to 64, the others 1 to 4096. */
  void
  Verify() const;

  /** Infers the architecture from the names and shapes of a `state_dict`'s tensors. Three choices do not show there and
   * are read from the metadata (`interpolation_skip`, `coordinates`, `feature_padding`); a missing entry means the
   * published form. \throws ExceptionObject when the tensors are not those of an ArSSR network. */
  static Architecture
  Infer(const std::vector<NamedTensor> & tensors, const std::map<std::string, std::string> & metadata = {});

  /** The inverse of Infer(): metadata entries that describe the architecture, to be written to a model file. */
  std::map<std::string, std::string>
  GetMetaData() const;

  /** Description in words, for error messages. */
  std::string
  Describe() const;
};
} // namespace itk::arssr

#endif
