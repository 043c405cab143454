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
#include "ArSSRNetwork.h"
#include "ArSSRRetryingExecutor.h"

#include "ArSSRCpuTestHelpers.h"

#include "ArSSRTorchExecutor.h"

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
    if (job.lowResolution.numel() > m_MostVoxels)
    {
      this->Fail();
    }
    return m_Executor.Encode(job);
  }

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override
  {
    SizeValueType count = 0;
    for (const OutputSpan & span : job.spans)
    {
      count += span.count;
    }
    if (count > m_MostSamples)
    {
      this->Fail();
    }
    m_Executor.Decode(tile, job);
  }

  SizeValueType
  GetVoxelsPerBatch() const override
  {
    return 1 << 20;
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
};

using Failure = SmallExecutor::Failure;

class ArSSRRetryingExecutorAfter : public ::testing::TestWithParam<Failure>
{
protected:
  ArSSRRetryingExecutorAfter()
    : m_Network(Architecture{ ArSSRModelEnums::Encoder::Residual, 4, 4, 5, 6, 1 })
  {
    m_Network.InitializeWeights(2);
    m_Job.lowResolution = RandomTensors()({ 40, 12, 17 });
    m_Job.imageSize = { 100, 60, 60 };
    m_Job.origin = { 7, 8, 9 };
    m_Job.featureBox = { { 4, 0, 4 }, { 40, 8, 13 } };
    m_Job.report = [this](double fraction) {
      m_Reports.push_back(fraction);
    };
  }

  RetryingExecutor
  Make(std::int64_t mostVoxels, SizeValueType mostSamples = 1 << 20)
  {
    return { std::make_unique<SmallExecutor>(m_Network, mostVoxels, mostSamples, GetParam()),
             m_Network.GetEncoder().GetRadius() };
  }

  c10::InferenceMode  m_InferenceMode;
  Network             m_Network;
  EncodeJob           m_Job;
  std::vector<double> m_Reports;
};
} // namespace

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

TEST_P(ArSSRRetryingExecutorAfter, DecodesInHalves)
{
  const FeatureTile             tile = this->Make(1 << 20).Encode(m_Job);
  const ArSSRIndexMap           map;
  const std::vector<OutputSpan> spans{ { { { 1, 2, 3 } }, 700 }, { { { 4, 5, 6 } }, 3 }, { { { 1, 9, 3 } }, 500 } };
  const auto                    decode = [&](SizeValueType mostSamples) {
    std::map<std::array<itk::IndexValueType, 2>, float> values;
    this->Make(1 << 20, mostSamples).Decode(tile, { map, spans, [&](const auto & first, const float * row, auto count) {
                                                     for (SizeValueType n = 0; n < count; ++n)
                                                     {
                                                       const auto x = first[0] + static_cast<itk::IndexValueType>(n);
                                                       values[{ first[1], x }] = row[n];
                                                     }
                                                   } });
    return values;
  };
  const auto whole = decode(1 << 20);
  EXPECT_EQ(whole.size(), 1203U);
  EXPECT_EQ(decode(400), whole);
}

TEST_P(ArSSRRetryingExecutorAfter, GivesUpAtTheSmallestPiece)
{
  EXPECT_ANY_THROW(this->Make(10).Encode(m_Job));
  const FeatureTile             tile = this->Make(1 << 20).Encode(m_Job);
  const std::vector<OutputSpan> spans{ { { { 0, 0, 0 } }, 3000 } };
  EXPECT_ANY_THROW(
    this->Make(1 << 20, 10).Decode(tile, { ArSSRIndexMap(), spans, [](const auto &, const float *, auto) {
                                          } }));
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
