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
#include "cpu/ArSSRCpuEncoder.h"

#include "cpu/ArSSRCpuTestHelpers.h"

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;

constexpr unsigned int Threads = 2;

class ArSSRCpuEncoderOfEachKind : public ::testing::TestWithParam<const CpuKernels *>
{
protected:
  const CpuKernels &    m_Kernels{ *GetParam() };
  RandomTensors         m_Random;
  c10::InferenceMode    m_InferenceMode;
  static constexpr auto Ignore = [](double) {
  };
};

GridBox
WholeOf(const at::Tensor & volume)
{
  return { {}, { volume.size(0), volume.size(1), volume.size(2) } };
}
} // namespace

// The plan describes each encoder a second time: a step that Forward() has and the plan lacks would show here.
TEST_P(ArSSRCpuEncoderOfEachKind, AgreesWithTheNetworksForwardPass)
{
  for (const Architecture & architecture : SmallArchitectures())
  {
    Network network(architecture);
    network.InitializeWeights(5);
    const at::Tensor volume = m_Random({ 5, 7, 6 });
    const at::Tensor expected = network.Encode(volume);
    for (const auto method : { CpuConvolution::Method::Fastest, CpuConvolution::Method::Direct })
    {
      const CpuEncoder encoder(m_Kernels, network, method);
      const at::Tensor features = encoder.Encode(volume, {}, WholeOf(volume), Threads, Ignore);
      const double     range = (expected.max() - expected.min()).item<double>();
      EXPECT_LT(LargestDifference(features.narrow(3, 0, architecture.featureDimension), expected), 2e-6 * range)
        << architecture.Describe();
    }
  }
}

// A halo that is one voxel too narrow, or Winograd tiles that begin with the buffers, would leave seams between tiles.
TEST_P(ArSSRCpuEncoderOfEachKind, GivesATileWithItsHaloTheBitsOfTheWholeImage)
{
  for (const Architecture & architecture : SmallArchitectures())
  {
    Network network(architecture);
    network.InitializeWeights(3);
    const CpuEncoder   encoder(m_Kernels, network);
    const std::int64_t radius = network.GetEncoder().GetRadius();
    const std::int64_t length = 2 * radius + 14;
    const at::Tensor   volume = m_Random({ 3, 2, length });
    const at::Tensor   whole = encoder.Encode(volume, {}, WholeOf(volume), Threads, Ignore);
    for (const std::int64_t begin : { std::int64_t{ 0 }, radius + 3, radius + 4, length - 5 })
    {
      const std::int64_t inputBegin = std::max<std::int64_t>(begin - radius, 0);
      const std::int64_t inputEnd = std::min(begin + 5 + radius, length);
      const at::Tensor   input = volume.narrow(2, inputBegin, inputEnd - inputBegin).contiguous();
      const GridBox      box{ { 0, 0, begin - inputBegin }, { 3, 2, begin + 5 - inputBegin } };
      const at::Tensor   features = encoder.Encode(input, { 0, 0, inputBegin }, box, Threads, Ignore);
      EXPECT_TRUE(features.equal(whole.narrow(2, begin, 5))) << architecture.Describe() << " from voxel " << begin;
    }
  }
}

TEST_P(ArSSRCpuEncoderOfEachKind, ReportsProgressThatGrowsToOne)
{
  Network network(SmallArchitectures().front());
  network.InitializeWeights(3);
  std::vector<double> reports;
  const at::Tensor    volume = m_Random({ 2, 3, 4 });
  CpuEncoder(m_Kernels, network).Encode(volume, {}, WholeOf(volume), Threads, [&](double fraction) {
    reports.push_back(fraction);
  });
  EXPECT_EQ(reports.size(), network.GetEncoder().GetPlan().steps.size());
  EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
  EXPECT_DOUBLE_EQ(reports.back(), 1.0);
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ArSSRCpuEncoderOfEachKind, ::testing::ValuesIn(AllCpuKernels()), KernelsTestName);

// Tiles are planned with this number: were it too low, encoding would exceed the memory budget.
TEST(ArSSREncoderPlan, CountsTheChannelsThatAreAliveTogether)
{
  const Network rdn(Architecture{ ArSSRModelEnums::Encoder::RDN, 128, 8, 256 });
  EXPECT_EQ(rdn.GetEncoder().GetPlan().GetPeakChannels(1), 64 + 64 + 256);
  const Network resCNN(Architecture{ ArSSRModelEnums::Encoder::ResCNN, 128, 8, 256 });
  EXPECT_EQ(resCNN.GetEncoder().GetPlan().GetPeakChannels(1), 1 + 3 * 64);
  EXPECT_EQ(resCNN.GetEncoder().GetPlan().GetPeakChannels(48), 1 + 3 * 96);
}

// Halos are planned with the encoder's radius, boxes are computed with the steps': they must agree.
TEST(ArSSREncoderPlan, HasTheEncodersRadiusAndCost)
{
  for (const Architecture & architecture : SmallArchitectures())
  {
    const Network       network(architecture);
    const EncoderPlan   plan = network.GetEncoder().GetPlan();
    const Convolution & first = plan.steps.front().convolution;
    EXPECT_EQ(plan.GetRadiusAfter(0) + first.GetRadius(), network.GetEncoder().GetRadius()) << architecture.Describe();
    std::int64_t cost = 0;
    for (const EncoderPlan::Step & step : plan.steps)
    {
      cost +=
        step.partChannels > 0 ? step.partChannels * step.convolution.GetOutputChannels() : step.convolution.GetCost();
    }
    EXPECT_EQ(cost, network.GetEncoder().GetCost()) << architecture.Describe();
  }
}
