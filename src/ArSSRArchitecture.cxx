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
#include "ArSSRArchitecture.h"

#include "itkMacro.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
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
} // namespace

void
Architecture::Verify() const
{
  constexpr std::int64_t largestLayer = 4096;
  CheckRange("feature dimension", featureDimension, 1, largestLayer);
  CheckRange("width", width, 1, largestLayer);
  CheckRange("depth", depth, 4, 64);
  if (depth % 2 != 0)
  {
    itkGenericExceptionMacro("The network's depth is "
                             << depth << "; an even number is expected, as each of the MLP's two stages "
                             << "has half of the layers.");
  }
}

Architecture
Architecture::Infer(const std::vector<NamedTensor> & tensors)
{
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
                                            << "'encoder.sfe1.weight' (RDN), 'encoder.conv_start.0.weight' (ResCNN) or "
                                            << "'encoder.features.0.0.weight' (SRResnet).");
  }
  result.encoder = signature->encoder;
  result.featureDimension = FirstDimension(tensors, signature->last);
  result.width = FirstDimension(tensors, "decoder.stage_one.0.weight");

  std::int64_t layers = 0;
  while (Find(tensors, "decoder.stage_one." + std::to_string(2 * layers) + ".weight") != nullptr)
  {
    ++layers;
  }
  result.depth = 2 * layers;
  result.Verify();
  return result;
}
} // namespace itk::arssr
