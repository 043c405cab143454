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
#include "platform/ArSSRFork.h"

#include "filters/ArSSRFilterTestHelpers.h"
#include "network/ArSSRNetwork.h"
#include "network/ArSSRTorchExecutor.h"
#include "platform/ArSSRCpuParallel.h"
#include "platform/ArSSRForkTestHelpers.h"
#include "platform/ArSSRPrecision.h"
#include "platform/ArSSRTorchErrors.h"
#include "samples/ArSSRSampleTestHelpers.h"
#include "support/ArSSRSanitized.h"
#include "itkArSSRImageQualityCalculator.h"
#include "itkArSSRTrainer.h"
#include "itkSliceProfileDataConsistencyImageFilter.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <atomic>
#include <ios>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

// In a forked process every test would run on one thread, and the tests below would test nothing.
TEST(ArSSRFork, TheTestsAreInNoForkedProcess)
{
  EXPECT_FALSE(itk::arssr::IsForkedChild());
}

#if defined(__unix__) || defined(__APPLE__)
namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using itk::ArSSRTrainer;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

/** Starts the threads of torch, of ITK and of this module's loops, which a child then does not have. */
void
StartAllThreads()
{
  at::set_num_threads(4);
  const at::Tensor large = at::ones({ 1 << 22 });
  ASSERT_EQ((large * 2.0).sum().item<double>(), 2.0 * (1 << 22));
  ForEachRangeInParallel(TorchsThreads, 64, 1, [](std::int64_t, std::int64_t) {});
}

FloatImage::Pointer
Upscaled()
{
  auto filter = FilterType::New();
  filter->SetInput(SyntheticImage({ { 14, 13, 12 } }));
  filter->SetModel(SmallModel(itk::ArSSRModelEnums::Encoder::Residual));
  filter->SetScaleFactors(1.7);
  filter->SetDevice("cpu");
  filter->Update();
  return filter->GetOutput();
}

std::string
CompareBits(const FloatImage & image, const FloatImage & expected)
{
  return SameBits(image, expected, expected.GetBufferedRegion()) ? "same" : "other bits";
}

std::string
CompareBits(const at::Tensor & tensor, const at::Tensor & expected)
{
  return tensor.equal(expected) ? "same" : "other bits";
}

/** A network in torch's own operations on the CPU: what bfloat16 goes through. */
at::Tensor
RunTorchExecutor()
{
  const c10::InferenceMode inferenceMode;
  Network                  network(Architecture{ itk::ArSSRModelEnums::Encoder::Residual, 32, 4, 32, 32, 2 });
  network.InitializeWeights(2, Network::LastLayer::Random);
  const TorchExecutor executor(network, at::kCPU, Precision::Float32);
  EncodeJob           job;
  job.lowResolution = at::linspace(0.0, 1.0, 40 * 40 * 40).view({ 40, 40, 40 });
  job.imageSize = { 40, 40, 40 };
  job.featureBox.end = job.imageSize;
  job.report = [](double) {
  };
  return executor.Encode(job).features;
}

ArSSRTrainer::Job
SmallTraining()
{
  ArSSRTrainer::Job job;
  for (const auto & value : std::map<std::string, std::string>{ { "channels", "8" },
                                                                { "blocks", "1" },
                                                                { "feature_dim", "8" },
                                                                { "depth", "3" },
                                                                { "width", "16" },
                                                                { "samples", "500" },
                                                                { "patch_size", "8" },
                                                                { "scale_max", "2" },
                                                                { "slice_scale_max", "2" },
                                                                { "resolution_levels", "1" },
                                                                { "procedural_volumes", "0" },
                                                                { "procedural_probability", "0" },
                                                                { "steps_per_epoch", "3" },
                                                                { "epochs", "1" } })
  {
    job.recipe.Set(value.first, value.second);
  }
  job.trainingImages = { MakeImage("texture", { 24, 24, 24 }, MakeTexture(1)) };
  job.device = "cpu";
  job.numberOfThreads = 1; // a training's bits may depend on it
  return job;
}

at::Tensor
Trained()
{
  const auto              model = ArSSRTrainer::New()->Run(SmallTraining());
  std::vector<at::Tensor> weights;
  for (const auto & entry : model->GetNetwork()->GetParameters().GetEntries())
  {
    weights.push_back(entry.value.flatten());
  }
  return at::cat(weights);
}

/** A child's answer where it may refuse. */
void
ExpectSameOrRemedy(const std::string & answer)
{
  if (answer.find("exception: ") == 0)
  {
    EXPECT_NE(answer.find("'spawn'"), std::string::npos) << answer;
    return;
  }
  EXPECT_EQ(answer, "same");
}

class ArSSRForkedChild : public ::testing::Test
{
protected:
  void
  SetUp() override
  {
    m_Threads = at::get_num_threads();
    StartAllThreads();
  }
  void
  TearDown() override
  {
    at::set_num_threads(m_Threads);
  }

private:
  int m_Threads{ 0 };
};
} // namespace

// Python's multiprocessing may fork. A loop on more threads would wait for ever.
TEST_F(ArSSRForkedChild, DetectsTheForkAndUsesOneThread)
{
  EXPECT_EQ(RunInForkedChild([] {
              const bool                isForked = IsForkedChild() && TorchThreadsMayBeMissing();
              const MissingThreadsScope torch;
              return std::to_string(isForked) + std::to_string(GetLoopThreads(4)) +
                     std::to_string(at::get_num_threads());
            }),
            "111");
  EXPECT_FALSE(IsForkedChild());
}

TEST_F(ArSSRForkedChild, UpscalesToTheSameBits)
{
  const auto expected = Upscaled();
  ASSERT_GT(ValueRange(*expected), 1e-2);
  EXPECT_EQ(RunInForkedChild([&] { return CompareBits(*Upscaled(), *expected); }), "same");
}

// The filter brings an executor and cached features along that its parent's threads have made.
TEST_F(ArSSRForkedChild, UpscalesWithAFilterThatHasRunBefore)
{
  auto filter = FilterType::New();
  filter->SetInput(SyntheticImage({ { 14, 13, 12 } }));
  filter->SetModel(SmallModel(itk::ArSSRModelEnums::Encoder::Residual));
  filter->SetScaleFactors(1.7);
  filter->SetDevice("cpu");
  filter->Update();
  const auto expected = Upscaled();
  for (const bool release : { false, true })
  {
    EXPECT_EQ(RunInForkedChild([&] {
                filter->Modified();
                if (release)
                {
                  filter->ReleaseFeatures();
                }
                filter->Update();
                return CompareBits(*filter->GetOutput(), *expected);
              }),
              "same");
  }
}

// OpenMP's regions inside torch would wait for threads that are not there.
TEST_F(ArSSRForkedChild, RunsTorchsOperationsToTheSameBits)
{
  const at::Tensor expected = RunTorchExecutor();
  EXPECT_EQ(RunInForkedChild([&] { return CallTorch([&] { return CompareBits(RunTorchExecutor(), expected); }); }),
            "same");
}

// The autograd engine may have had threads; a child that cannot train must say so and not hang.
TEST_F(ArSSRForkedChild, TrainsToTheSameBitsOrRefuses)
{
  const at::Tensor expected = Trained();
  ExpectSameOrRemedy(RunInForkedChild([&] { return CompareBits(Trained(), expected); }));
}

// Weights are converted by torch, whose threads are gone.
TEST_F(ArSSRForkedChild, ReadsAndWritesAModel)
{
  const TemporaryDirectory directory;
  const auto               model = itk::ArSSRModel::New();
  model->SetRandomNetwork(itk::ArSSRModelEnums::Encoder::ResCNN, 128, 8, 256, 1);
  model->WriteFile(directory.File("model.safetensors"));
  EXPECT_EQ(RunInForkedChild([&] {
              const auto read = itk::ArSSRModel::New();
              read->ReadFile(directory.File("model.safetensors"));
              read->WriteFile(directory.File("copy.safetensors"));
              return std::to_string(read->GetNumberOfParameters());
            }),
            std::to_string(model->GetNumberOfParameters()));
}

// These use ITK's threads and not torch's.
TEST_F(ArSSRForkedChild, ChecksConsistencyAndMeasuresQualityToTheSameBits)
{
  const auto low = SyntheticImage({ { 14, 13, 12 } });
  const auto high = Upscaled();
  const auto consistent = [&] {
    auto filter = itk::SliceProfileDataConsistencyImageFilter<FloatImage>::New();
    filter->SetInput(high);
    filter->SetLowResolutionImage(low);
    filter->SetNumberOfIterations(3);
    filter->Update();
    return FloatImage::Pointer(filter->GetOutput());
  };
  const auto expected = consistent();
  EXPECT_EQ(RunInForkedChild([&] { return CompareBits(*consistent(), *expected); }), "same");

  const auto measure = [&] {
    auto calculator = itk::ArSSRImageQualityCalculator<FloatImage>::New();
    calculator->SetTruth(expected);
    calculator->SetImage(high);
    calculator->Compute();
    std::ostringstream text;
    text << std::hexfloat << calculator->GetPeakSignalToNoiseRatio() << ' ' << calculator->GetStructuralSimilarity();
    return text.str();
  };
  EXPECT_EQ(RunInForkedChild(measure), measure());
}

// A lock that another thread holds at the moment of the fork stays locked in the child.
TEST_F(ArSSRForkedChild, UpscalesToTheSameBitsWhileItsParentWorks)
{
  if (Sanitized)
  {
    GTEST_SKIP()
      << "A lock of the sanitizer's allocator that another thread holds at the fork stays locked in the child.";
  }
  const auto        expected = Upscaled();
  std::atomic<bool> stop{ false };
  std::thread       other([&stop] {
    while (!stop)
    {
      Upscaled();
    }
  });
  for (int repetition = 0; repetition < 10; ++repetition)
  {
    const std::string answer = RunInForkedChild([&] { return CompareBits(*Upscaled(), *expected); });
    EXPECT_EQ(answer, "same");
    if (answer == "no answer")
    {
      break;
    }
  }
  stop = true;
  other.join();
}

// Scopes of threads that are gone never end: their precision would stay for ever.
TEST_F(ArSSRForkedChild, HasThePrecisionOfItsOwnScopesAlone)
{
  const auto get = [] {
    return at::globalContext().float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL);
  };
  std::optional<PrecisionScope> ofAThread;
  std::thread([&ofAThread] { ofAThread.emplace(at::kCPU, Precision::Float32); }).join();
  const PrecisionScope own(at::kCPU, Precision::TensorFloat32);
  EXPECT_NE(get(), at::Float32Precision::TF32);
  EXPECT_EQ(RunInForkedChild([&] { return get() == at::Float32Precision::TF32 ? "tf32" : "other"; }), "tf32");
  EXPECT_NE(get(), at::Float32Precision::TF32);
  ofAThread.reset();
}
#endif
