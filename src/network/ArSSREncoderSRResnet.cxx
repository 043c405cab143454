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
#include "network/ArSSREncoderSRResnet.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
// Modules `features.1` to `features.18`; 0, 19 and 20 are the convolutions around them.
constexpr int NumberOfBlocks = 18;
} // namespace

EncoderSRResnet::EncoderSRResnet(std::int64_t featureDimension, Parameters & parameters)
  : Encoder(parameters)
  , m_FeatureDimension(featureDimension)
  , m_Start(this->Convolution3("features.0.0", 1, HiddenChannels))
  , m_Blocks([this] {
    std::vector<Block> blocks;
    blocks.reserve(NumberOfBlocks);
    for (int number = 1; number <= NumberOfBlocks; ++number)
    {
      const std::string prefix = "features." + std::to_string(number) + ".m.";
      Convolution       first = this->Convolution3(prefix + "0.0", HiddenChannels, HiddenChannels);
      Convolution       second = this->Convolution3(prefix + "1.0", HiddenChannels, HiddenChannels);
      blocks.push_back({ first, second });
    }
    return blocks;
  }())
  , m_BeforeLast(this->Convolution3("features.19.0", HiddenChannels, HiddenChannels))
  , m_Last(this->Convolution3("features.20.0", HiddenChannels, featureDimension))
{}

at::Tensor
EncoderSRResnet::Forward(const Parameters & parameters, const at::Tensor & lowResolution) const
{
  at::Tensor current = m_Start(parameters, lowResolution);
  for (const Block & block : m_Blocks)
  {
    // A ReLU lies between the two convolutions of a block alone; there is none after the sum.
    current = block.second(parameters, block.first(parameters, current).relu_()).add_(current);
  }
  return m_Last(parameters, m_BeforeLast(parameters, current));
}

EncoderPlan
EncoderSRResnet::GetPlan() const
{
  EncoderPlan       plan;
  const std::size_t image = plan.AddBuffer(1);
  const std::size_t current = plan.AddBuffer(HiddenChannels);
  const std::size_t inner = plan.AddBuffer(HiddenChannels);
  const std::size_t features = plan.AddBuffer(m_FeatureDimension);

  plan.steps.push_back({ m_Start, { image }, { current } });
  for (const Block & block : m_Blocks)
  {
    plan.steps.push_back({ block.first, { current }, { inner }, true });
    plan.steps.push_back({ block.second, { inner }, { current }, false, EncoderPlan::Channels{ current } });
  }
  // `inner` is free after the last block, and takes the output of the layer before the last.
  plan.steps.push_back({ m_BeforeLast, { current }, { inner } });
  plan.steps.push_back({ m_Last, { inner }, { features } });
  return plan;
}

std::int64_t
EncoderSRResnet::GetPeakChannels() const
{
  // Within a block its input and its two layers' outputs. At the end `current` is alive besides the last layer's input
  // and the features.
  return std::max(3 * HiddenChannels, 2 * HiddenChannels + m_FeatureDimension);
}
} // namespace itk::arssr
