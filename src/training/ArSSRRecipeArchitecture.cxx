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
#include "training/ArSSRRecipeArchitecture.h"

#include "platform/ArSSREnumText.h"

namespace itk::arssr
{
Architecture
MakeArchitecture(const ArSSRTrainingRecipe & recipe)
{
  using Enums = ArSSRModelEnums;
  const auto choose = [&recipe](const char * name, const auto & values) {
    return FromText("training recipe's " + std::string(name), recipe.Get(name), values);
  };
  const auto integer = [&recipe](const char * name) {
    return static_cast<std::int64_t>(recipe.GetNumber(name));
  };
  Architecture architecture;
  architecture.encoder =
    choose("encoder",
           std::vector<Enums::Encoder>{
             Enums::Encoder::RDN, Enums::Encoder::ResCNN, Enums::Encoder::SRResnet, Enums::Encoder::Residual });
  if (architecture.encoder == Enums::Encoder::Residual)
  {
    architecture.channels = integer("channels");
    architecture.blocks = integer("blocks");
  }
  architecture.featureDimension = integer("feature_dim");
  architecture.depth = integer("depth");
  architecture.width = integer("width");
  architecture.skip = choose("interpolation_skip",
                             std::vector<Enums::Skip>{ Enums::Skip::None, Enums::Skip::Linear, Enums::Skip::Cubic });
  architecture.coordinates =
    choose("coordinates", std::vector<Enums::Coordinates>{ Enums::Coordinates::Image, Enums::Coordinates::Local });
  architecture.padding =
    choose("feature_padding", std::vector<Enums::Padding>{ Enums::Padding::Zeros, Enums::Padding::Border });
  architecture.perceptron =
    choose("perceptron", std::vector<Enums::Perceptron>{ Enums::Perceptron::TwoStage, Enums::Perceptron::Plain });
  return architecture;
}
} // namespace itk::arssr
