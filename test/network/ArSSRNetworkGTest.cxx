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

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::FeatureTile;
using itk::arssr::NamedTensor;
using itk::arssr::Network;

constexpr Architecture SmallArchitecture{ ArSSRModelEnums::Encoder::ResCNN, 3, 4, 7 };

std::vector<NamedTensor>
TensorsOf(const Network & network)
{
  std::vector<NamedTensor> tensors;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    tensors.push_back({ entry.name, entry.value });
  }
  return tensors;
}

at::Tensor &
Find(std::vector<NamedTensor> & tensors, const std::string & name)
{
  return std::find_if(
           tensors.begin(), tensors.end(), [&name](const NamedTensor & tensor) { return tensor.name == name; })
    ->tensor;
}

bool
HaveSameWeights(const Network & left, const Network & right)
{
  const auto & a = left.GetParameters().GetEntries();
  const auto & b = right.GetParameters().GetEntries();
  return std::equal(
    a.begin(), a.end(), b.begin(), b.end(), [](const auto & x, const auto & y) { return x.value.equal(y.value); });
}

class ArSSRNetwork : public ::testing::Test
{
protected:
  ArSSRNetwork()
    : m_Network(SmallArchitecture)
  {
    m_Network.InitializeWeights(1);
    m_Tensors = TensorsOf(m_Network);
  }

  std::string
  ErrorOfSetWeights() const
  {
    return MessageOf([this] { Network(SmallArchitecture).SetWeights(m_Tensors); });
  }

  c10::InferenceMode       m_InferenceMode;
  Network                  m_Network;
  std::vector<NamedTensor> m_Tensors;
};
} // namespace

// A hostile file is refused by comparing shapes; allocating first would let it exhaust the memory.
TEST_F(ArSSRNetwork, TakesNoMemoryForWeightsThatAreNotSet)
{
  const Network network(Architecture{ ArSSRModelEnums::Encoder::RDN, 4096, 64, 4096 });
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    EXPECT_FALSE(entry.value.defined()) << entry.name;
  }
  EXPECT_GT(network.GetNumberOfParameters(), 500'000'000);
}

// A training could not be repeated.
TEST_F(ArSSRNetwork, DrawsTheSameWeightsForTheSameSeed)
{
  Network other(SmallArchitecture);
  at::manual_seed(99); // torch's own generator has no say
  other.InitializeWeights(1);
  EXPECT_TRUE(HaveSameWeights(m_Network, other));
  other.InitializeWeights(2);
  EXPECT_FALSE(HaveSameWeights(m_Network, other));
}

// A wrong bound makes deep networks explode or fade at the start of a training.
TEST_F(ArSSRNetwork, DrawsWeightsUniformlyWithinTheirBound)
{
  Network network(Architecture{ ArSSRModelEnums::Encoder::SRResnet });
  network.InitializeWeights(5);
  double fanIn = 0.0;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    const at::Tensor & value = entry.value;
    if (value.dim() > 1)
    {
      fanIn = static_cast<double>(value.numel() / value.size(0));
    }
    const double bound = 1.0 / std::sqrt(fanIn);
    EXPECT_LE(value.abs().max().item<double>(), bound) << entry.name;
    if (value.numel() > 1000)
    {
      EXPECT_NEAR(value.to(at::kDouble).var().item<double>() / (bound * bound / 3.0), 1.0, 0.15) << entry.name;
    }
  }
}

// Model files need not keep the order of the `state_dict`.
TEST_F(ArSSRNetwork, TakesWeightsInAnyOrder)
{
  std::reverse(m_Tensors.begin(), m_Tensors.end());
  Network network(SmallArchitecture);
  network.SetWeights(m_Tensors);
  EXPECT_TRUE(HaveSameWeights(network, m_Network));
}

// Kernels read weights as contiguous float32 through plain pointers.
TEST_F(ArSSRNetwork, TakesWeightsOfAnyFloatingPointWidthAndAnyStrides)
{
  const std::string name = "decoder.stage_one.2.weight";
  for (const auto type : { at::kDouble, at::kHalf, at::kBFloat16 })
  {
    const at::Tensor rounded = Find(m_Tensors, name).to(type);
    Find(m_Tensors, name) = rounded.t().contiguous().t();
    Network network(SmallArchitecture);
    network.SetWeights(m_Tensors);
    auto               tensors = TensorsOf(network);
    const at::Tensor & taken = Find(tensors, name);
    EXPECT_TRUE(taken.is_contiguous());
    EXPECT_EQ(taken.scalar_type(), at::kFloat);
    EXPECT_TRUE(taken.equal(rounded.to(at::kFloat))) << type;
  }
}

TEST_F(ArSSRNetwork, NamesMissingTensors)
{
  const std::string name = m_Tensors[3].name;
  m_Tensors.erase(m_Tensors.begin() + 3);
  EXPECT_TRUE(Contains(this->ErrorOfSetWeights(), "missing: " + name)) << this->ErrorOfSetWeights();
}

TEST_F(ArSSRNetwork, NamesTensorsOfTheWrongShapeWithBothShapes)
{
  Find(m_Tensors, "decoder.stage_two.0.bias") = at::zeros({ 8 });
  const std::string message = this->ErrorOfSetWeights();
  EXPECT_TRUE(Contains(message, "wrong shape: decoder.stage_two.0.bias is [8], expected [7]")) << message;
}

TEST_F(ArSSRNetwork, NamesUnexpectedTensors)
{
  m_Tensors.push_back({ "encoder.block4.0.weight", at::zeros({ 2, 3 }) });
  const std::string message = this->ErrorOfSetWeights();
  EXPECT_TRUE(Contains(message, "unexpected: encoder.block4.0.weight [2, 3]")) << message;
}

TEST_F(ArSSRNetwork, NamesItsArchitectureAndCutsLongListsOfProblemsShort)
{
  const auto number = m_Tensors.size();
  m_Tensors.clear();
  const std::string message = this->ErrorOfSetWeights();
  EXPECT_TRUE(Contains(message, "encoder ResCNN, feature dimension 3, depth 4 and width 7")) << message;
  EXPECT_TRUE(Contains(message, "and " + std::to_string(number - 5) + " more")) << message;
}

// A network of half its weights gives plausible but wrong images.
TEST_F(ArSSRNetwork, KeepsItsWeightsWhenOthersAreRefused)
{
  Network network(SmallArchitecture);
  network.SetWeights(m_Tensors);
  m_Tensors[0].tensor = m_Tensors[0].tensor + 1.0F;
  m_Tensors.pop_back();
  EXPECT_THROW(network.SetWeights(m_Tensors), itk::ExceptionObject);
  EXPECT_TRUE(HaveSameWeights(network, m_Network));
}

TEST_F(ArSSRNetwork, ComputesTheImplicitVoxelFunction)
{
  // One feature, width 1, two layers a stage: y = f2(x + f1(x)), a ReLU after each layer, can be worked out by hand.
  Network                  network(Architecture{ ArSSRModelEnums::Encoder::ResCNN, 1, 4, 1 });
  std::vector<NamedTensor> tensors;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    tensors.push_back({ entry.name, at::zeros(entry.shape) });
  }
  const auto set = [&](const std::string & name, std::initializer_list<float> values) {
    Find(tensors, "decoder." + name) = at::tensor(values).reshape(Find(tensors, "decoder." + name).sizes());
  };
  set("stage_one.0.weight", { 1.0F, 0.0F, 0.0F, 2.0F });
  set("stage_one.0.bias", { 0.5F });
  set("stage_one.2.weight", { 1.0F, -1.0F, 2.0F, 0.5F });
  set("stage_one.2.bias", { 0.0F, 0.0F, -1.0F, 0.0F });
  set("stage_two.0.weight", { 1.0F, 1.0F, 1.0F, 1.0F });
  set("stage_two.2.weight", { 2.0F });
  set("stage_two.2.bias", { -3.0F });
  network.SetWeights(tensors);

  // Centres of the voxels of a volume of 1 x 1 x 2: x = (feature, 0, 0, -0.5) and (feature, 0, 0, 0.5).
  const FeatureTile tile{ at::tensor({ 3.0F, -4.0F }).reshape({ 1, 1, 2, 1 }), {}, { 1, 1, 2 } };
  const at::Tensor  samples = at::tensor({ 0.0, 0.0, 0.0, 0.0, 0.0, 1.0 }, at::kDouble).reshape({ 2, 3 });
  // First: hidden 3 - 1 + 0.5 = 2.5, stage one (2.5, 0, 4, 1.25), sum with x 10.25, output 2 * 10.25 - 3.
  // Second: hidden -4 + 1 + 0.5 < 0, stage one zero (as 2 * 0 - 1 < 0), sum with x < 0, output below zero.
  EXPECT_TRUE(network.Decode(tile, samples).equal(at::tensor({ 17.5F, 0.0F })));
}

// The names are those of the published `state_dict`; a count that is off by one could not read it.
TEST_F(ArSSRNetwork, HasAsManyLayersAsItsDepth)
{
  for (const std::int64_t depth : { 4, 6, 10 })
  {
    const Network network(Architecture{ ArSSRModelEnums::Encoder::ResCNN, 2, depth, 3 });
    for (const std::string stage : { "decoder.stage_one.", "decoder.stage_two." })
    {
      std::int64_t layers = 0;
      for (const auto & entry : network.GetParameters().GetEntries())
      {
        if (Contains(entry.name, stage) && Contains(entry.name, ".weight"))
        {
          EXPECT_EQ(entry.name, stage + std::to_string(2 * layers) + ".weight");
          ++layers;
        }
      }
      EXPECT_EQ(layers, depth / 2);
    }
  }
}

// The copy has another memory format, and so other kernels of torch.
TEST_F(ArSSRNetwork, GivesTheSameValuesAsItsCopy)
{
  const auto       copy = m_Network.CopyTo(at::kCPU);
  const at::Tensor volume = at::arange(24, at::kFloat).reshape({ 2, 3, 4 }) / 24.0F;
  const at::Tensor features = m_Network.Encode(volume);
  EXPECT_LE((copy->Encode(volume) - features).abs().max().item<double>(), 1e-5);
  const at::Tensor samples = at::tensor({ 0.5, 1.5, 2.25 }, at::kDouble).unsqueeze(0);
  EXPECT_LE(
    (copy->Decode({ features, {}, { 2, 3, 4 } }, samples) - m_Network.Decode({ features, {}, { 2, 3, 4 } }, samples))
      .abs()
      .max()
      .item<double>(),
    1e-6);
}

TEST_F(ArSSRNetwork, RefusesDimensionsThatAreOutOfRange)
{
  ExpectError([] { Network(Architecture{ ArSSRModelEnums::Encoder::RDN, 0, 8, 256 }); }, "feature dimension is 0");
}
