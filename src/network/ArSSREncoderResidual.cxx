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
#include "network/ArSSREncoderResidual.h"

#include <algorithm>

namespace itk::arssr
{
EncoderResidual::EncoderResidual(const Architecture & architecture, Parameters & parameters)
  : Encoder(parameters)
  , m_Channels(architecture.channels)
  , m_FeatureDimension(architecture.featureDimension)
  , m_Start(this->Convolution3("start", 1, m_Channels))
  , m_Blocks([this, &architecture] {
    std::vector<Block> blocks;
    for (std::int64_t number = 0; number < architecture.blocks; ++number)
    {
      const std::string name = "blocks." + std::to_string(number);
      Convolution       first = this->Convolution3(name + ".0", m_Channels, m_Channels);
      Convolution       second = this->Convolution3(name + ".1", m_Channels, m_Channels);
      blocks.push_back({ first, second });
    }
    return blocks;
  }())
  , m_End(this->Convolution3("end", m_Channels, m_FeatureDimension))
{}

at::Tensor
EncoderResidual::Forward(const Parameters & parameters, const at::Tensor & lowResolution) const
{
  at::Tensor current = m_Start(parameters, lowResolution);
  for (const Block & block : m_Blocks)
  {
    // No ReLU after the sum and none outside the blocks, as in EDSR: the features have either sign.
    const at::Tensor inner = block.first(parameters, current).relu_();
    current = block.second(parameters, inner).add_(current);
  }
  return m_End(parameters, current);
}

EncoderPlan
EncoderResidual::GetPlan() const
{
  // Two buffers suffice: the second convolution of a block reads `inner` and adds to `current` voxel by voxel in place.
  EncoderPlan       plan;
  const std::size_t image = plan.AddBuffer(1);
  const std::size_t current = plan.AddBuffer(m_Channels);
  const std::size_t inner = plan.AddBuffer(m_Channels);
  const std::size_t features = plan.AddBuffer(m_FeatureDimension);

  plan.steps.push_back({ m_Start, { image }, { current } });
  for (const Block & block : m_Blocks)
  {
    plan.steps.push_back({ block.first, { current }, { inner }, true });
    plan.steps.push_back({ block.second, { inner }, { current }, false, EncoderPlan::Channels{ current } });
  }
  plan.steps.push_back({ m_End, { current }, { features } });
  return plan;
}

std::int64_t
EncoderResidual::GetPeakChannels() const
{
  // Within a block its input and a layer's input and output; at the end the features and the input of the last layer.
  return std::max(3 * m_Channels, m_Channels + m_FeatureDimension);
}
} // namespace itk::arssr
