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
#include "network/ArSSREncoderResCNN.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
constexpr int NumberOfBlocks = 3;
constexpr int LayersPerBlock = 6;
} // namespace

EncoderResCNN::EncoderResCNN(std::int64_t featureDimension, Parameters & parameters)
  : Encoder(parameters)
  , m_FeatureDimension(featureDimension)
  , m_Start(this->Convolution3("conv_start.0", 1, HiddenChannels))
  , m_Blocks([this] {
    std::vector<Block> blocks;
    blocks.reserve(NumberOfBlocks);
    for (int block = 1; block <= NumberOfBlocks; ++block)
    {
      blocks.push_back(this->DeclareBlock(block));
    }
    return blocks;
  }())
  , m_End(this->Convolution3("conv_end.0", HiddenChannels, featureDimension))
{}

EncoderResCNN::Block
EncoderResCNN::DeclareBlock(int number)
{
  Block block;
  block.reserve(LayersPerBlock);
  for (int layer = 0; layer < LayersPerBlock; ++layer)
  {
    // Every second module of the published Sequential is a ReLU without parameters: layers have even numbers.
    const std::string name = "block" + std::to_string(number) + "." + std::to_string(2 * layer);
    block.push_back(this->Convolution3(name, HiddenChannels, HiddenChannels));
  }
  return block;
}

at::Tensor
EncoderResCNN::Forward(const Parameters & parameters, const at::Tensor & lowResolution) const
{
  at::Tensor current = m_Start(parameters, lowResolution).relu_();
  for (const Block & block : m_Blocks)
  {
    // Not in place in `current`: it is added after the block. The ReLU in place acts on each convolution's new output.
    at::Tensor residual = current;
    for (const Convolution & layer : block)
    {
      residual = layer(parameters, residual).relu_();
    }
    current = current + residual;
  }
  // [N, 1, z, y, x] is broadcast: the intensity is added to every feature channel, as in the published code.
  return m_End(parameters, current).add_(lowResolution);
}

EncoderPlan
EncoderResCNN::GetPlan() const
{
  EncoderPlan       plan;
  const std::size_t image = plan.AddBuffer(1);
  const std::size_t current = plan.AddBuffer(HiddenChannels);
  // Two buffers take turns as input and output of a block's layers: a 3×3×3 convolution cannot write where it reads, as
  // its neighbours still need the old values.
  const std::size_t inner[2] = { plan.AddBuffer(HiddenChannels), plan.AddBuffer(HiddenChannels) };
  const std::size_t features = plan.AddBuffer(m_FeatureDimension);

  plan.steps.push_back({ m_Start, { image }, { current }, true });
  for (const Block & block : m_Blocks)
  {
    std::size_t input = current;
    for (std::size_t layer = 0; layer + 1 < block.size(); ++layer)
    {
      plan.steps.push_back({ block[layer], { input }, { inner[layer % 2] }, true });
      input = inner[layer % 2];
    }
    // The last layer has a ReLU of its own before the block's input is added. Writing to `current` is safe: it reads
    // from an inner buffer, and `added` only at the voxel that it writes.
    plan.steps.push_back({ block.back(), { input }, { current }, true, EncoderPlan::Channels{ current } });
  }
  plan.steps.push_back({ m_End, { current }, { features }, false, {}, true });
  return plan;
}

std::int64_t
EncoderResCNN::GetPeakChannels() const
{
  // Within a block its input and a layer's input and output; at the end the features and the input of the last layer.
  return std::max(3 * HiddenChannels, HiddenChannels + m_FeatureDimension);
}
} // namespace itk::arssr
