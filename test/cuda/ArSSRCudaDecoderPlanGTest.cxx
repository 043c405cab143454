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
#include "cuda/ArSSRCudaTestNetwork.h"

#include "cuda/ArSSRFusedDecoderLayout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace
{
using namespace itk::arssr;

// Shared memory that a block may have: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
constexpr std::int64_t SharedBytesOfSM80 = 163 * 1024;
constexpr std::int64_t SharedBytesOfSM86 = 99 * 1024;
constexpr std::int64_t SharedBytesOfSM90 = 227 * 1024;

constexpr CudaFormat AllFormats[] = { CudaFormat::BFloat16, CudaFormat::Float16, CudaFormat::TensorFloat32 };

CudaTestNetwork
MakeNetwork(const CudaTestNetwork::Shape & shape)
{
  return MakeRandomCudaNetwork(shape, 1);
}

std::string
GetProblem(const CudaPerceptron & perceptron, CudaFormat format, std::int64_t sharedBytes = SharedBytesOfSM90)
{
  CudaDecoderPlan plan;
  return PlanCudaDecoder(perceptron, format, sharedBytes, plan);
}
} // namespace

// A form that does not fit is decoded by torch: the same result, but slower, and no test of values would notice.
TEST(ArSSRCudaDecoderPlan, BothFormsFitEveryDataCentreGPUFromSM80)
{
  for (const auto & shape : { CudaTestNetwork::Published, CudaTestNetwork::Local })
  {
    for (const CudaFormat format : AllFormats)
    {
      EXPECT_EQ(GetProblem(MakeNetwork(shape).perceptron, format, SharedBytesOfSM80), "");
      EXPECT_EQ(GetProblem(MakeNetwork(shape).perceptron, format, SharedBytesOfSM90), "");
    }
  }
}

TEST(ArSSRCudaDecoderPlan, ADeviceWithoutTheSharedMemoryGetsAReason)
{
  const std::string problem =
    GetProblem(MakeNetwork(CudaTestNetwork::Published).perceptron, CudaFormat::BFloat16, SharedBytesOfSM86);
  EXPECT_NE(problem.find("shared memory"), std::string::npos) << problem;
  EXPECT_EQ(GetProblem(MakeNetwork(CudaTestNetwork::Local).perceptron, CudaFormat::BFloat16, SharedBytesOfSM86), "");
}

// Parts that overlap overwrite each other; a misaligned copy is a fault that ends the CUDA context.
TEST(ArSSRCudaDecoderPlan, PartsOfSharedMemoryFollowEachOtherAndAreAligned)
{
  for (const auto & shape : { CudaTestNetwork::Published, CudaTestNetwork::Local })
  {
    for (const CudaFormat format : AllFormats)
    {
      CudaDecoderPlan plan;
      ASSERT_EQ(PlanCudaDecoder(MakeNetwork(shape).perceptron, format, SharedBytesOfSM90, plan), "");
      const std::int32_t ends[] = {
        plan.inputsOffset + plan.rows * plan.inputStride,
        plan.activationsOffset + plan.rows * plan.activationStride,
        plan.ringOffset + CudaStages * GetSlotBytes(plan.width),
        plan.outputWeightsOffset + plan.width * 4,
        plan.partialsOffset + GetWarpsAcross(plan.width) * plan.rows * 4,
        plan.skipsOffset + CudaThreads * 4,
      };
      const std::int32_t begins[] = { plan.activationsOffset, plan.ringOffset,  plan.outputWeightsOffset,
                                      plan.partialsOffset,    plan.skipsOffset, plan.sharedBytes };
      for (int part = 0; part < 6; ++part)
      {
        EXPECT_LE(ends[part], begins[part]);
        EXPECT_EQ(begins[part] % 16, 0);
      }
      // Eight rows of 16 bytes that a warp reads together lie in different banks if the stride is an odd number of
      // them.
      EXPECT_EQ(plan.inputStride / 16 % 2, 1);
      EXPECT_EQ(plan.activationStride / 16 % 2, 1);
    }
  }
}

TEST(ArSSRCudaDecoderPlan, ThePublishedFormHasSevenHiddenLayers)
{
  CudaDecoderPlan plan;
  const auto      network = MakeNetwork(CudaTestNetwork::Published);
  ASSERT_EQ(PlanCudaDecoder(network.perceptron, CudaFormat::BFloat16, SharedBytesOfSM90, plan), "");
  EXPECT_EQ(plan.width, 256);
  EXPECT_EQ(plan.rows, 128);
  EXPECT_EQ(plan.inputs, 144); // 128 channels and 2 × 3 coordinates, in steps of 16
  ASSERT_EQ(plan.layerCount, 7);
  const int steps[] = { 9, 16, 16, 16, 9, 16, 16 };
  const int tiles[] = { 4, 4, 4, 3, 4, 4, 4 }; // 131 outputs need 9 tiles of 16 columns for 4 warps
  for (int layer = 0; layer < 7; ++layer)
  {
    EXPECT_EQ(plan.layers[layer].steps, steps[layer]);
    EXPECT_EQ(plan.layers[layer].tilesPerWarp, tiles[layer]);
    EXPECT_EQ(plan.layers[layer].source, layer % 4 == 0 ? CudaSource::Inputs : CudaSource::Activations);
  }
  EXPECT_EQ(plan.layers[3].result, CudaResult::AddToInputs);
  EXPECT_EQ(plan.layers[6].result, CudaResult::Output);
}

TEST(ArSSRCudaDecoderPlan, NetworksOutsideTheLimitsGetAReason)
{
  auto shape = CudaTestNetwork::Local;
  shape.channels = 60;
  EXPECT_NE(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::BFloat16).find("multiple of 8"), std::string::npos);
  EXPECT_EQ(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::TensorFloat32), "");

  shape = CudaTestNetwork::Local;
  shape.width = 257;
  EXPECT_NE(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::Float16).find("257 outputs"), std::string::npos);

  shape = CudaTestNetwork::Published;
  shape.channels = 256;
  EXPECT_NE(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::Float16).find("259 outputs"), std::string::npos);

  shape = CudaTestNetwork::Local;
  shape.layersPerStage = 65;
  EXPECT_NE(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::Float16).find("64 hidden"), std::string::npos);
  shape.layersPerStage = 64;
  EXPECT_EQ(GetProblem(MakeNetwork(shape).perceptron, CudaFormat::Float16), "");

  auto network = MakeNetwork(CudaTestNetwork::Local);
  network.perceptron.stageTwo[2].inputs = 63;
  EXPECT_NE(GetProblem(network.perceptron, CudaFormat::Float16).find("63 inputs"), std::string::npos);
}

// In the kernel these would be reads of any memory, or a fault that ends the CUDA context.
TEST(ArSSRCudaDecoderPlan, DecodingsThatTheKernelCannotRunGetAReason)
{
  CudaDecoderPlan plan;
  const auto      network = MakeNetwork(CudaTestNetwork::Local);
  ASSERT_EQ(PlanCudaDecoder(network.perceptron, CudaFormat::BFloat16, SharedBytesOfSM90, plan), "");
  alignas(16) char    memory[64];
  CudaSpan            span{ { 0, 0, 0 }, 1, 0 };
  float               intensity = 0.0F;
  float               output = 0.0F;
  CudaDecodeArguments good{};
  good.features = memory;
  good.weights = memory;
  good.intensities = &intensity;
  good.spans = &span;
  good.output = &output;
  good.voxelCount = good.spanCount = 1;
  good.skipTaps = 4;
  for (int axis = 0; axis < 3; ++axis)
  {
    good.imageSize[axis] = good.featureExtent[axis] = good.intensityExtent[axis] = 1;
  }
  EXPECT_EQ(VerifyCudaDecode(plan, good), "");
  EXPECT_EQ(VerifyCudaDecode(plan, CudaDecodeArguments{}), ""); // nothing to do

  auto bad = good;
  bad.features = memory + 8;
  EXPECT_NE(VerifyCudaDecode(plan, bad), "");
  bad = good;
  bad.intensities = nullptr;
  EXPECT_NE(VerifyCudaDecode(plan, bad), "");
  bad = good;
  bad.skipTaps = 3;
  EXPECT_NE(VerifyCudaDecode(plan, bad), "");
  bad = good;
  bad.featureExtent[0] = bad.featureExtent[1] = 65536;
  EXPECT_NE(VerifyCudaDecode(plan, bad), "");
  EXPECT_NE(VerifyCudaDecode(CudaDecoderPlan{}, good), "");
}

TEST(ArSSRCudaDecoderPlan, BlocksAreAsManyAsRunAtOnceAndNoMoreThanTiles)
{
  CudaDecoderPlan plan{};
  plan.rows = 128;
  EXPECT_EQ(GetCudaBlocks(plan, 1, 132, 1), 1);
  EXPECT_EQ(GetCudaBlocks(plan, 128 * 100 + 1, 132, 1), 101);
  EXPECT_EQ(GetCudaBlocks(plan, 128 * 1000, 132, 1), 132);
  EXPECT_EQ(GetCudaBlocks(plan, 128 * 1000, 132, 2), 264);
  EXPECT_EQ(GetCudaBlocks(plan, std::int64_t{ 1 } << 40, 132, 0), 132);
}

// Of two weights in one place one is lost, and another place keeps its zero.
TEST(ArSSRCudaDecoderPlan, EveryByteOfAStepsWeightsHasOnePlace)
{
  for (const int elementBytes : { 2, 4 })
  {
    std::set<int> places;
    const int     columns = 64;
    for (int input = 0; input < CudaStepBytes / elementBytes; ++input)
    {
      for (int column = 0; column < columns; ++column)
      {
        const int place = GetWeightByte(input, column, elementBytes);
        EXPECT_EQ(place % elementBytes, 0);
        EXPECT_TRUE(places.insert(place).second) << input << ' ' << column;
        EXPECT_LT(place, GetStepWeightBytes(columns));
      }
    }
    EXPECT_EQ(static_cast<int>(places.size()) * elementBytes, GetStepWeightBytes(columns));
  }
}

TEST(ArSSRCudaDecoderPlan, PackedWeightsAreThoseOfTheNetworkWithCoordinatesTwice)
{
  const auto      network = MakeNetwork({ 16, 3, 40, 2, true, false, 0 });
  CudaDecoderPlan plan;
  ASSERT_EQ(PlanCudaDecoder(network.perceptron, CudaFormat::TensorFloat32, SharedBytesOfSM90, plan), "");
  const std::vector<std::uint8_t> packed = PackCudaWeights(network.perceptron, plan);
  ASSERT_EQ(static_cast<std::int64_t>(packed.size()), plan.packedBytes);

  const CudaLinear & linear = network.perceptron.stageTwo[0];
  const auto &       layer = plan.layers[2];
  const int          columns = GetColumns(plan.width, layer.tilesPerWarp);
  ASSERT_EQ(columns, 64);
  ASSERT_EQ(layer.steps, 3); // 16 + 2 × 3 inputs in steps of 8
  for (int input = 0; input < 24; ++input)
  {
    for (int column = 0; column < columns; ++column)
    {
      const int   source = input < 19 ? input : input - 3;
      const bool  isThere = input < 22 && column < 40;
      const float expected = isThere ? TensorFloat32Format::FromFloat(linear.weight[column * 19 + source]) : 0.0F;
      const auto  place = static_cast<std::size_t>(layer.offset) + GetBiasBytes(columns) +
                         input / 8 * GetStepWeightBytes(columns) + GetWeightByte(input % 8, column, 4);
      EXPECT_EQ(LoadAs<float>(&packed[place]), expected) << input << ' ' << column;
    }
  }
  for (int column = 0; column < columns; ++column)
  {
    const auto place = static_cast<std::size_t>(layer.offset) + column * sizeof(float);
    EXPECT_EQ(LoadAs<float>(&packed[place]), column < 40 ? linear.bias[column] : 0.0F);
    const CudaLinear & output = network.perceptron.stageTwo[1];
    EXPECT_EQ(LoadAs<float>(&packed[column * sizeof(float)]), column < 40 ? output.weight[column] : 0.0F);
  }
}

TEST(ArSSRCudaDecoderFormats, AllValuesOfSixteenBitsComeBack)
{
  for (std::uint32_t bits = 0; bits < 65536; ++bits)
  {
    const auto  value = static_cast<std::uint16_t>(bits);
    const float brain = BFloat16Format::ToFloat(value);
    const float half = Float16Format::ToFloat(value);
    if (!std::isnan(brain))
    {
      EXPECT_EQ(BFloat16Format::FromFloat(brain), value);
    }
    if (!std::isnan(half))
    {
      EXPECT_EQ(Float16Format::FromFloat(half), value);
    }
  }
  EXPECT_TRUE(std::isnan(BFloat16Format::ToFloat(BFloat16Format::FromFloat(std::nanf("")))));
  EXPECT_TRUE(std::isnan(Float16Format::ToFloat(Float16Format::FromFloat(std::nanf("")))));
}

TEST(ArSSRCudaDecoderFormats, RoundToNearest)
{
  const auto brain = [](float value) {
    return BFloat16Format::ToFloat(BFloat16Format::FromFloat(value));
  };
  const auto half = [](float value) {
    return Float16Format::ToFloat(Float16Format::FromFloat(value));
  };
  const auto power = [](int exponent) {
    return std::ldexp(1.0F, exponent);
  };
  EXPECT_EQ(brain(1.0F + power(-8)), 1.0F); // ties to even
  EXPECT_EQ(brain(1.0F + 3 * power(-8)), 1.0F + power(-6));
  EXPECT_EQ(brain(1.0F + power(-8) + power(-20)), 1.0F + power(-7));
  EXPECT_EQ(half(1.0F + power(-11)), 1.0F);
  EXPECT_EQ(half(1.0F + 3 * power(-11)), 1.0F + power(-9));
  EXPECT_EQ(half(65519.0F), 65504.0F);
  EXPECT_EQ(half(65520.0F), std::numeric_limits<float>::infinity());
  EXPECT_EQ(half(power(-25)), 0.0F); // half of the smallest subnormal
  EXPECT_EQ(half(3 * power(-25)), power(-23));
  EXPECT_EQ(TensorFloat32Format::FromFloat(1.0F + power(-11)), 1.0F + power(-10)); // ties away from zero
  EXPECT_EQ(TensorFloat32Format::FromFloat(-1.0F - power(-12)), -1.0F);
}
