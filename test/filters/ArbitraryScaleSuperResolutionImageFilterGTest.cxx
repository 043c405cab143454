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

#include "itkBinShrinkImageFilter.h"
#include "itkCommand.h"
#include <gtest/gtest.h>
#include "itkMetaDataObject.h"

#include <cstdlib>
#include <set>

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

constexpr FloatImage::SizeType InputSize{ { 6, 7, 5 } };

FilterType::Pointer
MakeFilter(FloatImage * input)
{
  auto filter = FilterType::New();
  filter->SetInput(input);
  filter->SetModel(SmallModel(Encoder::ResCNN));
  filter->SetDevice("cpu");
  return filter;
}

FilterType::Pointer
MakeFilter()
{
  return MakeFilter(SyntheticImage(InputSize));
}

std::string
UpdateMessage(FilterType & filter)
{
  return MessageOf([&filter] { filter.UpdateLargestPossibleRegion(); });
}

FilterType::ScaleFactorsType
Factors(double x, double y, double z)
{
  FilterType::ScaleFactorsType factors;
  factors[0] = x;
  factors[1] = y;
  factors[2] = z;
  return factors;
}
} // namespace


TEST(ArbitraryScaleSuperResolutionImageFilter, HasItsBasicMethods)
{
  const auto filter = MakeFilter();
  EXPECT_STREQ(filter->GetNameOfClass(), "ArbitraryScaleSuperResolutionImageFilter");
  std::ostringstream printed;
  filter->Print(printed);
  for (const char * member : { "ScaleFactors",
                               "OutputSpacing",
                               "Size",
                               "OutputOrigin",
                               "OutputDirection",
                               "OutputStartIndex",
                               "UseReferenceImage",
                               "DefaultPixelValue",
                               "ModelFileName",
                               "Device",
                               "MemoryBudget",
                               "IntensityScaling",
                               "IntensityWindow",
                               "Engine" })
  {
    EXPECT_TRUE(Contains(printed.str(), member)) << member;
  }
}

TEST(ArbitraryScaleSuperResolutionImageFilter, KeepsTheFieldOfViewLikeExpand)
{
  auto input = SyntheticImage({ { 4, 4, 4 } });
  input->SetOrigin(std::vector<double>{ 10, 20, 30 }.data());
  input->SetSpacing(std::vector<double>{ 1, 2, 3 }.data());
  const auto filter = MakeFilter(input);
  filter->Update();
  const auto * output = filter->GetOutput();
  EXPECT_EQ(output->GetOrigin(), itk::MakePoint(9.75, 19.5, 29.25));
  EXPECT_EQ(output->GetSpacing(), itk::MakeVector(0.5, 1.0, 1.5));

  auto shrink = itk::BinShrinkImageFilter<FloatImage, FloatImage>::New();
  shrink->SetInput(output);
  shrink->SetShrinkFactors(2);
  shrink->Update();
  EXPECT_EQ(shrink->GetOutput()->GetOrigin(), input->GetOrigin());
  EXPECT_EQ(shrink->GetOutput()->GetSpacing(), input->GetSpacing());
}

TEST(ArbitraryScaleSuperResolutionImageFilter, RoundsSizesToTheNearestAndAtLeastOne)
{
  const auto filter = MakeFilter();
  filter->SetScaleFactors(Factors(2.5, 0.5, 0.01)); // 15, 3.5, 0.05 voxels
  filter->UpdateOutputInformation();
  EXPECT_EQ(filter->GetOutput()->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{ { 15, 4, 1 } }));
  EXPECT_DOUBLE_EQ(filter->GetOutput()->GetSpacing()[1], 7.0 / 4.0);
  EXPECT_DOUBLE_EQ(filter->GetOutput()->GetSpacing()[2], 5.0);
}

TEST(ArbitraryScaleSuperResolutionImageFilter, OutputSpacingAloneKeepsTheFieldOfView)
{
  const auto filter = MakeFilter();
  filter->SetOutputSpacing(itk::MakeVector(0.4, 0.5, 2.0));
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{ { 15, 14, 3 } }));
  EXPECT_DOUBLE_EQ(filter->GetOutput()->GetSpacing()[2], 5.0 / 3.0);
}

// Users move between these settings: the grid must come from one formula, not from five.
TEST(ArbitraryScaleSuperResolutionImageFilter, GivesTheSameBitsForTheSameGridHoweverItIsSet)
{
  auto input = SyntheticImage(InputSize, { { 2, -1, 7 } });
  SetObliqueGeometry(*input);
  const auto byScale = MakeFilter(input);
  byScale->SetScaleFactors(2.0);
  byScale->Update();
  const FloatImage * expected = byScale->GetOutput();
  ASSERT_GT(ValueRange(*expected), 1.0);

  const auto bySpacing = MakeFilter(input);
  bySpacing->SetOutputSpacing(input->GetSpacing() * 0.5);
  const auto bySize = MakeFilter(input);
  bySize->SetSize({ { 12, 14, 10 } });
  const auto byImage = MakeFilter(input);
  byImage->SetOutputParametersFromImage(expected);
  const auto byReference = MakeFilter(input);
  byReference->SetReferenceImage(expected);
  byReference->UseReferenceImageOn();
  for (FilterType * filter :
       { bySpacing.GetPointer(), bySize.GetPointer(), byImage.GetPointer(), byReference.GetPointer() })
  {
    filter->UpdateLargestPossibleRegion();
    EXPECT_EQ(filter->GetOutput()->GetOrigin(), expected->GetOrigin());
    EXPECT_EQ(filter->GetOutput()->GetDirection(), expected->GetDirection());
    EXPECT_TRUE(SameBits(*filter->GetOutput(), *expected, expected->GetLargestPossibleRegion()));
  }
}

// A direction applied transposed or an origin off by half a voxel would move the result in space.
TEST(ArbitraryScaleSuperResolutionImageFilter, KeepsValuesAtWorldPointsForAnyInputGeometry)
{
  // The same voxels under another geometry, sampled on the grid that goes with it: the same values.
  auto       plain = SyntheticImage(InputSize);
  auto       placed = SyntheticImage(InputSize);
  const auto filter = MakeFilter(plain);
  filter->SetScaleFactors(Factors(1.7, 2.0, 3.1));
  filter->Update();

  SetObliqueGeometry(*placed);
  const auto other = MakeFilter(placed);
  other->SetScaleFactors(Factors(1.7, 2.0, 3.1));
  other->Update();
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(other->GetOutput(),
                                                             other->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    EXPECT_NEAR(it.Get(), filter->GetOutput()->GetPixel(it.GetIndex()), 1e-4);
  }

  // And the world point of an output voxel is where its continuous index in the input says.
  FloatImage::PointType point;
  other->GetOutput()->TransformIndexToPhysicalPoint({ { 3, 5, 7 } }, point);
  const auto index = placed->TransformPhysicalPointToContinuousIndex<double>(point);
  EXPECT_NEAR(index[0], (3 + 0.5) * 6.0 / 10.0 - 0.5, 1e-9);
  EXPECT_NEAR(index[1], (5 + 0.5) * 7.0 / 14.0 - 0.5, 1e-9);
  EXPECT_NEAR(index[2], (7 + 0.5) * 5.0 / 16.0 - 0.5, 1e-9);
}

// The constant input takes another path through the filter, with the same extent.
TEST(ArbitraryScaleSuperResolutionImageFilter, GivesTheDefaultValueOutsideTheExtentAndOnlyThere)
{
  auto input = SyntheticImage(InputSize);
  for (const bool constant : { false, true })
  {
    if (constant)
    {
      input->FillBuffer(42.0F);
      input->Modified();
    }
    const auto filter = MakeFilter(input);
    filter->SetDefaultPixelValue(-1000.0F);
    filter->SetSize({ { 20, 20, 20 } });
    filter->SetOutputSpacing(itk::MakeVector(0.5, 0.5, 0.5));
    filter->SetOutputOrigin(itk::MakePoint(-2.0, -2.0, -2.0));
    filter->Update();
    unsigned int outside = 0;
    for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(filter->GetOutput(),
                                                               filter->GetOutput()->GetLargestPossibleRegion());
         !it.IsAtEnd();
         ++it)
    {
      bool inside = true;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const double position = -2.0 + 0.5 * static_cast<double>(it.GetIndex()[axis]);
        inside = inside && position >= -0.5 && position <= static_cast<double>(InputSize[axis]) - 0.5;
      }
      ASSERT_EQ(it.Get() != -1000.0F, inside) << it.GetIndex();
      outside += inside ? 0 : 1;
    }
    EXPECT_GT(outside, 0U);
  }
}

TEST(ArbitraryScaleSuperResolutionImageFilter, GivesTheDefaultValueWhereTheReferenceIsElsewhereInSpace)
{
  const auto filter = MakeFilter();
  auto       reference = SyntheticImage({ { 3, 3, 3 } });
  reference->SetOrigin(std::vector<double>{ 500, 0, 0 }.data());
  filter->SetReferenceImage(reference);
  filter->UseReferenceImageOn();
  filter->SetDefaultPixelValue(3.0F);
  filter->Update();
  EXPECT_EQ(ValueRange(*filter->GetOutput()), 0.0);
  EXPECT_EQ(filter->GetOutput()->GetPixel({ { 1, 1, 1 } }), 3.0F);
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 0U);
}

// Only the grid is used: computing the pixels may cost minutes upstream, and memory for nothing.
TEST(ArbitraryScaleSuperResolutionImageFilter, DoesNotComputeThePixelsOfAReferenceImage)
{
  const auto filter = MakeFilter();
  auto       recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage({ { 8, 8, 8 } }));
  filter->SetReferenceImage(recorder->GetOutput());
  filter->UseReferenceImageOn();
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{ { 8, 8, 8 } }));
  EXPECT_TRUE(recorder->requested.empty());
}

TEST(ArbitraryScaleSuperResolutionImageFilter, RefusesSettingsThatContradictEachOther)
{
  const auto image = SyntheticImage(InputSize);
  const auto expectConflict = [](FilterType & filter) {
    EXPECT_TRUE(Contains(UpdateMessage(filter), "ResetOutputGrid"));
    filter.ResetOutputGrid();
    EXPECT_EQ(UpdateMessage(filter), "");
  };
  const auto scaleAndSpacing = MakeFilter();
  scaleAndSpacing->SetScaleFactors(2.0);
  scaleAndSpacing->SetOutputSpacing(itk::MakeVector(1.0, 1.0, 1.0));
  expectConflict(*scaleAndSpacing);

  const auto scaleAndSize = MakeFilter();
  scaleAndSize->SetScaleFactors(2.0);
  scaleAndSize->SetSize({ { 4, 4, 4 } });
  expectConflict(*scaleAndSize);

  const auto originAlone = MakeFilter();
  originAlone->SetOutputOrigin(itk::MakePoint(0.0, 0.0, 0.0));
  expectConflict(*originAlone);

  const auto referenceAndScale = MakeFilter();
  referenceAndScale->SetReferenceImage(image);
  referenceAndScale->UseReferenceImageOn();
  referenceAndScale->SetScaleFactors(2.0);
  expectConflict(*referenceAndScale);

  const auto referenceMissing = MakeFilter();
  referenceMissing->UseReferenceImageOn();
  EXPECT_TRUE(Contains(UpdateMessage(*referenceMissing), "ReferenceImage"));

  const auto modelTwice = MakeFilter();
  modelTwice->SetModelFileName("some.safetensors");
  EXPECT_TRUE(Contains(UpdateMessage(*modelTwice), "Both Model and ModelFileName"));
}

TEST(ArbitraryScaleSuperResolutionImageFilter, RefusesImpossibleGrids)
{
  for (const double factor : { 0.0, -1.0, std::nan(""), HUGE_VAL, 1e9 })
  {
    const auto filter = MakeFilter();
    filter->SetScaleFactors(factor);
    EXPECT_NE(UpdateMessage(*filter), "") << factor;
  }
  const auto spacing = MakeFilter();
  spacing->SetOutputSpacing(itk::MakeVector(1.0, -1.0, 1.0));
  EXPECT_TRUE(Contains(UpdateMessage(*spacing), "-1"));
  const auto size = MakeFilter();
  size->SetSize({ { 4, 0, 4 } });
  EXPECT_TRUE(Contains(UpdateMessage(*size), "at least one voxel"));
}

TEST(ArbitraryScaleSuperResolutionImageFilter, ExplainsErrorsBeforeItWorks)
{
  const auto noInput = FilterType::New();
  EXPECT_TRUE(Contains(UpdateMessage(*noInput), "Input"));

  const auto device = MakeFilter();
  device->SetDevice("gpu");
  EXPECT_TRUE(Contains(UpdateMessage(*device), "'gpu'"));

  const auto budget = MakeFilter();
  budget->SetMemoryBudget(1);
  EXPECT_TRUE(Contains(UpdateMessage(*budget), "at least"));

  const auto emptyModel = MakeFilter();
  emptyModel->SetModel(itk::ArSSRModel::New());
  EXPECT_TRUE(Contains(UpdateMessage(*emptyModel), "empty"));

  const auto missingFile = FilterType::New();
  missingFile->SetInput(SyntheticImage(InputSize));
  missingFile->SetModelFileName("no/such/model.safetensors");
  EXPECT_TRUE(Contains(UpdateMessage(*missingFile), "no/such/model.safetensors"));

  auto emptyImage = FloatImage::New();
  EXPECT_NE(UpdateMessage(*MakeFilter(emptyImage)), "");

  const auto window = MakeFilter();
  EXPECT_TRUE(Contains(MessageOf([&] { window->SetIntensityWindow(5.0, 5.0); }), "5"));
}

TEST(ArbitraryScaleSuperResolutionImageFilter, RefusesInputThatIsNotFinite)
{
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    for (const bool withWindow : { false, true })
    {
      auto image = SyntheticImage(InputSize);
      image->SetPixel({ { 2, 3, 4 } }, bad);
      const auto filter = MakeFilter(image);
      if (withWindow)
      {
        filter->SetIntensityWindow(0.0, 100.0);
      }
      EXPECT_TRUE(Contains(UpdateMessage(*filter), "[2, 3, 4]"));
      image->SetPixel({ { 2, 3, 4 } }, 1.0F);
      image->Modified();
      EXPECT_EQ(UpdateMessage(*filter), "") << "the filter cannot be used again";
    }
  }
}

TEST(ArbitraryScaleSuperResolutionImageFilter, WarnsAboutScalesItWasNotTrainedFor)
{
  auto model = SmallModel(Encoder::ResCNN);
  itk::EncapsulateMetaData<std::string>(model->GetMetaDataDictionary(), "trained_scale_min", "2");
  itk::EncapsulateMetaData<std::string>(model->GetMetaDataDictionary(), "trained_scale_max", "4");
  const auto filter = MakeFilter();
  filter->SetModel(model);
  filter->SetScaleFactors(Factors(1.0, 2.0, 4.0));
  EXPECT_EQ(WarningsOf([&] { filter->UpdateOutputInformation(); }), "");
  filter->SetScaleFactors(6.0);
  EXPECT_TRUE(Contains(WarningsOf([&] { filter->UpdateOutputInformation(); }), "trained for 2 to 4"));
  filter->SetScaleFactors(0.5);
  EXPECT_TRUE(Contains(WarningsOf([&] { filter->UpdateOutputInformation(); }), "below 1"));
}

TEST(ArbitraryScaleSuperResolutionImageFilter, WarnsOfAnUnusedReferenceImage)
{
  const auto filter = MakeFilter();
  filter->SetModel(SmallModel(Encoder::ResCNN));
  filter->SetReferenceImage(filter->GetInput());
  EXPECT_TRUE(Contains(WarningsOf([&] { filter->UpdateOutputInformation(); }), "UseReferenceImage is off"));
  filter->UseReferenceImageOn();
  EXPECT_EQ(WarningsOf([&] { filter->UpdateOutputInformation(); }), "");
}

TEST(ArbitraryScaleSuperResolutionImageFilter, HonoursAbortAndWorksAfterwards)
{
  const auto filter = MakeFilter();
  auto       command = itk::CStyleCommand::New();
  command->SetCallback([](itk::Object * caller, const itk::EventObject &, void *) {
    auto * process = static_cast<itk::ProcessObject *>(caller);
    if (process->GetProgress() > 0.0F)
    {
      process->AbortGenerateDataOn();
    }
  });
  const auto tag = filter->AddObserver(itk::ProgressEvent(), command);
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  filter->RemoveObserver(tag);
  filter->SetAbortGenerateData(false);
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_GT(ValueRange(*filter->GetOutput()), 1.0);
}

// ITK leaves a filter marked as updating when its input throws: it would never run again.
TEST(ArbitraryScaleSuperResolutionImageFilter, WorksAgainAfterAnUpstreamError)
{
  auto recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage(InputSize));
  const auto filter = MakeFilter();
  filter->SetInput(recorder->GetOutput());
  recorder->fail = true;
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "asked to fail"));
  recorder->fail = false;
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_GT(ValueRange(*filter->GetOutput()), 1.0);
}

// Features belong to input and model, not to the output grid: another scale must not encode again.
TEST(ArbitraryScaleSuperResolutionImageFilter, ComputesAgainOnlyWhenSomethingChanged)
{
  const auto filter = MakeFilter();
  filter->Update();
  const auto time = filter->GetOutput()->GetUpdateMTime();
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetUpdateMTime(), time);
  filter->SetScaleFactors(3.0);
  filter->Update();
  EXPECT_GT(filter->GetOutput()->GetUpdateMTime(), time);
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 1U) << "another scale encodes the same input again";
  filter->SetModel(SmallModel(Encoder::RDN));
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 2U);
}

TEST(ArbitraryScaleSuperResolutionImageFilter, UsesTheModelThatComesWithTheModuleByDefault)
{
  const auto filter = FilterType::New();
  filter->SetInput(SyntheticImage(InputSize));
  filter->SetDevice("cpu");
  filter->Update();
  EXPECT_GT(ValueRange(*filter->GetOutput()), 10.0);
}

TEST(ArbitraryScaleSuperResolutionImageFilter, ResolvesTheAutoDevice)
{
  const auto filter = MakeFilter();
  filter->SetDevice("auto");
  filter->UpdateOutputInformation();
  const std::string device = filter->GetResolvedDevice();
  EXPECT_TRUE(device == "cpu" || device == "cuda:0") << device;
}

TEST(ArbitraryScaleSuperResolutionImageFilter, NamesItsExecutorAfterARun)
{
  const auto filter = MakeFilter();
  filter->SetDevice("cpu");
  filter->UpdateOutputInformation();
  EXPECT_EQ(filter->GetResolvedExecutor(), "");
  filter->Update();
  // of the sets of kernels, the best one that the processor has
  const std::set<std::string> expected{ "CPU kernels (portable)", "CPU kernels (avx2)", "CPU kernels (avx512)" };
  EXPECT_EQ(expected.count(filter->GetResolvedExecutor()), 1U) << filter->GetResolvedExecutor();
}
