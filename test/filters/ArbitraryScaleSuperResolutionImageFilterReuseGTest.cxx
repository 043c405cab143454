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
#include "support/ArSSRSanitized.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#ifdef __linux__
#  include <malloc.h>
#  include <sys/resource.h>
#  include <unistd.h>
#endif

// Filters that are used for long, by several threads, and after whatever went wrong.

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

FilterType::Pointer
MakeFilter(FloatImage * input, const itk::ArSSRModel * model)
{
  auto filter = FilterType::New();
  filter->SetInput(input);
  filter->SetModel(model);
  filter->SetDevice("cpu");
  return filter;
}

FloatImage::Pointer
Result(FloatImage * input, const itk::ArSSRModel * model, double factor = 2.0)
{
  const auto filter = MakeFilter(input, model);
  filter->SetScaleFactors(factor);
  filter->Update();
  FloatImage::Pointer output = filter->GetOutput();
  output->DisconnectPipeline();
  return output;
}

/** Calls a function at each ProgressEvent. */
void
Observe(FilterType & filter, const std::function<void(FilterType &)> & function)
{
  filter.AddObserver(itk::ProgressEvent(), [&filter, function](const itk::EventObject &) { function(filter); });
}

#ifdef __linux__
/** Bytes of the program that are in memory, without what the C library keeps of freed ones. */
double
GetResidentMiB()
{
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double        all = 0.0;
  double        resident = 0.0;
  file >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/** Lets the process have so much more address space until the end of the scope. */
class AddressSpaceLimit
{
public:
  explicit AddressSpaceLimit(rlim_t moreBytes)
  {
    getrlimit(RLIMIT_AS, &m_Before);
    std::ifstream file("/proc/self/statm");
    rlim_t        pages = 0;
    file >> pages;
    const rlimit limit{ pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + moreBytes, m_Before.rlim_max };
    setrlimit(RLIMIT_AS, &limit);
  }
  ~AddressSpaceLimit()
  {
    setrlimit(RLIMIT_AS, &m_Before);
  }
  AddressSpaceLimit(const AddressSpaceLimit &) = delete;
  AddressSpaceLimit &
  operator=(const AddressSpaceLimit &) = delete;

private:
  rlimit m_Before{};
};
#endif
} // namespace


// Weights are shared, not copied: whatever a run keeps in the model would be a race.
TEST(FilterReuse, TwoFiltersShareAModelInTwoThreads)
{
  const auto                               model = SmallModel(Encoder::Residual);
  const std::array<FloatImage::Pointer, 2> inputs{ SyntheticImage({ { 15, 14, 9 } }),
                                                   SyntheticImage({ { 8, 9, 17 } }) };
  const std::array<FloatImage::Pointer, 2> expected{ Result(inputs[0], model), Result(inputs[1], model) };
  std::array<int, 2>                       same{};
  constexpr int                            repetitions = 20;
  std::vector<std::thread>                 threads;
  for (std::size_t number : { 0, 1 })
  {
    threads.emplace_back([&, number] {
      const auto filter = MakeFilter(inputs[number], model);
      filter->SetScaleFactors(2.0);
      for (int repetition = 0; repetition < repetitions; ++repetition)
      {
        filter->ReleaseFeatures();
        filter->Modified();
        filter->Update();
        same[number] +=
          SameBits(*filter->GetOutput(), *expected[number], expected[number]->GetBufferedRegion()) ? 1 : 0;
      }
    });
  }
  for (std::thread & thread : threads)
  {
    thread.join();
  }
  EXPECT_EQ(same, (std::array<int, 2>{ repetitions, repetitions }));
}

// Aborted and failed updates are among them: each path must give back what it took.
TEST(FilterReuse, AThousandUpdatesTakeNoMoreMemory)
{
  const std::array<itk::ArSSRModel::Pointer, 3> models{ SmallModel(Encoder::Residual),
                                                        SmallModel(Encoder::ResCNN),
                                                        SmallModel(Encoder::Residual) };
  const auto                                    filter = MakeFilter(SyntheticImage({ { 4, 4, 4 } }), models[0]);
  bool                                          abort = false;
  Observe(*filter, [&abort](FilterType & process) { process.SetAbortGenerateData(abort); });
  const auto update = [&](unsigned int number) {
    // Another image each time, another model every seventh time; every tenth is not finite, every eleventh is aborted.
    const auto image = SyntheticImage({ { 4 + number % 5, 4 + number % 3, 3 + number % 7 } });
    const bool bad = number % 10 == 9;
    if (bad)
    {
      image->SetPixel({ { 1, 1, 1 } }, std::numeric_limits<float>::infinity());
    }
    abort = number % 11 == 10;
    filter->SetAbortGenerateData(false);
    filter->SetInput(image);
    filter->SetModel(models[number / 7 % models.size()]);
    filter->SetScaleFactors(1.0 + 0.25 * (number % 6));
    EXPECT_EQ(MessageOf([&] { filter->UpdateLargestPossibleRegion(); }).empty(), !bad && !abort) << number;
  };
  constexpr unsigned int warmUp = 200;
  constexpr unsigned int updates = 1000;
  for (unsigned int number = 0; number < warmUp; ++number)
  {
    update(number);
  }
#ifdef __linux__
  const double before = GetResidentMiB();
#endif
  for (unsigned int number = 0; number < updates; ++number)
  {
    update(number);
  }
#ifdef __linux__
  if (!Sanitized)
  {
    EXPECT_LT(GetResidentMiB() - before, 4.0) << "MiB in " << updates << " updates";
  }
#endif
  abort = false;
  filter->SetAbortGenerateData(false);
  const auto image = SyntheticImage({ { 6, 7, 5 } });
  filter->SetInput(image);
  filter->SetModel(models[1]);
  filter->SetScaleFactors(2.0);
  filter->UpdateLargestPossibleRegion();
  const auto expected = Result(image, models[1]);
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion()));
}

// A reference cycle, or a reset of a filter that is gone, shows in the counts here.
TEST(FilterReuse, AFilterMayBeDestroyedByTheExceptionItThrows)
{
  const auto image = SyntheticImage({ { 6, 7, 5 } });
  image->SetPixel({ { 1, 2, 3 } }, std::numeric_limits<float>::quiet_NaN());
  const auto model = SmallModel(Encoder::Residual);
  ExpectError([&] { Result(image, model); }, "[1, 2, 3]");
  EXPECT_EQ(model->GetReferenceCount(), 1);
  EXPECT_EQ(image->GetReferenceCount(), 1);

  const auto recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage({ { 6, 7, 5 } }));
  recorder->fail = true;
  ExpectError([&] { Result(recorder->GetOutput(), model); }, "asked to fail");
  recorder->fail = false;
  EXPECT_GT(ValueRange(*Result(recorder->GetOutput(), model)), 1.0);
}

// The time and the size of a file do not tell: both can stay the same when its content changes.
TEST(FilterReuse, AModelFileThatWasWrittenAgainIsReadAgain)
{
  const TemporaryDirectory directory;
  const std::string        name = directory.File("model.safetensors");
  const auto               image = SyntheticImage({ { 9, 8, 7 } });
  const auto               first = itk::ArSSRModel::New();
  first->SetRandomLocalNetwork(4, 2, 8, 3, 16, 1);
  const auto second = itk::ArSSRModel::New();
  second->SetRandomLocalNetwork(4, 2, 8, 3, 16, 2);
  first->WriteFile(name);

  const auto filter = FilterType::New();
  filter->SetInput(image);
  filter->SetModelFileName(name);
  filter->SetDevice("cpu");
  filter->Update();
  const auto expected = Result(image, first);
  ASSERT_FALSE(SameBits(*Result(image, second), *expected, expected->GetBufferedRegion()));
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion()));
  filter->Modified();
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 1U) << "the file has not changed: features are used again";

  // A file of the same size, and one that another program writes over it in place with its old time.
  second->WriteFile(name);
  filter->Modified();
  filter->Update();
  const auto other = Result(image, second);
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *other, other->GetBufferedRegion()));
  const auto time = std::filesystem::last_write_time(name);
  first->WriteFile(name);
  std::filesystem::last_write_time(name, time);
  filter->Modified();
  filter->Update();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion()));

  std::ofstream(name) << "damaged";
  filter->Modified();
  ExpectError([&] { filter->Update(); }, "model.safetensors");
  first->WriteFile(name);
  EXPECT_EQ(MessageOf([&] { filter->Update(); }), "");
}

// An abort between encoding and decoding must not leave features of half a tile in the cache.
TEST(FilterReuse, AnAbortAtAnyStepLeavesAFilterThatWorks)
{
  const FloatImage::SizeType size{ { 9, 8, 60 } };
  const auto                 image = SyntheticImage(size);
  const auto                 model = SmallModel(Encoder::Residual);
  const auto                 expected = Result(image, model, 1.5);
  const auto                 filter = MakeFilter(image, model);
  filter->SetScaleFactors(1.5);
  filter->SetMemoryBudget(BudgetForTiles(model, size, 4));
  int steps = 0;
  int last = -1;
  Observe(*filter, [&](FilterType & process) {
    if (steps++ == last)
    {
      process.AbortGenerateDataOn();
    }
  });
  const auto update = [&] {
    steps = 0;
    filter->SetAbortGenerateData(false);
    filter->ReleaseFeatures();
    filter->Modified();
    filter->UpdateLargestPossibleRegion();
  };
  update();
  update(); // the statistics of the input are known by now
  const int all = steps;
  ASSERT_GT(filter->GetNumberOfEncodedTiles(), 1U);
  ASSERT_GT(all, 10);
  for (int step = 1; step < all - 1; ++step)
  {
    last = step;
    EXPECT_THROW(update(), itk::ProcessAborted) << "at step " << step << " of " << all;
    last = -1;
    ASSERT_NO_THROW(update()) << "after an abort at step " << step;
    ASSERT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion())) << "step " << step;
  }
}

TEST(FilterReuse, ProgressGrowsOverTheStatisticsAndTheNetwork)
{
  const auto         filter = MakeFilter(SyntheticImage({ { 9, 8, 30 } }), SmallModel(Encoder::Residual));
  std::vector<float> progress;
  Observe(*filter, [&](FilterType & process) { progress.push_back(process.GetProgress()); });
  filter->Update();
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.front(), 0.0F);
  EXPECT_NEAR(progress.back(), 1.0F, 1e-3F);
  EXPECT_GT(std::count_if(progress.begin(), progress.end(), [](float value) { return value > 0.0F && value <= 0.1F; }),
            1)
    << "nothing is reported while the whole input is looked at";

  // The statistics are known: all of the progress is the network's.
  progress.clear();
  filter->ReleaseFeatures();
  filter->SetScaleFactors(3.0);
  filter->Update();
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_LT(progress.front(), 0.1F);
  EXPECT_NEAR(progress.back(), 1.0F, 1e-3F);
}

TEST(FilterReuse, AnAbortWhileTheStatisticsAreMadeEndsTheUpdate)
{
  const auto image = SyntheticImage({ { 9, 8, 30 } });
  const auto model = SmallModel(Encoder::Residual);
  const auto expected = Result(image, model);
  for (int step = 0; step < 3; ++step)
  {
    const auto recorder = RegionRecorder::New();
    recorder->SetInput(image);
    const auto filter = MakeFilter(recorder->GetOutput(), model);
    int        steps = 0;
    int        aborts = 0;
    bool       abort = true;
    filter->AddObserver(itk::AbortEvent(), [&](const itk::EventObject &) { ++aborts; });
    Observe(*filter, [&](FilterType & process) {
      if (abort && steps++ == step)
      {
        process.AbortGenerateDataOn();
      }
    });
    EXPECT_THROW(filter->Update(), itk::ProcessAborted) << step;
    EXPECT_EQ(aborts, 1);
    EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 0U);
    EXPECT_EQ(steps, step + 1) << "work went on after the abort";
    EXPECT_LE(filter->GetProgress(), 0.1F);

    abort = false;
    ASSERT_NO_THROW(filter->Update()) << step;
    EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion())) << step;
    const auto time = filter->GetOutput()->GetUpdateMTime();
    filter->Update();
    EXPECT_EQ(filter->GetOutput()->GetUpdateMTime(), time) << "computed again though nothing changed";
  }
}

#ifdef __linux__
// The limit is the process's, below the budget: allocations fail at any place, and none may end the program.
TEST(FilterReuse, WorksWithSmallerTilesOrSaysSoWhenMemoryRunsOut)
{
  if (Sanitized)
  {
    GTEST_SKIP() << "Sanitizers end the program where memory runs out.";
  }
  const auto image = SyntheticImage({ { 48, 48, 48 } });
  const auto model = itk::ArSSRModel::New();
  model->SetRandomLocalNetwork(32, 2, 32, 4, 32, 3);
  const auto expected = Result(image, model, 1.3);
  const auto filter = MakeFilter(image, model);
  filter->SetScaleFactors(1.3);
  int failures = 0;
  int successes = 0;
  for (const rlim_t mebibytes : { 0, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 256, 1024 })
  {
    filter->ReleaseFeatures();
    filter->Modified();
    std::string message;
    {
      const AddressSpaceLimit limit(mebibytes << 20);
      message = MessageOf([&] { filter->UpdateLargestPossibleRegion(); });
    }
    if (message.empty())
    {
      ++successes;
      EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion())) << mebibytes << " MiB";
    }
    else
    {
      ++failures;
      EXPECT_TRUE(Contains(message, "memory") || Contains(message, "Memory")) << mebibytes << " MiB: " << message;
    }
  }
  EXPECT_GT(failures, 0);
  EXPECT_GT(successes, 0);
  filter->ReleaseFeatures();
  filter->Modified();
  filter->UpdateLargestPossibleRegion();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetBufferedRegion()));
}
#endif
