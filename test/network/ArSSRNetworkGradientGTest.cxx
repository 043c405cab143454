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
#include "network/ArSSRNetwork.h"
#include "training/ArSSRTrainingBatch.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <map>

// The published networks once more, from PyTorch's modules: what the gradients of training are compared with.
namespace
{
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::NamedTensor;
using itk::arssr::Network;
namespace nn = torch::nn;

nn::Conv3d
Convolution3(std::int64_t inputs, std::int64_t outputs)
{
  return nn::Conv3d(nn::Conv3dOptions(inputs, outputs, 3).padding(1));
}

struct ResCNNEncoder : nn::Module
{
  explicit ResCNNEncoder(std::int64_t features)
  {
    start = register_module("conv_start", nn::Sequential(Convolution3(1, 64), nn::ReLU()));
    for (int block = 1; block <= 3; ++block)
    {
      nn::Sequential layers;
      for (int layer = 0; layer < 6; ++layer)
      {
        layers->push_back(Convolution3(64, 64));
        layers->push_back(nn::ReLU());
      }
      blocks.push_back(register_module("block" + std::to_string(block), layers));
    }
    end = register_module("conv_end", nn::Sequential(Convolution3(64, features)));
  }

  torch::Tensor
  forward(const torch::Tensor & volume)
  {
    torch::Tensor current = start->forward(volume);
    for (auto & block : blocks)
    {
      current = current + block->forward(current);
    }
    return end->forward(current) + volume;
  }

  nn::Sequential              start{ nullptr };
  std::vector<nn::Sequential> blocks;
  nn::Sequential              end{ nullptr };
};

struct Perceptron : nn::Module
{
  Perceptron(std::int64_t inputs, std::int64_t layers, std::int64_t width)
  {
    const auto stage = [&](std::int64_t outputs) {
      nn::Sequential sequence;
      std::int64_t   size = inputs;
      for (std::int64_t layer = 0; layer < layers; ++layer)
      {
        const std::int64_t next = layer + 1 == layers ? outputs : width;
        sequence->push_back(nn::Linear(size, next));
        sequence->push_back(nn::ReLU());
        size = next;
      }
      return sequence;
    };
    one = register_module("stage_one", stage(inputs));
    two = register_module("stage_two", stage(1));
  }

  torch::Tensor
  forward(const torch::Tensor & x)
  {
    return two->forward(x + one->forward(x));
  }

  nn::Sequential one{ nullptr };
  nn::Sequential two{ nullptr };
};

struct PublishedNetwork : nn::Module
{
  PublishedNetwork(std::int64_t features, std::int64_t layers, std::int64_t width)
    : encoder(register_module("encoder", std::make_shared<ResCNNEncoder>(features)))
    , decoder(register_module("decoder", std::make_shared<Perceptron>(features + 3, layers, width)))
  {}

  /** [N, z, y, x] and coordinates [N, K, 3] in [-1, 1], (z, y, x) order, to [N, K]. */
  torch::Tensor
  forward(const torch::Tensor & volumes, const torch::Tensor & coordinates)
  {
    const torch::Tensor features = encoder->forward(volumes.unsqueeze(1));
    const torch::Tensor grid = coordinates.flip(-1).unsqueeze(2).unsqueeze(2);
    const auto          options = nn::functional::GridSampleFuncOptions().align_corners(false);
    const torch::Tensor sampled = nn::functional::grid_sample(features, grid, options).squeeze(-1).squeeze(-1);
    const torch::Tensor rows = torch::cat({ sampled.transpose(1, 2), coordinates }, -1);
    return decoder->forward(rows).squeeze(-1);
  }

  std::shared_ptr<ResCNNEncoder> encoder;
  std::shared_ptr<Perceptron>    decoder;
};
} // namespace

// The gradient of sampling is this module's own code: an error in it lets trainings end at worse networks unnoticed.
TEST(ArSSRNetworkGradient, AgreesWithPyTorchsModules)
{
  constexpr std::int64_t features = 7;
  constexpr std::int64_t width = 12;
  Network                network(Architecture{ ArSSRModelEnums::Encoder::ResCNN, features, 6, width });
  network.InitializeWeights(4);
  const auto       trained = network.CopyForTraining(at::kCPU);
  PublishedNetwork reference(features, 3, width);
  {
    const torch::NoGradGuard noGradient;
    auto                     parameters = reference.named_parameters();
    ASSERT_EQ(parameters.size(), network.GetParameters().GetEntries().size());
    for (const auto & entry : network.GetParameters().GetEntries())
    {
      ASSERT_NE(parameters.find(entry.name), nullptr) << entry.name;
      parameters[entry.name].copy_(entry.value);
    }
    // A last bias that keeps the output's ReLU open.
    parameters["decoder.stage_two.4.bias"].fill_(1.0);
    for (const auto & entry : trained->GetParameters().GetEntries())
    {
      if (entry.name == "decoder.stage_two.4.bias")
      {
        entry.value.fill_(1.0);
      }
    }
  }
  torch::manual_seed(3);
  const torch::Tensor volumes = torch::rand({ 2, 5, 6, 4 });
  const torch::Tensor size = torch::tensor({ 5.0, 6.0, 4.0 }, torch::kDouble);
  const torch::Tensor samples = torch::rand({ 2, 80, 3 }, torch::kDouble) * size - 0.5;
  const torch::Tensor values = torch::rand({ 2, 80 });

  const auto lossOf = [&values](const torch::Tensor & predicted) {
    return itk::arssr::ComputeLoss("l1", predicted, values);
  };
  const torch::Tensor coordinates = ((2.0 * samples + 1.0) / size - 1.0).to(torch::kFloat);
  const torch::Tensor expectedLoss = lossOf(reference.forward(volumes, coordinates));
  expectedLoss.backward();
  const torch::Tensor loss = lossOf(trained->Predict(volumes, samples, torch::ones({ 2, 3 }, torch::kDouble)));
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), expectedLoss.item<double>(), 1e-6);
  for (const auto & entry : trained->GetParameters().GetEntries())
  {
    const torch::Tensor expected = reference.named_parameters()[entry.name].grad();
    ASSERT_TRUE(entry.value.grad().defined()) << entry.name;
    const double scale = expected.abs().max().item<double>();
    EXPECT_GT(scale, 0.0) << entry.name << " has no gradient: nothing is tested";
    EXPECT_LE((entry.value.grad() - expected).abs().max().item<double>(), 2e-5 * scale + 1e-9) << entry.name;
  }
}
