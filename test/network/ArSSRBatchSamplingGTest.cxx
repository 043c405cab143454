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
#include "network/ArSSRBatchSampling.h"

#include "network/ArSSRInterpolationSkip.h"
#include "network/ArSSRSampling.h"
#include "platform/ArSSRDevice.h"
#include "platform/ArSSRDevice.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace
{
using namespace itk::arssr;
using Coordinates = itk::ArSSRModelEnums::Coordinates;
using Padding = itk::ArSSRModelEnums::Padding;
using Skip = itk::ArSSRModelEnums::Skip;

constexpr std::int64_t Images = 3;
constexpr std::int64_t Channels = 37; // no multiple of what is added up together
constexpr std::int64_t Samples = 700;
constexpr GridIndex    Size{ 6, 9, 5 };

// Sums of eight products of numbers in [-1, 1].
constexpr double Tolerance = 1e-6;

// The grid sampler takes positions in single precision: off by some 2^-24 of the axis' voxels, here 9, which a sample
// takes on times the features' steps, here up to 2 along each of three axes.
constexpr double ToleranceOnDevice = 9.0 * 3.0 * 2.0 * 6e-8 + Tolerance;

class ArSSRBatchSampling : public ::testing::Test
{
protected:
  ArSSRBatchSampling()
  {
    at::manual_seed(5);
    m_Features = 2.0F * at::rand({ Images, Channels, Size[0], Size[1], Size[2] }) - 1.0F;
    m_LowResolution = at::rand({ Images, Size[0], Size[1], Size[2] });
    m_RowGradients = at::rand({ Images * Samples, Channels + 6 }) - 0.5F;
    // From well before the first voxel to well behind the last one; every third coordinate is a multiple of one half.
    const at::Tensor size = at::tensor(at::ArrayRef<std::int64_t>(Size.data(), 3)).to(at::kDouble);
    at::Tensor       samples = at::rand({ Images, Samples, 3 }, at::kDouble) * (size + 3.0) - 2.0;
    const at::Tensor halves = (2.0 * samples).round() / 2.0;
    m_Samples = at::where(at::rand({ Images, Samples, 3 }).lt(0.33), halves, samples);
    m_VoxelSizes = at::rand({ Images, 3 }, at::kDouble);
  }

  SampleBatch
  MakeBatch(Padding padding, Coordinates coordinates) const
  {
    return { m_Samples, m_VoxelSizes, padding, coordinates };
  }

  /** The rows of a batch by the readable reference, image after image. */
  at::Tensor
  SampleByReference(const at::Tensor & features, const SampleBatch & batch) const
  {
    std::vector<at::Tensor> rows;
    for (std::int64_t n = 0; n < Images; ++n)
    {
      FeatureTile tile;
      tile.features = features[n].permute({ 1, 2, 3, 0 });
      tile.imageSize = Size;
      const auto size = batch.voxelSizes.accessor<double, 2>()[n];
      rows.push_back(SampleFeaturesReference(
        tile, batch.samples[n], { batch.padding, batch.coordinates, { size[0], size[1], size[2] } }));
    }
    return at::cat(rows);
  }

  /** Values and the gradient of the features, by a function. */
  template <typename TFunction>
  std::array<at::Tensor, 2>
  Run(const TFunction & function, at::MemoryFormat format = at::MemoryFormat::Contiguous) const
  {
    const at::Tensor features = m_Features.detach().clone().contiguous(format).requires_grad_();
    const at::Tensor rows = function(features);
    (rows * m_RowGradients.narrow(1, 0, rows.size(1))).sum().backward();
    return { rows.detach(), features.grad().clone() };
  }

  at::Tensor m_Features;
  at::Tensor m_LowResolution;
  at::Tensor m_RowGradients;
  at::Tensor m_Samples;
  at::Tensor m_VoxelSizes;
};

double
LargestDifference(const at::Tensor & left, const at::Tensor & right)
{
  EXPECT_EQ(left.sizes(), right.sizes());
  return (left - right).abs().max().item<double>();
}
} // namespace

// Networks would train on other features than inference gives them.
TEST_F(ArSSRBatchSampling, AgreesWithTheReferenceOfEachImageInValuesAndGradients)
{
  for (const auto padding : { Padding::Zeros, Padding::Border })
  {
    for (const auto coordinates : { Coordinates::Image, Coordinates::Local })
    {
      const SampleBatch batch = this->MakeBatch(padding, coordinates);
      const auto        expected = this->Run([&](const at::Tensor & f) { return this->SampleByReference(f, batch); });
      ASSERT_GT(expected[1].abs().max().item<double>(), 1.0);
      for (const auto format : { at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d })
      {
        const auto here = this->Run([&](const at::Tensor & f) { return SampleFeatureBatch(f, batch); }, format);
        EXPECT_LE(LargestDifference(here[0], expected[0]), Tolerance);
        EXPECT_LE(LargestDifference(here[1], expected[1]), 20.0 * Tolerance); // sums of some hundred samples
        const auto device =
          this->Run([&](const at::Tensor & f) { return SampleFeatureBatchOnDevice(f, batch); }, format);
        EXPECT_LE(LargestDifference(device[0], expected[0]), ToleranceOnDevice);
        EXPECT_LE(LargestDifference(device[1], expected[1]), 20.0 * ToleranceOnDevice);
        // The perceptron's coordinates jump between voxels: there is no tolerance to them.
        const auto count = device[0].size(1) - Channels;
        EXPECT_TRUE(device[0].narrow(1, Channels, count).equal(here[0].narrow(1, Channels, count)));
      }
    }
  }
}

// A training could not be reproduced on a computer with another number of cores.
TEST_F(ArSSRBatchSampling, GivesTheSameBitsWithAnyNumberOfThreads)
{
  const SampleBatch batch = this->MakeBatch(Padding::Border, Coordinates::Local);
  const auto        run = [&](unsigned int threads) {
    const ThreadCountScope scope(threads);
    return this->Run([&](const at::Tensor & f) { return SampleFeatureBatch(f, batch); });
  };
  const auto one = run(1);
  for (const unsigned int threads : { 2U, 3U, 8U })
  {
    const auto several = run(threads);
    EXPECT_TRUE(several[0].equal(one[0])) << threads;
    EXPECT_TRUE(several[1].equal(one[1])) << threads;
  }
}

// Training would fit corrections to another interpolation than the one that inference adds.
TEST_F(ArSSRBatchSampling, InterpolatesAsTheReferenceOfEachImage)
{
  for (const auto skip : { Skip::Linear, Skip::Cubic })
  {
    std::vector<at::Tensor> expected;
    for (std::int64_t n = 0; n < Images; ++n)
    {
      FeatureTile tile;
      tile.imageSize = Size;
      tile.lowResolution = m_LowResolution[n];
      expected.push_back(InterpolateIntensitiesReference(tile, m_Samples[n], skip));
    }
    EXPECT_LE(LargestDifference(InterpolateIntensityBatch(m_LowResolution, m_Samples, skip), at::stack(expected)),
              Tolerance);
    EXPECT_LE(
      LargestDifference(InterpolateIntensityBatchOnDevice(m_LowResolution, m_Samples, skip), at::stack(expected)),
      Tolerance);
  }
}

// A network trained on a GPU would get other features on a CPU.
TEST_F(ArSSRBatchSampling, AgreesOnCUDAWithTheCPU)
{
  const at::Device device = ResolveDevice("auto");
  if (!device.is_cuda())
  {
    GTEST_SKIP() << "no CUDA device";
  }
  for (const auto padding : { Padding::Zeros, Padding::Border })
  {
    SampleBatch batch = this->MakeBatch(padding, Coordinates::Local);
    const auto  expected = this->Run([&](const at::Tensor & f) { return SampleFeatureBatch(f, batch); });
    batch.samples = batch.samples.to(device);
    const auto there =
      this->Run([&](const at::Tensor & f) { return SampleFeatureBatch(f.to(device), batch).to(at::kCPU); });
    EXPECT_LE(LargestDifference(there[0], expected[0]), ToleranceOnDevice);
    EXPECT_LE(LargestDifference(there[1], expected[1]), 20.0 * ToleranceOnDevice);
  }
}
