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
#include "network/ArSSRArchitecture.h"

#include "platform/ArSSREnumText.h"

#include "itkMacro.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
// Infer() reads names and shapes only, never values: an architecture is known, and refused, before anything is
// allocated for it. A model file can be hostile, so every size that is read from one goes through Verify().
const at::Tensor *
Find(const std::vector<NamedTensor> & tensors, const std::string & name)
{
  const auto found = std::find_if(
    tensors.begin(), tensors.end(), [&name](const NamedTensor & candidate) { return candidate.name == name; });
  return found == tensors.end() ? nullptr : &found->tensor;
}

std::int64_t
FirstDimension(const std::vector<NamedTensor> & tensors, const std::string & name)
{
  // Dimension 0 of a weight is its number of outputs. A scalar has no size(0): torch would throw an error without the
  // name.
  const at::Tensor * tensor = Find(tensors, name);
  if (tensor == nullptr || tensor->dim() == 0)
  {
    itkGenericExceptionMacro("The tensor '" << name << "' is missing or has no dimensions; expected the weights of an "
                                            << "ArSSR network (encoder RDN, ResCNN or SRResnet, MLP decoder).");
  }
  return tensor->size(0);
}

void
CheckRange(const char * what, std::int64_t value, std::int64_t minimum, std::int64_t maximum)
{
  if (value < minimum || value > maximum)
  {
    itkGenericExceptionMacro("The network's " << what << " is " << value << "; expected " << minimum << " to "
                                              << maximum << '.');
  }
}
/** An entry that is missing leaves the choice as it is; one that is not known is refused, as it would be a network of
 * another kind with tensors of the same names. */
template <typename TEnum>
void
ReadChoice(const std::map<std::string, std::string> & metadata,
           const std::string &                        key,
           const std::vector<TEnum> &                 values,
           TEnum &                                    choice)
{
  const auto found = metadata.find(key);
  if (found != metadata.end())
  {
    choice = FromText("model's metadata entry '" + key + "'", found->second, values);
  }
}

/** Layers are numbered without gaps in steps of `step`. One behind a gap is not counted here and is reported by
 * Network::SetWeights() as unexpected. */
std::int64_t
CountLayers(const std::vector<NamedTensor> & tensors,
            const std::string &              prefix,
            std::int64_t                     step,
            const std::string &              suffix = ".weight")
{
  const auto hasLayer = [&](std::int64_t number) {
    std::string name = prefix;
    name += std::to_string(step * number);
    name += suffix;
    return Find(tensors, name) != nullptr;
  };
  std::int64_t layers = 0;
  while (hasLayer(layers))
  {
    ++layers;
  }
  return layers;
}
} // namespace

void
Architecture::SetForm(Enums::Form form)
{
  if (form == Enums::Form::Custom)
  {
    return;
  }
  // The local form depends on a sample's neighbourhood alone, not on the size or the ends of the image: hence no image
  // coordinates and no zeros around the features.
  const bool local = form == Enums::Form::Local;
  skip = local ? Enums::Skip::Cubic : Enums::Skip::None;
  coordinates = local ? Enums::Coordinates::Local : Enums::Coordinates::Image;
  padding = local ? Enums::Padding::Border : Enums::Padding::Zeros;
  perceptron = local ? Enums::Perceptron::Plain : Enums::Perceptron::TwoStage;
}

Architecture::Enums::Form
Architecture::GetForm() const
{
  for (const Enums::Form form : { Enums::Form::Published, Enums::Form::Local })
  {
    // SetForm() stays the one place that says what a form is: it is applied to a copy and the four choices compared.
    Architecture pattern = *this;
    pattern.SetForm(form);
    if (pattern.skip == skip && pattern.coordinates == coordinates && pattern.padding == padding &&
        pattern.perceptron == perceptron)
    {
      return form;
    }
  }
  return Enums::Form::Custom;
}

void
Architecture::Verify() const
{
  // The limits keep products of sizes far below overflow and the memory of a network from a hostile file bounded.
  constexpr std::int64_t largestLayer = 4096;
  CheckRange("feature dimension", featureDimension, 1, largestLayer);
  CheckRange("width", width, 1, largestLayer);
  CheckRange("number of encoder channels", channels, 1, largestLayer);
  CheckRange("number of encoder blocks", blocks, 0, 64);
  // At least two layers a stage: the first one takes the features, the last one gives the output.
  const bool twoStages = perceptron == Enums::Perceptron::TwoStage;
  CheckRange("depth", depth, twoStages ? 4 : 2, 64);
  if (twoStages && depth % 2 != 0)
  {
    itkGenericExceptionMacro("The network's depth is "
                             << depth << "; an even number is expected, because each of the MLP's two stages "
                             << "has half of the layers.");
  }
}

Architecture
Architecture::Infer(const std::vector<NamedTensor> & tensors, const std::map<std::string, std::string> & metadata)
{
  // The first layer's name tells the encoder; the last layer's number of outputs is the feature dimension.
  struct Signature
  {
    ArSSRModelEnums::Encoder encoder;
    const char *             first;
    const char *             last;
  };
  static constexpr Signature signatures[] = {
    { ArSSRModelEnums::Encoder::RDN, "encoder.sfe1.weight", "encoder.output.weight" },
    { ArSSRModelEnums::Encoder::ResCNN, "encoder.conv_start.0.weight", "encoder.conv_end.0.weight" },
    { ArSSRModelEnums::Encoder::SRResnet, "encoder.features.0.0.weight", "encoder.features.20.0.weight" },
    { ArSSRModelEnums::Encoder::Residual, "encoder.start.weight", "encoder.end.weight" },
  };

  Architecture result;
  const auto   signature = std::find_if(std::begin(signatures), std::end(signatures), [&](const Signature & s) {
    return Find(tensors, s.first) != nullptr;
  });
  if (signature == std::end(signatures))
  {
    itkGenericExceptionMacro("None of the " << tensors.size() << " tensors"
                                            << (tensors.empty() ? "" : ", the first named '" + tensors[0].name + "',")
                                            << " is the first layer of a known encoder; expected "
                                            << "'encoder.sfe1.weight' (RDN), 'encoder.conv_start.0.weight' (ResCNN), "
                                            << "'encoder.features.0.0.weight' (SRResnet) or 'encoder.start.weight' "
                                            << "(Residual).");
  }
  result.encoder = signature->encoder;
  result.featureDimension = FirstDimension(tensors, signature->last);
  // The published encoders have fixed sizes; SetWeights() finds tensors that do not have them.
  if (result.encoder == Enums::Encoder::Residual)
  {
    result.channels = FirstDimension(tensors, signature->first);
    result.blocks = CountLayers(tensors, "encoder.blocks.", 1, ".0.weight");
  }
  // Every second module of the published Sequential is a ReLU without parameters: layers have even numbers.
  if (Find(tensors, "decoder.layers.0.weight") != nullptr)
  {
    result.perceptron = Enums::Perceptron::Plain;
    result.width = FirstDimension(tensors, "decoder.layers.0.weight");
    result.depth = CountLayers(tensors, "decoder.layers.", 2);
  }
  else
  {
    result.width = FirstDimension(tensors, "decoder.stage_one.0.weight");
    // The second stage is not counted: if it has not as many layers, SetWeights() lists those that are missing or too
    // many.
    result.depth = 2 * CountLayers(tensors, "decoder.stage_one.", 2);
  }
  // Choices without tensors of their own. The perceptron has some, so that its entry need not be read.
  ReadChoice(
    metadata, "interpolation_skip", { Enums::Skip::None, Enums::Skip::Linear, Enums::Skip::Cubic }, result.skip);
  ReadChoice(metadata, "coordinates", { Enums::Coordinates::Image, Enums::Coordinates::Local }, result.coordinates);
  ReadChoice(metadata, "feature_padding", { Enums::Padding::Zeros, Enums::Padding::Border }, result.padding);
  result.Verify();
  return result;
}

std::map<std::string, std::string>
Architecture::GetMetaData() const
{
  // Infer() reads three of these; the others are for people and for tools that list models.
  std::map<std::string, std::string> metadata{
    { "form", ToText(this->GetForm()) },
    { "encoder", ToText(encoder) },
    { "feature_dim", std::to_string(featureDimension) },
    { "depth", std::to_string(depth) },
    { "width", std::to_string(width) },
    { "interpolation_skip", ToText(skip) },
    { "coordinates", ToText(coordinates) },
    { "feature_padding", ToText(padding) },
    { "perceptron", ToText(perceptron) },
  };
  if (encoder == Enums::Encoder::Residual)
  {
    metadata["channels"] = std::to_string(channels);
    metadata["blocks"] = std::to_string(blocks);
  }
  return metadata;
}

std::string
Architecture::Describe() const
{
  std::string text = "encoder " + ToText(encoder);
  if (encoder == Enums::Encoder::Residual)
  {
    text += " of " + std::to_string(blocks) + " blocks and " + std::to_string(channels) + " channels";
  }
  return text + ", feature dimension " + std::to_string(featureDimension) + ", depth " + std::to_string(depth) +
         " and width " + std::to_string(width) + " (" + ToText(perceptron) + " perceptron, " + ToText(coordinates) +
         " coordinates)";
}
} // namespace itk::arssr
