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
#include "engine/ArSSRRunner.h"

#include "engine/ArSSRRetryingExecutor.h"
#include "filters/ArSSRFilterTestHelpers.h"
#include "network/ArSSRTorchExecutor.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <new>

namespace
{
using namespace itk::arssr;
using itk::arssr::test::SmallModel;
using SizeType = itk::ArSSRTileLattice::SizeType;
using Values = std::map<std::array<itk::IndexValueType, 3>, float>;

constexpr SizeType ImageSize{ { 9, 8, 20 } };
constexpr double   Budget = 1e9; // bytes; enough for all tiles

/** \brief A runner on a device that has no room for other tiles than the one at work. */
class CrampedRunner : public Runner
{
public:
  explicit CrampedRunner(bool whileDecoding)
    : m_WhileDecoding(whileDecoding)
  {}

  std::vector<std::int64_t> encoderCalls; // LR voxels of each
  int                       decoderCalls{ 0 };

protected:
  std::unique_ptr<Executor>
  MakeExecutor(const Network & network, GiveUpFunction giveUp) const override
  {
    return std::make_unique<RetryingExecutor>(std::make_unique<Cramped>(network, const_cast<CrampedRunner &>(*this)),
                                              network.GetEncoder().GetRadius(),
                                              std::move(giveUp));
  }

private:
  class Cramped : public Executor
  {
  public:
    Cramped(const Network & network, CrampedRunner & runner)
      : m_Executor(network, at::kCPU, Precision::Float32)
      , m_Runner(runner)
    {}
    FeatureTile
    Encode(const EncodeJob & job) const override
    {
      m_Runner.encoderCalls.push_back(job.lowResolution.numel());
      if (!m_Runner.m_WhileDecoding && m_Runner.GetCache().GetSize() > 0)
      {
        throw std::bad_alloc();
      }
      return m_Executor.Encode(job);
    }
    void
    Decode(const FeatureTile & tile, const DecodeJob & job) const override
    {
      ++m_Runner.decoderCalls;
      const auto held = static_cast<itk::SizeValueType>(tile.features.nbytes() + tile.lowResolution.nbytes());
      if (m_Runner.m_WhileDecoding && m_Runner.GetCache().GetSize() > held)
      {
        throw std::bad_alloc();
      }
      m_Executor.Decode(tile, job);
    }
    TileCosts
    GetCosts() const override
    {
      TileCosts costs = m_Executor.GetCosts();
      costs.voxelsPerBatch = 1 << 20;
      return costs;
    }

  private:
    TorchExecutor   m_Executor;
    CrampedRunner & m_Runner;
  };

  bool m_WhileDecoding;
};

/** \brief A runner with the same executor and room for everything. */
class RoomyRunner : public Runner
{
protected:
  std::unique_ptr<Executor>
  MakeExecutor(const Network & network, GiveUpFunction) const override
  {
    return std::make_unique<TorchExecutor>(network, at::kCPU, Precision::Float32);
  }
};

class ArSSRRunner : public ::testing::Test
{
protected:
  /** The values of a job of three tiles by their output index. */
  Values
  Run(Runner & runner) const
  {
    itk::ArSSRImageGeometry input;
    input.region.SetSize(ImageSize);
    input.spacing.Fill(1.0);
    input.direction.SetIdentity();
    const auto  output = input.ScaledBy(itk::ArSSRImageGeometry::ScaleFactorsType(1.5));
    Runner::Job job;
    job.lattice = { ImageSize, { { 9, 8, 7 } }, m_Model->GetHaloRadius() };
    job.indexMap = itk::ArSSRIndexMap(input, output);
    job.outputRegion = output.region;
    job.readInput = [](const auto & region, float * buffer) {
      for (itk::SizeValueType n = 0; n < region.GetNumberOfPixels(); ++n)
      {
        buffer[n] = static_cast<float>((n * 7 + static_cast<itk::SizeValueType>(region.GetIndex(2)) * 5) % 11) / 11.0F;
      }
    };
    std::mutex mutex;
    Values     values;
    job.writeOutput = [&](const auto & first, const float * row, itk::SizeValueType count) {
      const std::lock_guard<std::mutex> lock(mutex);
      for (itk::SizeValueType n = 0; n < count; ++n)
      {
        values[{ first[0] + static_cast<itk::IndexValueType>(n), first[1], first[2] }] = row[n];
      }
    };
    runner.Run(job, m_Model->GetNetwork(), Budget);
    return values;
  }

  c10::InferenceMode       m_InferenceMode;
  itk::ArSSRModel::Pointer m_Model{ SmallModel(itk::ArSSRModelEnums::Encoder::ResCNN) };
};
} // namespace

// Tiles that are kept for later must not make the one at work smaller.
TEST_F(ArSSRRunner, DropsItsTilesAndEncodesAgainWhenMemoryRunsOut)
{
  CrampedRunner cramped(false);
  const Values  values = this->Run(cramped);
  ASSERT_EQ(cramped.GetNumberOfEncodedTiles(), 3U);
  // The first tile at once; the others at the second try, as large as at the first.
  ASSERT_EQ(cramped.encoderCalls.size(), 5U);
  EXPECT_EQ(cramped.encoderCalls[1], cramped.encoderCalls[2]);
  EXPECT_EQ(cramped.encoderCalls[3], cramped.encoderCalls[4]);
  RoomyRunner roomy;
  EXPECT_EQ(values, this->Run(roomy));
}

TEST_F(ArSSRRunner, DropsItsOtherTilesAndDecodesAgainWhenMemoryRunsOut)
{
  CrampedRunner cramped(true);
  const Values  values = this->Run(cramped);
  EXPECT_EQ(cramped.encoderCalls.size(), 3U);
  EXPECT_EQ(cramped.decoderCalls, 5);
  RoomyRunner roomy;
  EXPECT_EQ(values, this->Run(roomy));
}

TEST_F(ArSSRRunner, NamesTheLastExecutor)
{
  Runner runner;
  EXPECT_EQ(runner.GetExecutorDescription(), "");
  this->Run(runner);
  EXPECT_EQ(runner.GetExecutorDescription().find("CPU kernels ("), 0U);
}
