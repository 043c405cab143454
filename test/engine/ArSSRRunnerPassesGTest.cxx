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
#include "filters/ArSSRFilterTestHelpers.h"

#include "engine/ArSSRRetryingExecutor.h"
#include "engine/ArSSRRunner.h"
#include "network/ArSSRNetwork.h"
#include "network/ArSSRTorchExecutor.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <mutex>
#include <new>

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using itk::ArSSREngine;
using itk::ArSSRImageGeometry;
using itk::ArSSRIndexMap;
using itk::ArSSRTileLattice;
using itk::SizeValueType;
using EncoderEnum = itk::ArSSRModelEnums::Encoder;

constexpr ArSSRTileLattice::SizeType ImageSize{ { 7, 6, 17 } };
constexpr double                     Plenty = 1e9; // bytes

/** Runs out of memory at some of its calls. */
class FailingExecutor : public TorchExecutor
{
public:
  FailingExecutor(const Network & network, std::vector<int> failures)
    : TorchExecutor(network, at::kCPU, Precision::Float32)
    , m_Failures(std::move(failures))
  {}

  FeatureTile
  Encode(const EncodeJob & job) const override
  {
    this->Count();
    return TorchExecutor::Encode(job);
  }

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override
  {
    TorchExecutor::Decode(tile, job); // and has written its voxels
    this->Count();
  }

private:
  void
  Count() const
  {
    if (std::find(m_Failures.begin(), m_Failures.end(), m_Calls++) != m_Failures.end())
    {
      throw std::bad_alloc();
    }
  }

  std::vector<int> m_Failures;
  mutable int      m_Calls{ 0 };
};

/** The runner with torch on the CPU in place of the kernels of ours. */
class TorchRunner : public Runner
{
public:
  std::vector<int> failures; // of the executor's calls

protected:
  std::unique_ptr<Executor>
  MakeExecutor(const Network & network, GiveUpFunction giveUp) const override
  {
    return std::make_unique<RetryingExecutor>(std::make_unique<FailingExecutor>(network, failures),
                                              static_cast<std::int64_t>(network.GetEncoder().GetRadius()),
                                              std::move(giveUp));
  }
};

struct Result
{
  FloatImage::Pointer mean;
  FloatImage::Pointer deviation;
};

FloatImage::Pointer
MakeOutput(const RegionType & region)
{
  auto image = FloatImage::New();
  image->SetRegions(region);
  image->Allocate();
  image->FillBuffer(-1.0F);
  return image;
}

/** What a runner gives at scale 1.7, with tiles of a size. */
Result
RunPasses(Runner &                           runner,
          const itk::ArSSRModel &            model,
          unsigned int                       passes,
          const ArSSRTileLattice::SizeType & tileSize)
{
  const auto                           image = SyntheticImage(ImageSize);
  const auto                           input = ArSSRImageGeometry::FromImage(*image);
  ArSSRImageGeometry::ScaleFactorsType factors(1.7);
  const auto                           geometry = input.ScaledBy(factors);
  const Result                         result{ MakeOutput(geometry.region), MakeOutput(geometry.region) };
  std::mutex                           mutex;
  const auto                           writeTo = [&mutex](FloatImage & output) {
    return [&](ArSSREngine::IndexType index, const float * values, SizeValueType count) {
      const std::lock_guard<std::mutex> lock(mutex);
      for (SizeValueType i = 0; i < count; ++i, ++index[0])
      {
        output.SetPixel(index, values[i]);
      }
    };
  };
  runner.settings.passes = passes;
  ArSSREngine::Job job;
  job.lattice = { ImageSize, tileSize, model.GetHaloRadius() + 1 };
  job.indexMap = ArSSRIndexMap(input, geometry);
  job.outputRegion = geometry.region;
  job.readInput = [&](const RegionType & region, float * buffer) {
    for (itk::ImageRegionConstIterator<FloatImage> it(image, region); !it.IsAtEnd(); ++it, ++buffer)
    {
      *buffer = it.Get() / 100.0F;
    }
  };
  job.writeOutput = writeTo(*result.mean);
  job.writeDeviation = writeTo(*result.deviation);
  runner.Run(job, model.GetNetwork(), Plenty);
  return result;
}

class ArSSRRunnerPassesOf : public ::testing::TestWithParam<EncoderEnum>
{
protected:
  c10::InferenceMode       m_InferenceMode;
  itk::ArSSRModel::Pointer m_Model{ SmallModel(GetParam()) };
};
} // namespace


// Tiles of a mirrored pass are mirrored tiles: a region that is off by a voxel shows as a seam in that pass alone.
TEST_P(ArSSRRunnerPassesOf, AgreeBetweenTorchAndKernels)
{
  Runner      ours;
  TorchRunner torch;
  const auto  kernels = RunPasses(ours, *m_Model, 8, { { 4, 3, 9 } });
  const auto  reference = RunPasses(torch, *m_Model, 8, ImageSize);
  ASSERT_GT(ValueRange(*reference.mean), 1e-2);
  ASSERT_GT(ValueRange(*reference.deviation), 1e-3);
  EXPECT_LT(LargestDifference(*kernels.mean, *reference.mean), 1e-5);
  EXPECT_LT(LargestDifference(*kernels.deviation, *reference.deviation), 1e-5);
}

// A voxel that is written again after memory ran out would weigh more in the mean.
TEST_P(ArSSRRunnerPassesOf, CountAVoxelOnceWhenMemoryRunsOut)
{
  TorchRunner plenty;
  const auto  expected = RunPasses(plenty, *m_Model, 4, ImageSize);
  TorchRunner scarce;
  scarce.failures = { 1, 6, 7, 9 }; // the second pass's features; then voxels that were written already
  const auto result = RunPasses(scarce, *m_Model, 4, ImageSize);
  EXPECT_LT(LargestDifference(*result.mean, *expected.mean), 1e-5);
  EXPECT_LT(LargestDifference(*result.deviation, *expected.deviation), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(EachForm,
                         ArSSRRunnerPassesOf,
                         ::testing::Values(EncoderEnum::ResCNN, EncoderEnum::Residual),
                         [](const ::testing::TestParamInfo<EncoderEnum> & info) {
                           std::ostringstream name;
                           name << info.param;
                           return name.str();
                         });

// Without the margin of a mirrored pass there would be seams, and no error.
TEST(ArSSRRunnerPasses, RefusesTilesThatAreTooSmallForItsPasses)
{
  const c10::InferenceMode inferenceMode;
  const auto               model = SmallModel(EncoderEnum::Residual);
  Runner                   runner;
  runner.settings.passes = 2;
  ArSSREngine::Job job;
  job.lattice = { ImageSize, ImageSize, model->GetHaloRadius() };
  const std::string message = MessageOf([&] { runner.Run(job, model->GetNetwork(), Plenty); });
  EXPECT_TRUE(Contains(message, "PlanTiles() after SetNumberOfPasses()")) << message;
}

// The features of all passes are held together: tiles planned for one pass would exceed the budget.
TEST(ArSSRRunnerPasses, CountsItsPassesInTileCosts)
{
  const auto model = SmallModel(EncoderEnum::Residual);
  Runner     runner;
  const auto one = runner.GetCosts(model->GetNetwork());
  runner.settings.passes = 8;
  const auto eight = runner.GetCosts(model->GetNetwork());
  EXPECT_EQ(one.passes, 1U);
  EXPECT_EQ(eight.passes, 8U);
  EXPECT_EQ(eight.haloRadius, one.haloRadius + 1);
  EXPECT_GE(eight.fixedBytes, one.fixedBytes + 20 * 32768); // of the voxels that a thread decodes at once
  const ArSSRTileLattice lattice(ImageSize, ImageSize, eight.haloRadius);
  EXPECT_EQ(eight.GetTileBytes(lattice), 8.0 * one.GetTileBytes(lattice)) << "of an image in one tile";
}
