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
#include "engine/ArSSRRetryingExecutor.h"
#include "network/ArSSRNetwork.h"

#include "platform/ArSSROutOfMemory.h"

#include "cpu/ArSSRCpuTestHelpers.h"

#include "network/ArSSRTorchExecutor.h"

#include <array>
#include <map>
#include <new>

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using itk::ArSSRIndexMap;
using itk::ArSSRModelEnums;
using itk::SizeValueType;

/** An executor on a device with little memory. */
class SmallExecutor : public Executor
{
public:
  enum class Failure
  {
    OfTorchsDevice,
    OfTorchsCPU,
    OfTheStandardLibrary
  };

  SmallExecutor(const Network & network, std::int64_t mostVoxels, SizeValueType mostSamples, Failure failure)
    : m_Executor(network, at::kCPU, Precision::Float32)
    , m_MostVoxels(mostVoxels)
    , m_MostSamples(mostSamples)
    , m_Failure(failure)
  {}

  FeatureTile
  Encode(const EncodeJob & job) const override
  {
    m_Calls.push_back(job.lowResolution.numel());
    if (job.lowResolution.numel() > m_MostVoxels)
    {
      this->Fail();
    }
    return m_Executor.Encode(job);
  }

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override
  {
    m_Calls.push_back(static_cast<std::int64_t>(CountVoxels(job.spans)));
    if (CountVoxels(job.spans) > m_MostSamples)
    {
      this->Fail();
    }
    m_Executor.Decode(tile, job);
  }

  TileCosts
  GetCosts() const override
  {
    return m_Executor.GetCosts();
  }

  /** The sizes of what it was asked to do. */
  const std::vector<std::int64_t> &
  GetCalls() const
  {
    return m_Calls;
  }
  /** Memory that comes back. */
  void
  Grow()
  {
    m_MostVoxels = 1 << 30;
    m_MostSamples = 1 << 30;
  }

private:
  void
  Fail() const
  {
    switch (m_Failure)
    {
      case Failure::OfTorchsDevice:
        TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory.");
      case Failure::OfTorchsCPU:
        TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.");
      default:
        throw std::bad_alloc();
    }
  }

  TorchExecutor m_Executor;
  std::int64_t  m_MostVoxels;
  SizeValueType m_MostSamples;
  Failure       m_Failure;

  mutable std::vector<std::int64_t> m_Calls;
};

using Failure = SmallExecutor::Failure;

class ArSSRRetryingExecutorAfter : public ::testing::TestWithParam<Failure>
{
protected:
  ArSSRRetryingExecutorAfter()
    : m_Network(Architecture{ ArSSRModelEnums::Encoder::Residual, 8, 4, 32, 6, 1 })
  {
    m_Network.InitializeWeights(2, Network::LastLayer::Random);
    m_Job.lowResolution = RandomTensors()({ 40, 12, 17 });
    m_Job.imageSize = { 100, 60, 60 };
    m_Job.origin = { 7, 8, 9 };
    m_Job.featureBox = { { 4, 0, 4 }, { 40, 8, 13 } };
    m_Job.report = [this](double fraction) {
      m_Reports.push_back(fraction);
    };
    m_WholeImage.lowResolution = 30.0 * RandomTensors()({ 6, 10, 9 });
    m_WholeImage.imageSize = { 6, 10, 9 };
    m_WholeImage.featureBox.end = m_WholeImage.imageSize;
    m_WholeImage.report = [](double) {
    };
    itk::ArSSRImageGeometry input;
    input.region.SetSize({ { 9, 10, 6 } });
    input.spacing.Fill(1.0);
    input.direction.SetIdentity();
    itk::ArSSRImageGeometry::ScaleFactorsType scale(1.0);
    scale[0] = 80.0;
    m_LongLines = ArSSRIndexMap(input, input.ScaledBy(scale));
  }

  RetryingExecutor
  Make(std::int64_t mostVoxels, SizeValueType mostSamples = 1 << 20)
  {
    return { std::make_unique<SmallExecutor>(m_Network, mostVoxels, mostSamples, GetParam()),
             m_Network.GetEncoder().GetRadius() };
  }

  c10::InferenceMode            m_InferenceMode;
  Network                       m_Network;
  EncodeJob                     m_Job; // a part of an image
  EncodeJob                     m_WholeImage;
  ArSSRIndexMap                 m_LongLines; // of 720 voxels, on the whole image
  const std::vector<OutputSpan> m_Spans{ { { { 1, 2, 3 } }, 700 }, { { { 4, 5, 5 } }, 3 }, { { { 1, 9, 3 } }, 500 } };
  std::vector<double>           m_Reports;
};
} // namespace

// Halves without their halo would leave a seam inside the tile.
TEST_P(ArSSRRetryingExecutorAfter, EncodesInPiecesThatGiveTheSameFeatures)
{
  const FeatureTile whole = this->Make(1 << 20).Encode(m_Job);
  m_Reports.clear();
  const FeatureTile pieces = this->Make(4000).Encode(m_Job); // of 8160 voxels
  EXPECT_LT(LargestDifference(pieces.features, whole.features), 1e-6);
  EXPECT_EQ(pieces.origin, whole.origin);
  EXPECT_EQ(pieces.imageSize, whole.imageSize);
  EXPECT_EQ(pieces.lowResolutionOrigin, whole.lowResolutionOrigin);
  EXPECT_TRUE(pieces.lowResolution.equal(whole.lowResolution));
  EXPECT_GT(m_Reports.size(), 2U);
  EXPECT_TRUE(std::is_sorted(m_Reports.begin(), m_Reports.end()));
  EXPECT_DOUBLE_EQ(m_Reports.back(), 1.0);
}

// Where a span is cut, no voxel may be lost or get the value of its neighbour.
TEST_P(ArSSRRetryingExecutorAfter, DecodesInHalves)
{
  const FeatureTile tile = this->Make(1 << 20).Encode(m_WholeImage);
  const auto        decode = [&](SizeValueType mostSamples) {
    std::map<std::array<itk::IndexValueType, 3>, float> values;
    this->Make(1 << 20, mostSamples)
      .Decode(tile, { m_LongLines, m_Spans, [&](const auto & first, const float * row, auto count) {
                       for (SizeValueType n = 0; n < count; ++n)
                       {
                         const auto x = first[0] + static_cast<itk::IndexValueType>(n);
                         EXPECT_TRUE(values.insert({ { x, first[1], first[2] }, row[n] }).second);
                       }
                     } });
    return values;
  };
  const auto whole = decode(1 << 20);
  const auto halves = decode(400);
  EXPECT_EQ(whole.size(), 1203U);
  ASSERT_EQ(halves.size(), whole.size());
  float largest = 0.0F;
  for (const auto & [index, value] : whole)
  {
    ASSERT_NEAR(halves.at(index), value, 1e-5);
    largest = std::max(largest, std::abs(value));
  }
  EXPECT_GT(largest, 0.01);
}

// Without an end to the halving, too little memory would never be reported.
TEST_P(ArSSRRetryingExecutorAfter, GivesUpAtTheSmallestPiece)
{
  EXPECT_ANY_THROW(this->Make(10).Encode(m_Job));
  const FeatureTile tile = this->Make(1 << 20).Encode(m_WholeImage);
  EXPECT_ANY_THROW(this->Make(1 << 20, 10).Decode(tile, { m_LongLines, m_Spans, [](const auto &, const float *, auto) {
                                                         } }));
}

TEST_P(ArSSRRetryingExecutorAfter, DropsKeptTilesAndEncodesTheWholeAgain)
{
  auto                   owned = std::make_unique<SmallExecutor>(m_Network, 10, 1 << 20, GetParam());
  SmallExecutor &        small = *owned;
  int                    asked = 0;
  const RetryingExecutor executor(std::move(owned), m_Network.GetEncoder().GetRadius(), [&] {
    ++asked;
    small.Grow();
    return true;
  });
  const FeatureTile      tile = executor.Encode(m_WholeImage);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(small.GetCalls(), (std::vector<std::int64_t>{ 540, 540 })) << "pieces shrank before the cache was given up";
  EXPECT_TRUE(tile.features.equal(this->Make(1 << 20).Encode(m_WholeImage).features));
}

TEST_P(ArSSRRetryingExecutorAfter, DropsKeptTilesAndDecodesTheWholeAgain)
{
  const FeatureTile      tile = this->Make(1 << 20).Encode(m_WholeImage);
  auto                   owned = std::make_unique<SmallExecutor>(m_Network, 10, 10, GetParam());
  SmallExecutor &        small = *owned;
  const RetryingExecutor executor(std::move(owned), m_Network.GetEncoder().GetRadius(), [&] {
    small.Grow();
    return true;
  });
  executor.Decode(tile, { m_LongLines, m_Spans, [](const auto &, const float *, auto) {
                         } });
  EXPECT_EQ(small.GetCalls(), (std::vector<std::int64_t>{ 1203, 1203 }));
}

// The same attempt with the same memory fails again, after all the work it does before.
TEST_P(ArSSRRetryingExecutorAfter, DoesNotRetryTheWholeWhenNothingWasDropped)
{
  auto                   owned = std::make_unique<SmallExecutor>(m_Network, 4000, 1 << 20, GetParam());
  SmallExecutor &        small = *owned;
  const RetryingExecutor executor(std::move(owned), m_Network.GetEncoder().GetRadius(), [] { return false; });
  executor.Encode(m_Job);
  ASSERT_GT(small.GetCalls().size(), 2U);
  EXPECT_EQ(small.GetCalls()[0], 8160);
  EXPECT_LT(small.GetCalls()[1], 8160);
}

// A tile that cannot be halved must not fail while kept tiles occupy the memory.
TEST_P(ArSSRRetryingExecutorAfter, DropsKeptTilesForTheSmallestPieceToo)
{
  auto            owned = std::make_unique<SmallExecutor>(m_Network, 10, 10, GetParam());
  SmallExecutor & small = *owned;
  EncodeJob       job = m_WholeImage;
  job.featureBox.end = { 2, 2, 2 };
  const RetryingExecutor executor(std::move(owned), m_Network.GetEncoder().GetRadius(), [&] {
    small.Grow();
    return true;
  });
  EXPECT_EQ(executor.Encode(job).features.size(0), 2);
}

// Any other error would be tried again in ever smaller pieces before it is reported.
TEST(ArSSRRetryingExecutor, RetriesOnlyWhenMemoryRunsOut)
{
  EXPECT_TRUE(SaysThatMemoryRanOut(std::bad_alloc()));
  EXPECT_TRUE(SaysThatMemoryRanOut(std::runtime_error("CUDA error: out of memory")));
  EXPECT_TRUE(SaysThatMemoryRanOut(std::runtime_error("CUDNN_STATUS_ALLOC_FAILED")));
  EXPECT_FALSE(SaysThatMemoryRanOut(std::runtime_error("an illegal memory access was encountered")));
  EXPECT_FALSE(SaysThatMemoryRanOut(itk::ExceptionObject(__FILE__, __LINE__, "the disk is out of memory")));
}

INSTANTIATE_TEST_SUITE_P(AnError,
                         ArSSRRetryingExecutorAfter,
                         ::testing::Values(Failure::OfTorchsDevice,
                                           Failure::OfTorchsCPU,
                                           Failure::OfTheStandardLibrary),
                         [](const auto & info) -> std::string {
                           switch (info.param)
                           {
                             case Failure::OfTorchsDevice:
                               return "OfTorchsDevice";
                             case Failure::OfTorchsCPU:
                               return "OfTorchsCPU";
                             default:
                               return "OfTheStandardLibrary";
                           }
                         });
