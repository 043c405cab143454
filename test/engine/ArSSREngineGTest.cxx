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
#include "cpu/ArSSRCpuKernels.h"
#include "filters/ArSSRFilterTestHelpers.h"

#include "itkArSSREngine.h"
#include <gtest/gtest.h>

#include <mutex>
#include <sstream>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSREngine;
using itk::ArSSRImageGeometry;
using itk::ArSSRIndexMap;
using itk::ArSSRTileLattice;

constexpr ArSSRTileLattice::SizeType ImageSize{ { 7, 6, 31 } };

// A job that upscales a synthetic LR image by a factor and collects the values; -1 marks voxels that are not reported.
struct TestJob
{
  TestJob(const ArSSRTileLattice & lattice, double scale)
    : image(SyntheticImage(lattice.GetImageSize()))
    , output(FloatImage::New())
  {
    const auto                           input = ArSSRImageGeometry::FromImage(*image);
    ArSSRImageGeometry::ScaleFactorsType factors;
    factors.Fill(scale);
    const auto geometry = input.ScaledBy(factors);
    output->SetRegions(geometry.region);
    output->Allocate();
    output->FillBuffer(-1.0F);
    job.lattice = lattice;
    job.indexMap = ArSSRIndexMap(input, geometry);
    job.outputRegion = geometry.region;
    job.readInput = [this](const RegionType & region, float * buffer) {
      for (itk::ImageRegionConstIterator<FloatImage> it(image, region); !it.IsAtEnd(); ++it, ++buffer)
      {
        *buffer = it.Get() / 100.0F;
      }
      readRegions.push_back(region);
    };
    job.writeOutput = [this](ArSSREngine::IndexType index, const float * values, itk::SizeValueType count) {
      const std::lock_guard<std::mutex> lock(mutex);
      for (itk::SizeValueType i = 0; i < count; ++i, ++index[0])
      {
        EXPECT_EQ(output->GetPixel(index), -1.0F) << index << " is reported twice";
        output->SetPixel(index, values[i]);
      }
    };
  }

  FloatImage::Pointer     image;
  FloatImage::Pointer     output;
  std::mutex              mutex;
  std::vector<RegionType> readRegions;
  ArSSREngine::Job        job;
};

class Engine : public ::testing::TestWithParam<Encoder>
{
protected:
  Engine()
    : engine(ArSSREngine::New())
    , model(SmallModel(GetParam()))
  {
    engine->SetModel(model);
    engine->SetDevice("cpu");
  }

  ArSSRTileLattice
  Lattice(const ArSSRTileLattice::SizeType & tileSize) const
  {
    return { ImageSize, tileSize, model->GetHaloRadius() };
  }

  ArSSREngine::Pointer     engine;
  itk::ArSSRModel::Pointer model;
};
} // namespace


// Any difference would be a seam in the output where two tiles meet.
TEST_P(Engine, GivesTheSameBitsWithOneTileAndWithMany)
{
  TestJob whole(this->Lattice(ImageSize), 1.7);
  engine->Run(whole.job);
  ASSERT_GT(ValueRange(*whole.output), 1e-2);
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 1U);

  TestJob tiled(this->Lattice({ { 4, 3, 9 } }), 1.7);
  engine->Run(tiled.job);
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 1U + 2 * 2 * 4);
  EXPECT_TRUE(SameBits(*whole.output, *tiled.output, whole.output->GetBufferedRegion()));
}

// A reader that streams pays for every other region with time and memory.
TEST_P(Engine, ReadsTheInputRegionsOfTheTilesThatTheOutputRegionTouches)
{
  const auto lattice = this->Lattice({ { 7, 6, 10 } });
  TestJob    slice(lattice, 1.0);
  slice.job.outputRegion.SetIndex(2, 12);
  slice.job.outputRegion.SetSize(2, 3);
  engine->Run(slice.job);
  ASSERT_EQ(slice.readRegions.size(), 1U);
  EXPECT_EQ(slice.readRegions[0], lattice.GetInputRegion({ { 0, 0, 1 } }));
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder,
                         Engine,
                         ::testing::Values(Encoder::RDN, Encoder::ResCNN, Encoder::SRResnet),
                         [](const ::testing::TestParamInfo<Encoder> & info) {
                           std::ostringstream name;
                           name << info.param;
                           return name.str();
                         });


// Values of other voxels would be written outside of the buffer of the requested region.
TEST(ArSSREngine, WritesEachRequestedVoxelOnceAndNoOthers)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  engine->SetDevice("cpu");
  TestJob part({ ImageSize, { { 4, 3, 9 } }, model->GetHaloRadius() }, 2.0);
  part.job.outputRegion = RegionType({ { 3, 1, 15 } }, { { 9, 7, 20 } });
  engine->Run(part.job);
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(part.output, part.output->GetBufferedRegion());
       !it.IsAtEnd();
       ++it)
  {
    ASSERT_EQ(it.Get() != -1.0F, part.job.outputRegion.IsInside(it.GetIndex())) << it.GetIndex();
  }
}

TEST(ArSSREngine, GivesTheSameBitsWithAnyNumberOfThreads)
{
  const auto model = SmallModel(Encoder::ResCNN);
  const auto engine = ArSSREngine::New();
  engine->SetModel(model);
  engine->SetDevice("cpu");
  const auto run = [&](unsigned int threads) {
    TestJob job({ ImageSize, ImageSize, model->GetHaloRadius() }, 2.5);
    engine->SetNumberOfThreads(threads);
    engine->ReleaseFeatures();
    engine->Run(job.job);
    return job.output;
  };
  const auto one = run(1);
  ASSERT_GT(ValueRange(*one), 1e-2);
  EXPECT_TRUE(SameBits(*run(2), *one, one->GetBufferedRegion()));
  EXPECT_TRUE(SameBits(*run(3), *one, one->GetBufferedRegion()));
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 3U);
}

// Features of a changed image would give the output of the old one, without any error.
TEST(ArSSREngine, KeepsFeaturesForIdenticalInputOnly)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  engine->SetDevice("cpu");
  const ArSSRTileLattice lattice(ImageSize, { { 7, 6, 16 } }, model->GetHaloRadius());
  TestJob                first(lattice, 1.0);
  engine->Run(first.job);
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 2U);
  EXPECT_GT(engine->GetFeatureCacheSize(), 0U);

  TestJob again(lattice, 2.0);
  engine->Run(again.job);
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 2U);

  TestJob changed(lattice, 1.0);
  changed.image->SetPixel({ { 0, 0, 0 } }, 1.0F); // in the halo of the second tile, too
  engine->Run(changed.job);
  EXPECT_EQ(engine->GetNumberOfEncodedTiles(), 4U);
  EXPECT_FALSE(SameBits(*changed.output, *first.output, first.output->GetBufferedRegion()));

  engine->ReleaseFeatures();
  EXPECT_EQ(engine->GetFeatureCacheSize(), 0U);
}

// Features of the old network would be decoded by the new one.
TEST(ArSSREngine, UsesTheNewNetworkWhenTheModelIsReplaced)
{
  const auto engine = ArSSREngine::New();
  const auto model = itk::ArSSRModel::New();
  model->SetNetwork(SmallModel(Encoder::ResCNN)->GetNetwork());
  engine->SetModel(model);
  engine->SetDevice("cpu");
  const ArSSRTileLattice lattice(ImageSize, ImageSize, model->GetHaloRadius());
  TestJob                before(lattice, 1.0);
  engine->Run(before.job);

  model->SetNetwork(SmallModel(Encoder::RDN)->GetNetwork());
  TestJob after({ ImageSize, ImageSize, model->GetHaloRadius() }, 1.0);
  engine->Run(after.job);
  EXPECT_FALSE(SameBits(*before.output, *after.output, before.output->GetBufferedRegion()));
}

// A filter that is aborted throws from these functions, and may be updated again.
TEST(ArSSREngine, PropagatesCallbackExceptionsAndCanBeUsedAgain)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  engine->SetDevice("cpu");
  const ArSSRTileLattice lattice(ImageSize, { { 7, 6, 10 } }, model->GetHaloRadius());

  TestJob stopped(lattice, 1.0);
  stopped.job.reportProgress = [](float fraction) {
    if (fraction > 0.3F)
    {
      itkGenericExceptionMacro("stopped at will");
    }
  };
  EXPECT_TRUE(Contains(MessageOf([&] { engine->Run(stopped.job); }), "stopped at will"));

  TestJob unwritable(lattice, 1.0);
  unwritable.job.writeOutput = [](const auto &, const float *, itk::SizeValueType) {
    throw std::runtime_error("no room");
  };
  EXPECT_TRUE(Contains(MessageOf([&] { engine->Run(unwritable.job); }), "no room"));

  TestJob complete(lattice, 1.0);
  engine->Run(complete.job);
  EXPECT_NE(complete.output->GetPixel({ { 6, 5, 30 } }), -1.0F);
}

// A filter can be aborted only where progress is reported.
TEST(ArSSREngine, ReportsProgressThatGrowsToOneAndMovesWithEveryTile)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  engine->SetDevice("cpu");
  std::vector<float> reports;
  TestJob            job({ ImageSize, { { 7, 6, 8 } }, model->GetHaloRadius() }, 1.5);
  job.job.reportProgress = [&reports](float fraction) {
    reports.push_back(fraction);
  };
  engine->Run(job.job);
  ASSERT_GE(reports.size(), 8U); // four tiles, encoded and decoded
  EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
  EXPECT_NEAR(reports.back(), 1.0F, 0.01F);
}

TEST(ArSSREngine, RefusesToWorkWithoutAModel)
{
  const auto engine = ArSSREngine::New();
  EXPECT_TRUE(Contains(MessageOf([&] { engine->PlanTiles(ImageSize); }), "no model"));
  const auto empty = itk::ArSSRModel::New();
  engine->SetModel(empty);
  EXPECT_TRUE(Contains(MessageOf([&] { engine->PlanTiles(ImageSize); }), "no model"));
}

TEST(ArSSREngine, NamesTheExecutorOfTheLastJob)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  engine->SetDevice("cpu");
  EXPECT_EQ(engine->GetResolvedExecutor(), "");
  TestJob job({ ImageSize, ImageSize, model->GetHaloRadius() }, 1.0);
  engine->Run(job.job);
  const std::string expected = std::string("CPU kernels (") + itk::arssr::GetCpuKernels().name + ')';
  EXPECT_EQ(engine->GetResolvedExecutor(), expected);
  std::ostringstream text;
  engine->Print(text);
  EXPECT_TRUE(Contains(text.str(), "ResolvedExecutor: " + expected));
}

// Each further tile encodes its halo again.
TEST(ArSSREngine, PlansOneTileWhereTheBudgetAllowsIt)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::RDN);
  engine->SetModel(model);
  EXPECT_EQ(engine->PlanTiles({ { 40, 40, 40 } }).GetTileSize(), (ArSSRTileLattice::SizeType{ { 40, 40, 40 } }));
  engine->SetMemoryBudget(600);
  const auto lattice = engine->PlanTiles({ { 256, 256, 256 } });
  EXPECT_GT(lattice.GetNumberOfTiles()[2], 1U);
}

TEST(ArSSREngine, AgreesOnACudaDevice)
{
  const auto engine = ArSSREngine::New();
  const auto model = SmallModel(Encoder::ResCNN);
  engine->SetModel(model);
  try
  {
    engine->SetDevice("cuda");
  }
  catch (const itk::ExceptionObject & error)
  {
    GTEST_SKIP() << error.GetDescription();
  }
  const ArSSRTileLattice lattice(ImageSize, { { 7, 6, 16 } }, model->GetHaloRadius());
  TestJob                onDevice(lattice, 1.7);
  engine->Run(onDevice.job);
  EXPECT_TRUE(Contains(engine->GetResolvedExecutor(), "(cuda:0)")) << engine->GetResolvedExecutor();
  TestJob onHost(lattice, 1.7);
  engine->SetDevice("cpu");
  engine->Run(onHost.job);
  EXPECT_LT(LargestDifference(*onDevice.output, *onHost.output), 1e-4 * ValueRange(*onHost.output));
}
