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
#include "network/ArSSREncoderRDN.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
constexpr int NumberOfBlocks = 8;
constexpr int LayersPerBlock = 3;
} // namespace

// Members are declared in `state_dict` order, and initialised in that order: it becomes the order of the parameters.
EncoderRDN::EncoderRDN(std::int64_t featureDimension, Parameters & parameters)
  : Encoder(parameters)
  , m_ShallowFirst(this->Convolution3("sfe1", 1, HiddenChannels))
  , m_ShallowSecond(this->Convolution3("sfe2", HiddenChannels, HiddenChannels))
  , m_Blocks([this] {
    std::vector<DenseBlock> blocks;
    blocks.reserve(NumberOfBlocks);
    for (int block = 0; block < NumberOfBlocks; ++block)
    {
      blocks.push_back(this->DeclareBlock(block));
    }
    return blocks;
  }())
  , m_GlobalFusion(this->Convolution1("gff.0", HiddenChannels * NumberOfBlocks, HiddenChannels))
  , m_GlobalConvolution(this->Convolution3("gff.1", HiddenChannels, HiddenChannels))
  , m_Output(this->Convolution3("output", HiddenChannels, featureDimension))
  , m_FeatureDimension(featureDimension)
{}

// A dense block (Zhang et al., CVPR 2018): layer i reads the block's input and the outputs of all layers before it, the
// 1×1×1 fusion brings the 64 · 4 channels back to 64, and the block's input is added.
EncoderRDN::DenseBlock
EncoderRDN::DeclareBlock(int number)
{
  const std::string        prefix = "rdbs." + std::to_string(number);
  std::vector<Convolution> layers;
  layers.reserve(LayersPerBlock);
  for (int layer = 0; layer < LayersPerBlock; ++layer)
  {
    const std::string name = prefix + ".layers." + std::to_string(layer) + ".conv";
    layers.push_back(this->Convolution3(name, HiddenChannels * (layer + 1), HiddenChannels));
  }
  return { layers, this->Convolution1(prefix + ".lff", HiddenChannels * (LayersPerBlock + 1), HiddenChannels) };
}

at::Tensor
EncoderRDN::ForwardBlock(const Parameters & parameters, const DenseBlock & block, const at::Tensor & input) const
{
  at::Tensor dense = input;
  for (const Convolution & layer : block.layers)
  {
    // New channels come last: the published weights expect the block's input first, then the layers in order.
    dense = at::cat({ dense, layer(parameters, dense).relu_() }, 1);
  }
  return block.fusion(parameters, dense).add_(input);
}

at::Tensor
EncoderRDN::Forward(const Parameters & parameters, const at::Tensor & lowResolution) const
{
  const at::Tensor shallow = m_ShallowFirst(parameters, lowResolution);
  at::Tensor       current = m_ShallowSecond(parameters, shallow);

  // The 1×1×1 fusion of the eight concatenated block outputs is a sum over blocks, each with its 64 input channels of
  // the weights. It is added up block by block, so that 512 channels are never alive; the bias goes into the first
  // part.
  const auto fusionWeights = parameters[m_GlobalFusion.GetWeight()].split(HiddenChannels, 1);
  at::Tensor fused;
  for (std::size_t block = 0; block < m_Blocks.size(); ++block)
  {
    current = this->ForwardBlock(parameters, m_Blocks[block], current);
    fused = block == 0 ? at::conv3d(current, fusionWeights[block], parameters[m_GlobalFusion.GetBias()])
                       : fused.add_(at::conv3d(current, fusionWeights[block]));
  }
  current = m_GlobalConvolution(parameters, fused).add_(shallow);
  return m_Output(parameters, current);
}

EncoderPlan
EncoderRDN::GetPlan() const
{
  // No concatenation is ever copied: the layers of a block write side by side into one buffer of 256 channels, which
  // all eight blocks share.
  EncoderPlan       plan;
  const std::size_t image = plan.AddBuffer(1);
  const std::size_t shallow = plan.AddBuffer(HiddenChannels);
  const std::size_t fused = plan.AddBuffer(HiddenChannels);
  const std::size_t dense = plan.AddBuffer(HiddenChannels * (LayersPerBlock + 1)); // a block's input, then its layers'
  const std::size_t features = plan.AddBuffer(m_Output.GetOutputChannels());

  plan.steps.push_back({ m_ShallowFirst, { image }, { shallow } });
  plan.steps.push_back({ m_ShallowSecond, { shallow }, { dense } });
  for (std::size_t block = 0; block < m_Blocks.size(); ++block)
  {
    for (int layer = 0; layer < LayersPerBlock; ++layer)
    {
      plan.steps.push_back({ m_Blocks[block].layers[layer], { dense }, { dense, HiddenChannels * (layer + 1) }, true });
    }
    // In place: the block's output replaces its input in the first 64 channels, where the next block reads it. A 1×1×1
    // convolution has read a voxel's channels, and the input that is added, before it writes them.
    plan.steps.push_back({ m_Blocks[block].fusion, { dense }, { dense }, false, EncoderPlan::Channels{ dense } });
    // The global fusion takes the block's output while it is there, as Forward() does.
    EncoderPlan::Step part{ m_GlobalFusion, { dense }, { fused } };
    part.part = static_cast<std::int64_t>(block);
    part.partChannels = HiddenChannels;
    plan.steps.push_back(part);
  }
  plan.steps.push_back({ m_GlobalConvolution, { fused }, { dense }, false, EncoderPlan::Channels{ shallow } });
  plan.steps.push_back({ m_Output, { dense }, { features } });
  return plan;
}

std::int64_t
EncoderRDN::GetPeakChannels() const
{
  // In the last layer of a block: shallow, fused and the block's input; the old and the new concatenation and the
  // layer's output. At the end: shallow, fused, the last layer's input and the features.
  return std::max(HiddenChannels * (3 + LayersPerBlock + (LayersPerBlock + 1) + 1),
                  3 * HiddenChannels + m_FeatureDimension);
}
} // namespace itk::arssr
