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
#include "itkArSSRTrainer.h"
#include "network/ArSSRNetwork.h"
#include "samples/ArSSRSampleSource.h"
#include "samples/ArSSRSampleTestHelpers.h"
#include "support/ArSSRTestHelpers.h"
#include "training/ArSSRRecipeSettings.h"
#include "training/ArSSRTrainingBatch.h"
#include "training/ArSSRTrainingMetaData.h"
#include "training/ArSSRTrainingTestHelpers.h"

#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <map>
#include <set>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModel;
using itk::ArSSRTrainer;
using itk::ArSSRTrainingImage;
using itk::ArSSRTrainingStatus;
using itk::arssr::Network;

float
Blobs(std::int64_t z, std::int64_t y, std::int64_t x)
{
  const auto wave = [](std::int64_t i, double period) {
    return std::sin(static_cast<double>(i) / period);
  };
  return static_cast<float>(0.5 + 0.2 * wave(z, 2.1) * wave(y, 1.7) + 0.2 * wave(x, 1.4) + 0.1 * wave(x + y, 3.0));
}

ArSSRTrainer::Job
SmallJob()
{
  ArSSRTrainer::Job job;
  auto              values = SmallRecipeValues();
  values.insert({ { "procedural_volumes", "1" }, { "procedural_size", "24" } });
  for (const auto & value : values)
  {
    job.recipe.Set(value.first, value.second);
  }
  job.trainingImages = { MakeImage("blobs", { 24, 22, 26 }, Blobs) };
  job.validationImages = { MakeImage(
    "others", { 20, 20, 20 }, [](auto z, auto y, auto x) { return Blobs(x + 5, z, y); }) };
  job.device = "cpu";
  job.numberOfThreads = 1;
  return job;
}

at::Tensor
Train(const ArSSRTrainer::Job & job)
{
  return WeightsOf(*ArSSRTrainer::New()->Run(job));
}

std::vector<std::string>
FilesIn(const TemporaryDirectory & directory)
{
  std::vector<std::string> names;
  for (const auto & entry : std::filesystem::directory_iterator(directory.GetPath()))
  {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}
} // namespace

// A shift, a wrong axis or a gradient that does not reach some layer keeps a network below this PSNR.
TEST(ArSSRTrainer, OverfitsASmallVolume)
{
  ArSSRTrainer::Job job = SmallJob();
  // One scale and one volume, and all the capacity that a second or two of training can fill.
  for (const auto & value : std::map<std::string, std::string>{ { "channels", "24" },
                                                                { "blocks", "2" },
                                                                { "feature_dim", "24" },
                                                                { "width", "32" },
                                                                { "patch_size", "8" },
                                                                { "samples", "1500" },
                                                                { "scale_min", "2" },
                                                                { "scale_max", "2" },
                                                                { "anisotropic_probability", "0" },
                                                                { "procedural_volumes", "0" },
                                                                { "procedural_probability", "0" },
                                                                { "flip", "off" },
                                                                { "permute", "off" },
                                                                { "gain_min", "1" },
                                                                { "gain_max", "1" },
                                                                { "gamma_max", "1" },
                                                                { "noise_probability", "0" },
                                                                { "learning_rate", "0.004" },
                                                                { "ema_decay", "0.98" },
                                                                { "steps_per_epoch", "250" },
                                                                { "epochs", "2" },
                                                                { "warmup_steps", "20" } })
  {
    job.recipe.Set(value.first, value.second);
  }
  job.trainingImages = { MakeImage("blobs", { 16, 16, 16 }, Blobs) };
  job.validationImages = { MakeImage("the same", { 16, 16, 16 }, Blobs) };
  const auto trainer = ArSSRTrainer::New();
  trainer->Run(job);
  EXPECT_GT(trainer->GetStatus().bestValidationPSNR, 45.0);
}

TEST(ArSSRTrainer, GivesTheSameBitsAgain)
{
  const ArSSRTrainer::Job job = SmallJob();
  const at::Tensor        weights = Train(job);
  EXPECT_TRUE(Train(job).equal(weights));

  ArSSRTrainer::Job threaded = job;
  threaded.recipe.Set("prefetch_threads", "3");
  EXPECT_TRUE(Train(threaded).equal(weights)) << "samples depend on the threads that prepare them";

  ArSSRTrainer::Job other = job;
  other.recipe.Set("seed", "1");
  EXPECT_FALSE(Train(other).equal(weights));
}

// A state that a checkpoint lacks shows in the last bits first.
TEST(ArSSRTrainer, ResumesBitForBit)
{
  const at::Tensor straight = Train(SmallJob());
  for (const itk::SizeValueType stopAt : { 3U, 7U }) // at the end of an epoch and in the middle of one
  {
    const TemporaryDirectory directory;
    ArSSRTrainer::Job        job = SmallJob();
    job.checkpointDirectory = directory.GetPath().string();
    job.report = [stopAt](const ArSSRTrainingStatus & status, bool) {
      return status.step < stopAt;
    };
    const auto trainer = ArSSRTrainer::New();
    trainer->Run(job);
    ASSERT_EQ(trainer->GetStatus().step, stopAt);

    job.report = nullptr;
    job.resumeFrom = job.checkpointDirectory;
    EXPECT_TRUE(Train(job).equal(straight)) << "stopped at step " << stopAt;
  }
}

TEST(ArSSRTrainer, ResumesFromTheLatestReadableCheckpoint)
{
  const TemporaryDirectory directory;
  ArSSRTrainer::Job        job = SmallJob();
  job.recipe.Set("checkpoints_kept", "2");
  job.checkpointDirectory = directory.GetPath().string();
  const at::Tensor straight = Train(job);
  EXPECT_EQ(FilesIn(directory),
            (std::vector<std::string>{ "checkpoint-000000009.safetensors", "checkpoint-000000012.safetensors" }));

  std::filesystem::resize_file(directory.File("checkpoint-000000012.safetensors"), 100);
  job.resumeFrom = job.checkpointDirectory;
  EXPECT_TRUE(Train(job).equal(straight));
}

TEST(ArSSRTrainer, NeitherUsesNorRemovesTheCheckpointsOfAnotherTraining)
{
  const TemporaryDirectory directory;
  ArSSRTrainer::Job        job = SmallJob();
  job.checkpointDirectory = directory.GetPath().string();
  Train(job);
  const auto files = FilesIn(directory);

  // The same recipe and images, but a training of its own, with fewer steps than the one before.
  ArSSRTrainer::Job other = job;
  int               steps = 0;
  other.report = [&steps](const ArSSRTrainingStatus &, bool) {
    ++steps;
    return false;
  };
  const auto run = [&other] {
    ArSSRTrainer::New()->Run(other);
  };
  ExpectError(run, "holds checkpoints of another training");
  EXPECT_EQ(steps, 0) << "it must be told before the work, not after it";
  EXPECT_EQ(FilesIn(directory), files);

  other.checkpointDirectory = directory.File("other");
  run();
  EXPECT_EQ(steps, 1);
  other.resumeFrom = job.checkpointDirectory; // of the first one, into the second one's
  ExpectError(run, "holds checkpoints of another training");
}

TEST(ArSSRTrainer, ResumesFromItsLatestCheckpointAfterGoingBack)
{
  const TemporaryDirectory directory;
  ArSSRTrainer::Job        job = SmallJob();
  job.recipe.Set("checkpoints_kept", "5");
  job.checkpointDirectory = directory.GetPath().string();
  const at::Tensor straight = Train(job); // with checkpoints of steps 3, 6, 9 and 12

  job.resumeFrom = directory.File("checkpoint-000000003.safetensors");
  job.report = [](const ArSSRTrainingStatus & status, bool) {
    return status.step < 5;
  };
  Train(job);
  EXPECT_TRUE(std::filesystem::exists(directory.File("checkpoint-000000005.safetensors")));

  itk::SizeValueType firstStep = 0;
  job.resumeFrom = job.checkpointDirectory;
  job.report = [&firstStep](const ArSSRTrainingStatus & status, bool) {
    firstStep = firstStep == 0 ? status.step : firstStep;
    return true;
  };
  EXPECT_TRUE(Train(job).equal(straight));
  EXPECT_EQ(firstStep, 6U) << "it went on from a checkpoint that it had gone back behind";
}

TEST(ArSSRTrainer, GivesTheBestWeightsSoFarWhenItIsStopped)
{
  ArSSRTrainer::Job  job = SmallJob();
  itk::SizeValueType epochs = 0;
  at::Tensor         bestByHand;
  double             bestPSNR = -1e9;
  const auto         trainer = ArSSRTrainer::New();
  job.report = [&](const ArSSRTrainingStatus & status, bool epochEnded) {
    if (epochEnded)
    {
      ++epochs;
      if (status.validationPSNR > bestPSNR)
      {
        bestPSNR = status.validationPSNR;
        bestByHand = WeightsOf(*trainer->GetCurrentModel());
      }
    }
    return status.step < 8;
  };
  const auto model = trainer->Run(job);
  EXPECT_EQ(epochs, 2U);
  EXPECT_EQ(trainer->GetStatus().bestValidationPSNR, bestPSNR);
  EXPECT_TRUE(WeightsOf(*model).equal(bestByHand));
}

TEST(ArSSRTrainer, ReportsEachStepAndEpoch)
{
  ArSSRTrainer::Job job = SmallJob();
  int               steps = 0;
  int               epochs = 0;
  job.report = [&](const ArSSRTrainingStatus & status, bool epochEnded) {
    epochEnded ? ++epochs : ++steps;
    EXPECT_EQ(status.step, static_cast<itk::SizeValueType>(steps));
    EXPECT_EQ(status.epoch, static_cast<itk::SizeValueType>(epochs));
    EXPECT_EQ(status.numberOfSteps, 12U);
    EXPECT_GT(status.loss, 0.0);
    EXPECT_GT(status.learningRate, 0.0);
    EXPECT_GT(status.samplesPerSecond, 0.0);
    EXPECT_GE(status.waitingShare, 0.0);
    EXPECT_EQ(std::isnan(status.validationPSNR), epochs == 0);
    return true;
  };
  ArSSRTrainer::New()->Run(job);
  EXPECT_EQ(steps, 12);
  EXPECT_EQ(epochs, 4);
}

// Otherwise gradients averaged over processes are not those of the whole batch.
TEST(ArSSRTrainer, HasALossThatIsTheMeanOfItsSamples)
{
  const ArSSRTrainer::Job        job = SmallJob();
  const itk::arssr::SampleSource source(itk::arssr::ReadSampleSettings(job.recipe),
                                        { job.trainingImages, job.validationImages, {} },
                                        1U << 30U,
                                        [](const std::string &) {});
  Network                        network({ itk::ArSSRModelEnums::Encoder::ResCNN, 5, 4, 6 });
  network.InitializeWeights(9);
  std::vector<itk::arssr::TrainingSample> samples;
  std::set<double>                        scales;
  for (std::uint64_t number = 0; number < 6; ++number)
  {
    samples.push_back(source.Draw(number));
    scales.insert(samples.back().voxelSize[0]);
  }
  ASSERT_GT(scales.size(), 2U) << "the batch does not mix scales: nothing is tested";
  for (const char * name : { "l1", "l2", "charbonnier", "psnr" })
  {
    const auto lossOf = [&network, name](const std::vector<itk::arssr::TrainingSample> & batchSamples) {
      const auto batch = StackSamples(batchSamples, at::kCPU);
      return itk::arssr::ComputeLoss(
               name, network.Predict(batch.lowResolution, batch.points, batch.voxelSizes), batch.values)
        .item<double>();
    };
    double sum = 0.0;
    for (const auto & sample : samples)
    {
      sum += lossOf({ sample });
    }
    EXPECT_NEAR(lossOf(samples), sum / 6.0, 1e-6) << name;
  }
  // Errors of 0.1 and 0.3 in two samples: the logarithms of their squares and of what counts as small.
  const at::Tensor errors = at::tensor({ 0.1F, -0.1F, 0.3F, -0.3F }).view({ 2, 2 });
  EXPECT_NEAR(itk::arssr::ComputeLoss("psnr", errors, at::zeros({ 2, 2 })).item<double>(),
              0.5 * (std::log(0.0101) + std::log(0.0901)),
              1e-5);
}

TEST(ArSSRTrainer, ResumesATrainingOnLabelMapsAndScannersBitForBit)
{
  const auto makeJob = [] {
    ArSSRTrainer::Job job = SmallJob();
    const auto        small = job.recipe.GetValues();
    job.recipe = itk::ArSSRTrainingRecipe("scanners");
    for (const char * name : { "channels",
                               "blocks",
                               "feature_dim",
                               "depth",
                               "width",
                               "patch_size",
                               "samples",
                               "scale_max",
                               "slice_scale_max",
                               "resolution_levels",
                               "procedural_volumes",
                               "procedural_size",
                               "batch",
                               "steps_per_epoch",
                               "epochs",
                               "warmup_steps",
                               "validation_samples",
                               "validation_scales",
                               "checkpoint_every" })
    {
      job.recipe.Set(name, small.at(name));
    }
    job.recipe.Set("synthetic_volumes", "2");
    job.recipe.Set("synthetic_size", "16");
    job.recipe.Set("synthetic_probability", "0.5");
    job.labelMaps = { MakeImage("tissues", { 20, 20, 20 }, [](auto z, auto y, auto x) {
      return static_cast<float>((z / 7 + y / 8 + x / 9) % 4);
    }) };
    return job;
  };
  const auto straight = ArSSRTrainer::New()->Run(makeJob());
  EXPECT_TRUE(Contains(MetaDataOf(*straight, "training_data"), "2 synthetic volumes of tissues"));
  EXPECT_EQ(MetaDataOf(*straight, "recipe.recipe"), "scanners");

  const TemporaryDirectory directory;
  ArSSRTrainer::Job        job = makeJob();
  job.checkpointDirectory = directory.GetPath().string();
  job.report = [](const ArSSRTrainingStatus & status, bool) {
    return status.step < 5;
  };
  ArSSRTrainer::New()->Run(job);
  job.report = nullptr;
  job.resumeFrom = job.checkpointDirectory;
  EXPECT_TRUE(Train(job).equal(WeightsOf(*straight)));
  job.labelMaps.clear();
  ExpectError([&job] { ArSSRTrainer::New()->Run(job); }, "made with other images");
}

TEST(ArSSRTrainer, TrainsThePublishedFormByThePublishedRecipe)
{
  ArSSRTrainer::Job job = SmallJob();
  const auto        images = job.trainingImages;
  job.recipe = itk::ArSSRTrainingRecipe("published");
  for (const auto & value : std::map<std::string, std::string>{ { "encoder", "ResCNN" },
                                                                { "feature_dim", "4" },
                                                                { "depth", "4" },
                                                                { "width", "6" },
                                                                { "patch_size", "4" },
                                                                { "scale_max", "2.5" },
                                                                { "samples", "100" },
                                                                { "validation_scales", "2" },
                                                                { "batch", "3" },
                                                                { "epochs", "2" } })
  {
    job.recipe.Set(value.first, value.second);
  }
  const auto model = ArSSRTrainer::New()->Run(job);
  EXPECT_EQ(model->GetFormAsString(), "published");
  EXPECT_EQ(model->GetEncoderAsString(), "ResCNN");
  // 24 x 22 x 26 voxels hold two crops of ten voxels along each axis: 8 crops, 3 a step.
  EXPECT_EQ(MetaDataOf(*model, "steps"), "6");
}

TEST(ArSSRTrainer, StartsFromAModel)
{
  ArSSRTrainer::Job job = SmallJob();
  const auto        initial = ArSSRModel::New();
  initial->SetRandomLocalNetwork(3, 1, 4, 3, 5, 8);
  job.initialModel = initial;
  job.recipe.Set("learning_rate", "1e-12");
  job.recipe.Set("encoder", "RDN"); // the network is that of the model all the same
  const at::Tensor before = WeightsOf(*initial).clone();
  const auto       model = ArSSRTrainer::New()->Run(job);
  EXPECT_LE((WeightsOf(*model) - before).abs().max().item<double>(), 1e-9);
  EXPECT_TRUE(WeightsOf(*initial).equal(before)) << "the initial model was changed";

  job.recipe.Set("learning_rate", "0.01");
  job.recipe.Set("ema_decay", "0.9");
  EXPECT_GT((Train(job) - before).abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(WeightsOf(*initial).equal(before)) << "the initial model was changed";
}

// Without the guard the gradient is 0 for ever, and the training runs to its end with a black image.
TEST(ArSSRTrainer, RevivesADeadOutput)
{
  ArSSRTrainer::Job job = SmallJob();
  Network           network({ itk::ArSSRModelEnums::Encoder::ResCNN, 4, 4, 6 });
  network.InitializeWeights(1);
  std::vector<itk::arssr::NamedTensor> weights;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    const bool last = entry.name == "decoder.stage_two.2.bias";
    weights.push_back({ entry.name, last ? at::full({ 1 }, -100.0, at::kFloat) : entry.value });
  }
  auto dead = std::make_shared<Network>(network.GetArchitecture());
  dead->SetWeights(weights);
  const auto initial = ArSSRModel::New();
  initial->SetNetwork(dead);
  job.initialModel = initial;

  job.recipe.Set("dead_output_guard", "off");
  const auto unguarded = ArSSRTrainer::New();
  unguarded->Run(job);
  EXPECT_EQ(unguarded->GetStatus().gradientNorm, 0.0);
  EXPECT_EQ(unguarded->GetStatus().revivals, 0U);

  job.recipe.Set("dead_output_guard", "on");
  const auto guarded = ArSSRTrainer::New();
  guarded->Run(job);
  EXPECT_EQ(guarded->GetStatus().revivals, 1U);
  EXPECT_GT(guarded->GetStatus().gradientNorm, 0.0);
  EXPECT_LT(guarded->GetStatus().loss, unguarded->GetStatus().loss);
}

TEST(ArSSRTrainer, DescribesTheTrainingInTheModel)
{
  ArSSRTrainer::Job job = SmallJob();
  job.trainingImages[0].spacing[0] = 0.5;
  const auto model = ArSSRTrainer::New()->Run(job);
  EXPECT_EQ(MetaDataOf(*model, "trained_scale_min"), "1");
  EXPECT_EQ(MetaDataOf(*model, "trained_scale_max"), "2.5");
  EXPECT_EQ(MetaDataOf(*model, "trained_spacing_min"), "0.5");
  EXPECT_EQ(MetaDataOf(*model, "trained_spacing_max"), "2.5");
  EXPECT_EQ(MetaDataOf(*model, "training_images"), "1");
  EXPECT_TRUE(Contains(MetaDataOf(*model, "training_data"), "blobs, 1 procedural volumes"));
  EXPECT_EQ(MetaDataOf(*model, "recipe.batch"), "2");
  EXPECT_EQ(MetaDataOf(*model, "recipe.recipe"), "default");
  EXPECT_FALSE(MetaDataOf(*model, "validation_psnr").empty());
  EXPECT_FALSE(MetaDataOf(*model, "intensity_convention").empty());
  EXPECT_TRUE(Contains(MetaDataOf(*model, "trained_with"), "ITK "));
  const TemporaryDirectory directory;
  const std::string        file = directory.File("model.safetensors");
  model->WriteFile(file);
  const auto read = itk::ArSSRModel::New();
  read->ReadFile(file);
  EXPECT_EQ(MetaDataOf(*read, "trained_acquisition"), itk::arssr::DescribeTrainedAcquisition(job.recipe));
}

TEST(ArSSRTrainer, DescribesTheScansThatARecipeTrainsFor)
{
  using itk::arssr::DescribeTrainedAcquisition;
  EXPECT_EQ(DescribeTrainedAcquisition(itk::ArSSRTrainingRecipe("scanners")),
            "point spreads, in LR spacings: gaussian 0.5 to 1.25, box 0.65 to 1.2, sinc 1 with and without a window; "
            "across thick slices: gaussian or box 0.6 to 1.5; interpolated by the scanner by up to 2 along two axes; "
            "noise up to 0.06 of the intensity window, Rician or Gaussian");
  EXPECT_EQ(DescribeTrainedAcquisition(itk::ArSSRTrainingRecipe("default")),
            "point spreads, in LR spacings: gaussian 1; across thick slices: gaussian 1; noise up to 0.02 of the "
            "intensity window, Gaussian");
  EXPECT_EQ(DescribeTrainedAcquisition(itk::ArSSRTrainingRecipe("published")),
            "cubic interpolation instead of point spreads; no noise");
  itk::ArSSRTrainingRecipe recipe("scanners");
  recipe.Set("gaussian_share", "0");
  recipe.Set("box_share", "0");
  recipe.Set("apodized_probability", "1");
  recipe.Set("zero_filled_probability", "0");
  recipe.Set("noise_rician_share", "1");
  EXPECT_EQ(DescribeTrainedAcquisition(recipe),
            "point spreads, in LR spacings: windowed sinc 1; noise up to 0.06 of the intensity window, Rician");
}

TEST(ArSSRTrainer, RefusesCheckpointsOfOtherTrainings)
{
  const TemporaryDirectory directory;
  ArSSRTrainer::Job        job = SmallJob();
  job.checkpointDirectory = directory.GetPath().string();
  ArSSRTrainer::New()->Run(job);
  job.checkpointDirectory.clear();
  job.resumeFrom = directory.GetPath().string();
  const auto run = [&job] {
    ArSSRTrainer::New()->Run(job);
  };

  ArSSRTrainer::Job good = job;
  job.recipe.Set("learning_rate", "0.5");
  ExpectError(run, "made with learning_rate = 0.001, the training recipe has 0.5");
  job = good;
  job.trainingImages[0].name = "elsewhere";
  ExpectError(run, "made with other images");
  job = good;
  job.resumeFrom = directory.File("nothing.safetensors");
  ExpectError(run, "cannot be resumed");
  job.resumeFrom = directory.File("");
  std::filesystem::create_directory(directory.File("empty"));
  job.resumeFrom = directory.File("empty");
  ExpectError(run, "no checkpoint in");
  const auto model = ArSSRModel::New();
  model->SetRandomLocalNetwork(2, 1, 2, 2, 2);
  model->WriteFile(directory.File("model.safetensors"));
  job.resumeFrom = directory.File("model.safetensors");
  ExpectError(run, "not a checkpoint");
}

TEST(ArSSRTrainer, RefusesImpossibleJobs)
{
  ArSSRTrainer::Job job = SmallJob();
  const auto        run = [&job] {
    ArSSRTrainer::New()->Run(job);
  };
  job.device = "abacus";
  ExpectError(run, "abacus");
  job = SmallJob();
  job.initialModel = ArSSRModel::New();
  ExpectError(run, "initial model is empty");
  job = SmallJob();
  job.processGroup = "nobody";
  ExpectError(run, "no process group 'nobody'");
  job = SmallJob();
  const TemporaryDirectory directory;
  std::ofstream(directory.File("file")) << "not a directory";
  job.checkpointDirectory = directory.File("file");
  ExpectError(run, "cannot be created");
  ExpectError([] { ArSSRTrainer::New()->GetCurrentModel(); }, "No training is running");
}
