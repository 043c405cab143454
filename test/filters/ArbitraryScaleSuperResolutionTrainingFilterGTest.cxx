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
#include "support/ArSSRTestHelpers.h"
#include "training/ArSSRTrainingTestHelpers.h"

#include "itkArbitraryScaleSuperResolutionTrainingFilter.h"

#include <ATen/ATen.h>

#include <fstream>
#include <functional>

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionTrainingFilter<FloatImage>;
using itk::ArSSRModel;

constexpr FloatImage::SizeType TrainingSize{ { 22, 20, 18 } };
constexpr FloatImage::SizeType OtherSize{ { 17, 18, 24 } };

// Of SmallRecipeValues().
constexpr itk::SizeValueType Steps = 12;
constexpr itk::SizeValueType Epochs = 4;

void
SetSmallRecipe(FilterType & filter)
{
  auto values = SmallRecipeValues();
  values.insert({ { "procedural_volumes", "0" }, { "procedural_probability", "0" } });
  for (const auto & value : values)
  {
    filter.SetRecipeValue(value.first, value.second);
  }
  filter.SetDevice("cpu");
  filter.SetNumberOfThreads(1);
}

/** A filter with one training image and one validation image. */
FilterType::Pointer
MakeFilter(FloatImage * training, FloatImage * validation = nullptr)
{
  auto filter = FilterType::New();
  SetSmallRecipe(*filter);
  filter->AddTrainingImage(training, "training");
  if (validation != nullptr)
  {
    filter->AddValidationImage(validation, "validation");
  }
  return filter;
}

FilterType::Pointer
MakeFilter()
{
  return MakeFilter(SyntheticImage(TrainingSize), SyntheticImage(OtherSize));
}

at::Tensor
Train(FilterType & filter)
{
  filter.Update();
  return WeightsOf(*filter.GetOutput());
}

std::string
UpdateMessage(FilterType & filter)
{
  return MessageOf([&filter] { filter.Update(); });
}

void
Observe(FilterType & filter, const itk::EventObject & event, const std::function<void()> & function)
{
  filter.AddObserver(event, [function](const itk::EventObject &) { function(); });
}

/** A source of an image that, as file readers do, always gives all of it; it can fail, and knows how often it ran. */
class WholeImageSource : public itk::ImageSource<FloatImage>
{
public:
  using Self = WholeImageSource;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(WholeImageSource);

  FloatImage::Pointer   image;
  int                   executions{ 0 };
  bool                  failsToOpen{ false };
  bool                  failsToRead{ false };
  std::function<void()> atExecution;

protected:
  void
  GenerateOutputInformation() override
  {
    if (failsToOpen)
    {
      itkExceptionMacro("the file cannot be opened");
    }
    this->GetOutput()->CopyInformation(image);
  }
  void
  EnlargeOutputRequestedRegion(itk::DataObject * output) override
  {
    output->SetRequestedRegionToLargestPossibleRegion();
  }
  void
  GenerateData() override
  {
    if (failsToRead)
    {
      itkExceptionMacro("the file is damaged");
    }
    if (atExecution)
    {
      atExecution();
    }
    ++executions;
    this->AllocateOutputs();
    const RegionType region = image->GetLargestPossibleRegion();
    itk::ImageAlgorithm::Copy(image.GetPointer(), this->GetOutput(), region, region);
  }
};

WholeImageSource::Pointer
MakeSource(const FloatImage::SizeType & size = TrainingSize)
{
  auto source = WholeImageSource::New();
  source->image = SyntheticImage(size);
  return source;
}
} // namespace


TEST(ArbitraryScaleSuperResolutionTrainingFilter, HasItsBasicMethods)
{
  const auto filter = FilterType::New();
  EXPECT_STREQ(filter->GetNameOfClass(), "ArbitraryScaleSuperResolutionTrainingFilter");
  EXPECT_EQ(filter->GetNumberOfTrainingImages(), 0U);
  EXPECT_EQ(filter->GetNumberOfValidationImages(), 0U);
  EXPECT_TRUE(filter->GetOutput()->IsEmpty());
  EXPECT_EQ(filter->GetInitialModel(), nullptr);
  EXPECT_EQ(filter->GetRecipeValue("recipe"), "default");
  filter->SetRecipe("published");
  EXPECT_EQ(filter->GetRecipeValue("recipe"), "published");
  filter->SetRecipeValue("epochs", 7.0);
  EXPECT_EQ(filter->GetRecipeValue("epochs"), "7");
  for (const std::string & name : filter->GetRecipeNames())
  {
    EXPECT_FALSE(filter->GetRecipeDescription(name).empty()) << name;
  }
  std::ostringstream printed;
  filter->Print(printed);
  for (const char * member : { "NumberOfTrainingImages",
                               "NumberOfValidationImages",
                               "Recipe",
                               "epochs: 7",
                               "Device: auto",
                               "NumberOfThreads",
                               "MemoryBudget",
                               "CheckpointDirectory",
                               "ResumeFrom",
                               "ProcessGroup",
                               "EpochEnded",
                               "Trainer" })
  {
    EXPECT_TRUE(Contains(printed.str(), member)) << member;
  }
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, GivesTheModelOfTheTrainer)
{
  const auto       filter = MakeFilter();
  const at::Tensor weights = Train(*filter);

  itk::ArSSRTrainer::Job job;
  for (const std::string & name : filter->GetRecipeNames())
  {
    if (name != "recipe")
    {
      job.recipe.Set(name, filter->GetRecipeValue(name));
    }
  }
  const auto describe = [](const char * name, const FloatImage::Pointer & image) {
    itk::ArSSRTrainingImage description;
    description.name = name;
    description.size = image->GetLargestPossibleRegion().GetSize();
    description.read = [image](float * buffer) {
      std::copy_n(image->GetBufferPointer(), image->GetLargestPossibleRegion().GetNumberOfPixels(), buffer);
    };
    return description;
  };
  job.trainingImages = { describe("training", SyntheticImage(TrainingSize)) };
  job.validationImages = { describe("validation", SyntheticImage(OtherSize)) };
  job.device = "cpu";
  job.numberOfThreads = 1;
  EXPECT_TRUE(WeightsOf(*itk::ArSSRTrainer::New()->Run(job)).equal(weights));
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, TrainsWhenADownstreamFilterUpdates)
{
  const auto trainer = MakeFilter();
  auto       upscale = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>::New();
  upscale->SetInput(SyntheticImage({ { 7, 8, 9 } }));
  upscale->SetModel(trainer->GetOutput());
  upscale->SetDevice("cpu");
  upscale->Update();
  EXPECT_EQ(trainer->GetStep(), Steps);
  EXPECT_GT(ValueRange(*upscale->GetOutput()), 10.0);

  const auto model = ArSSRModel::New();
  model->Graft(trainer->GetOutput());
  auto again = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>::New();
  again->SetInput(upscale->GetInput());
  again->SetModel(model);
  again->SetDevice("cpu");
  again->Update();
  EXPECT_TRUE(SameBits(*again->GetOutput(), *upscale->GetOutput(), again->GetOutput()->GetBufferedRegion()));
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, TakesImagesThatStartAtAnyIndex)
{
  const at::Tensor expected = Train(*MakeFilter());
  for (const FloatImage::IndexType start : { FloatImage::IndexType{ { 3, 0, 0 } }, { { -4, 5, 100 } } })
  {
    const auto move = [&start](const FloatImage::Pointer & image) {
      image->SetRegions(RegionType(start, image->GetLargestPossibleRegion().GetSize())); // the same voxels
      return image;
    };
    const auto inMemory = MakeFilter(move(SyntheticImage(TrainingSize)), move(SyntheticImage(OtherSize)));
    EXPECT_TRUE(Train(*inMemory).equal(expected)) << start;

    const auto sources = { MakeSource(TrainingSize), MakeSource(OtherSize) };
    for (const auto & source : sources)
    {
      move(source->image);
    }
    const auto fromSources = MakeFilter(sources.begin()[0]->GetOutput(), sources.begin()[1]->GetOutput());
    EXPECT_TRUE(Train(*fromSources).equal(expected)) << start;
  }
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, TakesImagesOnSeveralGrids)
{
  const auto filter = MakeFilter();
  auto       oblique = SyntheticImage(OtherSize, { { 1, 2, 3 } });
  SetObliqueGeometry(*oblique);
  filter->AddTrainingImage(oblique);
  EXPECT_EQ(filter->GetNumberOfTrainingImages(), 2U);
  filter->Update();
  EXPECT_EQ(MetaDataOf(*filter->GetOutput(), "training_data"), "training, training image 2");
  EXPECT_EQ(MetaDataOf(*filter->GetOutput(), "training_images"), "2");
  EXPECT_EQ(MetaDataOf(*filter->GetOutput(), "trained_spacing_min"), "0.9");
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, InvokesAnEventForEachStepAndEpoch)
{
  const auto         filter = MakeFilter();
  itk::SizeValueType steps = 0;
  itk::SizeValueType epochs = 0;
  std::vector<float> progress;
  double             best = -1e9;
  at::Tensor         bestWeights;
  Observe(*filter, itk::IterationEvent(), [&] {
    filter->GetEpochEnded() ? ++epochs : ++steps;
    EXPECT_EQ(filter->GetStep(), steps);
    EXPECT_EQ(filter->GetEpoch(), epochs);
    EXPECT_EQ(filter->GetNumberOfSteps(), Steps);
    EXPECT_EQ(filter->GetNumberOfEpochs(), Epochs);
    EXPECT_GT(filter->GetLoss(), 0.0);
    EXPECT_GT(filter->GetLearningRate(), 0.0);
    EXPECT_GT(filter->GetSamplesPerSecond(), 0.0);
    EXPECT_GE(filter->GetWaitingShare(), 0.0);
    EXPECT_GE(filter->GetSecondsLeft(), 0.0);
    if (filter->GetEpochEnded() && filter->GetValidationPSNR() > best)
    {
      best = filter->GetValidationPSNR();
      bestWeights = WeightsOf(*filter->GetCurrentModel());
    }
  });
  Observe(*filter, itk::ProgressEvent(), [&] { progress.push_back(filter->GetProgress()); });
  filter->Update();
  EXPECT_EQ(steps, Steps);
  EXPECT_EQ(epochs, Epochs);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_NEAR(progress.back(), 1.0F, 1e-6F);
  EXPECT_EQ(filter->GetBestValidationPSNR(), best);
  EXPECT_TRUE(WeightsOf(*filter->GetOutput()).equal(bestWeights)) << "the best weights are the output";
  ExpectError([&] { filter->GetCurrentModel(); }, "No training is running");
}

// An abort is a pause: the checkpoint must lead to the weights of a training without one.
TEST(ArbitraryScaleSuperResolutionTrainingFilter, EndsAtTheNextStepWhenItIsAborted)
{
  const at::Tensor         expected = Train(*MakeFilter());
  const TemporaryDirectory directory;
  const auto               filter = MakeFilter();
  filter->SetCheckpointDirectory(directory.GetPath().string());
  bool abort = true;
  Observe(*filter, itk::IterationEvent(), [&] {
    if (abort && filter->GetStep() == 4)
    {
      filter->AbortGenerateDataOn();
    }
  });
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_EQ(filter->GetStep(), 4U);
  EXPECT_FALSE(filter->GetOutput()->IsEmpty());
  EXPECT_FALSE(WeightsOf(*filter->GetOutput()).equal(expected));

  abort = false;
  filter->SetResumeFrom(directory.GetPath().string());
  EXPECT_TRUE(Train(*filter).equal(expected)) << "resumed";
  filter->SetResumeFrom("");
  filter->SetCheckpointDirectory("");
  EXPECT_TRUE(Train(*filter).equal(expected)) << "from the start";
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, ThrowsAtEachUpdateUntilTheCauseIsFixed)
{
  const at::Tensor expected = Train(*MakeFilter());
  for (const bool opens : { false, true })
  {
    const auto source = MakeSource();
    const auto filter = MakeFilter(source->GetOutput(), SyntheticImage(OtherSize));
    (opens ? source->failsToRead : source->failsToOpen) = true;
    for (int attempt = 0; attempt < 3; ++attempt)
    {
      EXPECT_TRUE(Contains(UpdateMessage(*filter), opens ? "is damaged" : "cannot be opened")) << attempt;
    }
    source->failsToRead = source->failsToOpen = false;
    EXPECT_TRUE(Train(*filter).equal(expected));
  }
}

// An error while the model is made must not leave the filter behind with an empty one, or silent.
TEST(ArbitraryScaleSuperResolutionTrainingFilter, ExplainsErrorsToADownstreamFilter)
{
  const auto source = MakeSource();
  const auto trainer = MakeFilter(source->GetOutput());
  auto       upscale = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>::New();
  upscale->SetInput(SyntheticImage({ { 7, 8, 9 } }));
  upscale->SetModel(trainer->GetOutput());
  upscale->SetDevice("cpu");
  source->failsToRead = true;
  for (int attempt = 0; attempt < 2; ++attempt)
  {
    ExpectError([&] { upscale->Update(); }, "is damaged");
  }
  source->failsToRead = false;
  EXPECT_EQ(MessageOf([&] { upscale->Update(); }), "");
  EXPECT_GT(ValueRange(*upscale->GetOutput()), 10.0);
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, ExplainsErrorsAndCanBeUsedAgain)
{
  struct Row
  {
    const char *                      name;
    std::function<void(FilterType &)> spoil;
    std::vector<const char *>         expected;
    std::function<void(FilterType &)> mend;
  };
  const auto notFinite = SyntheticImage(TrainingSize);
  notFinite->SetPixel({ { 2, 3, 4 } }, std::numeric_limits<float>::quiet_NaN());
  const auto setFinite = [&](FilterType &) {
    notFinite->SetPixel({ { 2, 3, 4 } }, 1.0F);
    notFinite->Modified();
  };
  const Row rows[] = {
    { "Null", [](FilterType & filter) { filter.AddTrainingImage(nullptr); }, { "training image 2", "null" }, {} },
    { "NullForValidation",
      [](FilterType & filter) { filter.AddValidationImage(nullptr); },
      { "validation image 1", "null" },
      {} },
    { "NotFinite",
      [&](FilterType & filter) { filter.AddTrainingImage(notFinite, "scan 7"); },
      { "'scan 7'", "nan", "(2, 3, 4)", "Replace" },
      setFinite },
    { "UnknownValue", [](FilterType & filter) { filter.SetRecipeValue("epoch", "3"); }, { "epoch" }, {} },
    { "ValueBeyondLimits", [](FilterType & filter) { filter.SetRecipeValue("epochs", -3.0); }, { "epochs", "-3" }, {} },
    { "UnknownRecipe", [](FilterType & filter) { filter.SetRecipe("secret"); }, { "secret" }, {} },
    { "UnknownDevice",
      [](FilterType & filter) { filter.SetDevice("abacus"); },
      { "'abacus'", "'cpu'" },
      [](FilterType & filter) {
        filter.SetDevice("cpu");
      } },
    { "EmptyInitialModel",
      [](FilterType & filter) { filter.SetInitialModel(ArSSRModel::New()); },
      { "initial model is empty" },
      [](FilterType & filter) {
        filter.SetInitialModel(nullptr);
      } },
    { "NoCheckpoint",
      [](FilterType & filter) { filter.SetResumeFrom("no/such/checkpoint"); },
      { "no/such/checkpoint" },
      [](FilterType & filter) {
        filter.SetResumeFrom("");
      } },
    { "NoProcessGroup",
      [](FilterType & filter) { filter.SetProcessGroup("nobody"); },
      { "'nobody'" },
      [](FilterType & filter) {
        filter.SetProcessGroup("");
      } },
  };
  for (const Row & row : rows)
  {
    SCOPED_TRACE(row.name);
    const auto        filter = MakeFilter(SyntheticImage(TrainingSize));
    const std::string message = MessageOf([&] {
      row.spoil(*filter);
      filter->Update();
    });
    for (const char * part : row.expected)
    {
      EXPECT_TRUE(Contains(message, part)) << "'" << part << "' is not in: " << message;
    }
    if (row.mend)
    {
      row.mend(*filter);
    }
    EXPECT_EQ(UpdateMessage(*filter), "");
    EXPECT_FALSE(filter->GetOutput()->IsEmpty());
  }
  const auto noImages = FilterType::New();
  SetSmallRecipe(*noImages);
  EXPECT_TRUE(Contains(UpdateMessage(*noImages), "no training images"));
  const auto small = MakeFilter(SyntheticImage({ { 4, 20, 20 } }));
  EXPECT_NE(UpdateMessage(*small), "");
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, LeavesAConstantImageOutWithAWarning)
{
  auto constant = SyntheticImage(TrainingSize);
  constant->FillBuffer(3.0F);
  const auto filter = MakeFilter();
  filter->AddTrainingImage(constant, "empty scan");
  filter->Update();
  ASSERT_EQ(filter->GetWarnings().size(), 1U);
  EXPECT_TRUE(Contains(filter->GetWarnings()[0], "'empty scan' is left out"));
}

// A cohort must not have to fit into memory, although ITK updates all inputs at once.
TEST(ArbitraryScaleSuperResolutionTrainingFilter, ReadsOneImageAfterAnotherAndKeepsNone)
{
  const std::vector<WholeImageSource::Pointer> sources{ MakeSource(), MakeSource(OtherSize), MakeSource() };
  const auto                                   filter = MakeFilter(sources[0]->GetOutput(), sources[1]->GetOutput());
  filter->AddTrainingImage(sources[2]->GetOutput());
  filter->SetMemoryBudget(0);
  const auto expectNoneBuffered = [&] {
    for (const auto & source : sources)
    {
      EXPECT_EQ(source->GetOutput()->GetBufferedRegion().GetNumberOfPixels(), 0U);
    }
  };
  for (const auto & source : sources)
  {
    source->atExecution = expectNoneBuffered;
  }
  filter->UpdateOutputInformation();
  filter->GetOutput()->PropagateRequestedRegion();
  for (const auto & source : sources)
  {
    EXPECT_EQ(source->executions, 0);
  }
  filter->Update();
  expectNoneBuffered();
  EXPECT_GT(sources[0]->executions + sources[2]->executions, 0);
  EXPECT_GT(sources[1]->executions, 0);
}

// Releasing them would make another user of the image read it again, or find it empty.
TEST(ArbitraryScaleSuperResolutionTrainingFilter, KeepsVoxelsThatWereAlreadyRead)
{
  const auto source = MakeSource();
  source->Update();
  MakeFilter(source->GetOutput())->Update();
  EXPECT_EQ(source->executions, 1);
  EXPECT_EQ(source->GetOutput()->GetBufferedRegion(), source->GetOutput()->GetLargestPossibleRegion());
}

// A training takes hours: a request for another region of an image is no change of it.
TEST(ArbitraryScaleSuperResolutionTrainingFilter, TrainsAgainOnlyWhenSomethingChanged)
{
  const auto source = MakeSource();
  const auto image = SyntheticImage(TrainingSize);
  const auto initial = ArSSRModel::New();
  initial->SetRandomLocalNetwork(4, 1, 6, 3, 8, 1);
  const auto filter = MakeFilter(source->GetOutput());
  filter->AddTrainingImage(image);
  filter->SetInitialModel(initial);
  int trainings = 0;
  Observe(*filter, itk::StartEvent(), [&] { ++trainings; });
  const auto update = [&] {
    trainings = 0;
    filter->Update();
    return trainings;
  };
  EXPECT_EQ(update(), 1);
  at::Tensor weights = WeightsOf(*filter->GetOutput());
  EXPECT_EQ(update(), 0);

  // Others look at the images.
  MakeFilter(source->GetOutput())->Update();
  source->UpdateLargestPossibleRegion();
  EXPECT_EQ(update(), 0);

  const auto expectAnother = [&](const char * change) {
    EXPECT_EQ(update(), 1) << change;
    const at::Tensor now = WeightsOf(*filter->GetOutput());
    EXPECT_FALSE(now.equal(weights)) << change;
    weights = now;
  };
  initial->SetRandomLocalNetwork(4, 1, 6, 3, 8, 2);
  expectAnother("the initial model");
  image->SetPixel({ { 11, 10, 9 } }, 500.0F);
  image->Modified();
  expectAnother("an image");
  source->GetOutput()->SetPixel({ { 11, 10, 9 } }, 900.0F);
  source->GetOutput()->Modified();
  expectAnother("an image of a source, in place");
  source->image->FillBuffer(7.0F);
  source->image->SetPixel({ { 5, 5, 5 } }, 9.0F);
  source->Modified();
  expectAnother("what a source makes");
  filter->SetRecipeValue("seed", 5.0);
  expectAnother("the recipe");
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, ContinuesFromTheModelOfAnotherTraining)
{
  const auto first = MakeFilter();
  const auto second = MakeFilter();
  second->SetInitialModel(first->GetOutput());
  second->SetRecipeValue("learning_rate", "1e-12");
  second->SetRecipeValue("warmup_steps", 0.0);
  const at::Tensor weights = Train(*second);
  EXPECT_EQ(first->GetStep(), Steps) << "the first one is trained when the second one is updated";
  EXPECT_LT((weights - WeightsOf(*first->GetOutput())).abs().max().item<double>(), 1e-9);

  first->SetRecipeValue("seed", 3.0);
  EXPECT_FALSE(Train(*second).equal(weights));
}

TEST(ArbitraryScaleSuperResolutionTrainingFilter, ResumesBitForBit)
{
  const at::Tensor         expected = Train(*MakeFilter());
  const TemporaryDirectory directory;
  const auto               half = MakeFilter();
  half->SetCheckpointDirectory(directory.GetPath().string());
  Observe(*half, itk::IterationEvent(), [&] { half->SetAbortGenerateData(half->GetStep() == 6); });
  half->Update();
  ASSERT_LT(half->GetStep(), Steps);
  const auto resumed = MakeFilter();
  resumed->SetResumeFrom(directory.GetPath().string());
  EXPECT_TRUE(Train(*resumed).equal(expected));
}
