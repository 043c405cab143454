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
#include "itkSliceProfileSimulationImageFilter.h"

#include "acquisition/ArSSRSliceProfileTestHelpers.h"
#include "itkCommand.h"
#include "itkStreamingImageFilter.h"

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::SliceProfileSimulationImageFilter<FloatImage>;

constexpr FloatImage::SizeType InputSize{ { 12, 10, 8 } };

FilterType::Pointer
MakeFilter(FloatImage * input)
{
  auto filter = FilterType::New();
  filter->SetInput(input);
  return filter;
}

std::string
UpdateMessage(FilterType & filter)
{
  return MessageOf([&filter] { filter.UpdateLargestPossibleRegion(); });
}

FilterType::FactorsType
Factors(double x, double y, double z)
{
  FilterType::FactorsType factors;
  factors[0] = x;
  factors[1] = y;
  factors[2] = z;
  return factors;
}
} // namespace


TEST(SliceProfileSimulationImageFilter, HasItsBasicMethods)
{
  const auto filter = MakeFilter(SyntheticImage(InputSize));
  EXPECT_STREQ(filter->GetNameOfClass(), "SliceProfileSimulationImageFilter");
  std::ostringstream printed;
  filter->Print(printed);
  for (const char * member : { "ShrinkFactors", "UseReferenceImage", "FullWidthAtHalfMaximum", "DefaultPixelValue" })
  {
    EXPECT_TRUE(Contains(printed.str(), member)) << member;
  }
}

TEST(SliceProfileSimulationImageFilter, FactorsKeepTheFieldOfView)
{
  auto input = SyntheticImage(InputSize, { { -3, 5, 2 } });
  SetObliqueGeometry(*input);
  const auto filter = MakeFilter(input);
  filter->SetShrinkFactors(Factors(2.5, 1.0, 4.0));
  filter->Update();
  const auto output = GeometryType::FromImage(*filter->GetOutput());
  EXPECT_EQ(output.region.GetSize(), (FloatImage::SizeType{ { 5, 10, 2 } }));
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    const auto expected = CornerOfFieldOfView(GeometryType::FromImage(*input), corner);
    EXPECT_LT(CornerOfFieldOfView(output, corner).EuclideanDistanceTo(expected), 1e-9);
  }
}

// Grids from factors and from headers go through the same arithmetic.
TEST(SliceProfileSimulationImageFilter, GivesTheSameBitsForFactorsAndTheirGridAsReference)
{
  const auto input = SyntheticImage(InputSize);
  const auto filter = MakeFilter(input);
  filter->SetShrinkFactors(2.3);
  filter->Update();
  const auto other = MakeFilter(input);
  other->SetReferenceImage(filter->GetOutput());
  other->UseReferenceImageOn();
  other->Update();
  EXPECT_EQ(other->GetOutput()->GetLargestPossibleRegion(), filter->GetOutput()->GetLargestPossibleRegion());
  EXPECT_TRUE(SameBits(*other->GetOutput(), *filter->GetOutput(), filter->GetOutput()->GetLargestPossibleRegion()));
}

TEST(SliceProfileSimulationImageFilter, DoesNotComputeThePixelsOfAReferenceImage)
{
  const auto filter = MakeFilter(SyntheticImage(InputSize));
  auto       recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage({ { 4, 4, 4 } }));
  filter->SetReferenceImage(recorder->GetOutput());
  filter->UseReferenceImageOn();
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{ { 4, 4, 4 } }));
  EXPECT_TRUE(recorder->requested.empty());
}

TEST(SliceProfileSimulationImageFilter, GivesTheDefaultValueWhereTheInputDoesNotReach)
{
  const auto pair = GridPairs()[2];
  const auto high = ImageOn(pair.high);
  const auto low = ImageOn(pair.low);
  const auto filter = MakeFilter(high);
  filter->SetReferenceImage(low);
  filter->UseReferenceImageOn();
  filter->SetDefaultPixelValue(-1000.0F);
  filter->Update();
  unsigned int outside = 0;
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(filter->GetOutput(), low->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    FloatImage::PointType point;
    low->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    const auto index = high->TransformPhysicalPointToContinuousIndex<double>(point);
    const bool inside = high->GetLargestPossibleRegion().IsInside(index);
    ASSERT_EQ(it.Get() != -1000.0F, inside) << it.GetIndex();
    outside += inside ? 0 : 1;
  }
  EXPECT_GT(outside, 0U);
}

TEST(SliceProfileSimulationImageFilter, AWiderProfileSmoothsMore)
{
  const auto input = SyntheticImage(InputSize);
  const auto filter = MakeFilter(input);
  filter->Update();
  const double byDefault = ValueRange(*filter->GetOutput());
  filter->SetFullWidthAtHalfMaximum(2.0); // the output spacing in mm: the default
  filter->Update();
  EXPECT_EQ(ValueRange(*filter->GetOutput()), byDefault);
  filter->SetFullWidthAtHalfMaximum(5.0);
  filter->Update();
  EXPECT_LT(ValueRange(*filter->GetOutput()), 0.8 * byDefault);
  filter->SetFullWidthAtHalfMaximum(0.1); // a point sample
  filter->Update();
  EXPECT_GT(ValueRange(*filter->GetOutput()), 1.05 * byDefault);
}

TEST(SliceProfileSimulationImageFilter, RoundsAndClampsIntegers)
{
  using ByteImage = itk::Image<unsigned char, 3>;
  const auto input = SyntheticImage(InputSize);
  for (itk::ImageRegionIterator<FloatImage> it(input, input->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(it.Get() * 4.0F - 100.0F);
  }
  auto real = MakeFilter(input);
  real->Update();
  auto rounded = itk::SliceProfileSimulationImageFilter<FloatImage, ByteImage>::New();
  rounded->SetInput(input);
  rounded->Update();
  bool isClamped = false;
  for (itk::ImageRegionConstIteratorWithIndex<ByteImage> it(rounded->GetOutput(),
                                                            rounded->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    const float value = real->GetOutput()->GetPixel(it.GetIndex());
    const float expected = std::clamp(std::floor(value + 0.5F), 0.0F, 255.0F);
    EXPECT_EQ(static_cast<float>(it.Get()), expected);
    isClamped = isClamped || value > 255.5F;
  }
  EXPECT_TRUE(isClamped) << "nothing is tested";
}

// Asking for more would make streaming read the whole image, for less would change voxels at the seams.
TEST(SliceProfileSimulationImageFilter, RequestsOnlyTheSupportOfTheProfiles)
{
  auto recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage({ { 10, 10, 60 } }, { { 0, 0, 7 } }));
  const auto filter = MakeFilter(recorder->GetOutput());
  filter->SetShrinkFactors(Factors(1.0, 2.0, 3.0));
  filter->UpdateOutputInformation();
  auto slice = filter->GetOutput()->GetLargestPossibleRegion();
  slice.SetIndex(2, 8); // centre at HR voxel 8 × 3 + 1 = 25; 4 σ = 5.1
  slice.SetSize(2, 1);
  filter->GetOutput()->SetRequestedRegion(slice);
  filter->Update();
  ASSERT_EQ(recorder->requested.size(), 1U);
  EXPECT_EQ(recorder->requested[0].GetIndex(2), 7 + 20);
  EXPECT_EQ(recorder->requested[0].GetSize(2), 11U);
  EXPECT_EQ(recorder->requested[0].GetSize(0), 10U);
}

class SliceProfileSimulationStreaming : public ::testing::TestWithParam<GridPair>
{};

TEST_P(SliceProfileSimulationStreaming, GivesTheSameBitsInEveryDivision)
{
  auto recorder = RegionRecorder::New();
  recorder->SetInput(ImageOn(GetParam().high));
  recorder->ReleaseDataFlagOn(); // so that each part is computed from what it asks for, not from the whole
  const auto filter = MakeFilter(recorder->GetOutput());
  filter->SetReferenceImage(ImageOn(GetParam().low));
  filter->UseReferenceImageOn();
  filter->Update();
  const auto whole = Copied(*filter->GetOutput());
  ExpectSameInEveryDivision(*filter->GetOutput(), *whole);

  auto streamer = itk::StreamingImageFilter<FloatImage, FloatImage>::New();
  streamer->SetInput(filter->GetOutput());
  streamer->SetNumberOfStreamDivisions(4);
  filter->GetOutput()->ReleaseData();
  recorder->requested.clear();
  streamer->Update();
  EXPECT_GE(recorder->requested.size(), 3U); // a division outside the input asks for nothing
  EXPECT_TRUE(SameBits(*streamer->GetOutput(), *whole, whole->GetLargestPossibleRegion()));
}

TEST_P(SliceProfileSimulationStreaming, GivesTheSameBitsWithAnyNumberOfWorkUnits)
{
  const auto filter = MakeFilter(ImageOn(GetParam().high));
  filter->SetReferenceImage(ImageOn(GetParam().low));
  filter->UseReferenceImageOn();
  filter->SetNumberOfWorkUnits(1);
  filter->Update();
  const auto alone = Copied(*filter->GetOutput());
  filter->SetNumberOfWorkUnits(5);
  filter->Modified();
  filter->Update();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *alone, alone->GetLargestPossibleRegion()));
}

INSTANTIATE_TEST_SUITE_P(InEveryWay,
                         SliceProfileSimulationStreaming,
                         ::testing::ValuesIn(GridPairs()),
                         [](const ::testing::TestParamInfo<GridPair> & info) { return info.param.name; });

TEST(SliceProfileSimulationImageFilter, ExplainsErrors)
{
  const auto filter = MakeFilter(SyntheticImage(InputSize));
  filter->SetShrinkFactors(Factors(2.0, 0.5, 1.0));
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "[2, 0.5, 1]"));
  filter->SetShrinkFactors(std::nan(""));
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "at least 1 are expected"));
  filter->SetShrinkFactors(2.0);
  filter->SetFullWidthAtHalfMaximum(-1.0);
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "[-1, -1, -1] mm"));
  filter->SetFullWidthAtHalfMaximum(0.0);
  filter->UseReferenceImageOn();
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "there is no ReferenceImage"));
  filter->UseReferenceImageOff();
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_TRUE(Contains(UpdateMessage(*FilterType::New()), "Primary"));
}

TEST(SliceProfileSimulationImageFilter, TakesOneKindOfOutputGrid)
{
  const auto filter = MakeFilter(SyntheticImage(InputSize));
  filter->SetReferenceImage(SyntheticImage({ { 4, 4, 4 } }));
  filter->UseReferenceImageOn();
  filter->SetShrinkFactors(2.0);
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "Set one kind of output grid"));
  filter->ResetOutputGrid();
  EXPECT_EQ(filter->GetShrinkFactors(), Factors(2.0, 2.0, 2.0));
  EXPECT_FALSE(filter->GetUseReferenceImage());
  filter->UseReferenceImageOn();
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_EQ(filter->GetOutput()->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{ { 4, 4, 4 } }));
}

TEST(SliceProfileSimulationImageFilter, RefusesInputThatIsNotFinite)
{
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    auto image = SyntheticImage(InputSize);
    image->SetPixel({ { 2, 3, 4 } }, bad);
    const auto filter = MakeFilter(image);
    EXPECT_TRUE(Contains(UpdateMessage(*filter), "voxel of the input at index [2, 3, 4]"));
    image->SetPixel({ { 2, 3, 4 } }, 1.0F);
    image->Modified();
    EXPECT_EQ(UpdateMessage(*filter), "") << "the filter cannot be used again";
  }
}

TEST(SliceProfileSimulationImageFilter, HonoursAbortAndWorksAfterwards)
{
  const auto filter = MakeFilter(SyntheticImage(InputSize));
  auto       command = itk::CStyleCommand::New();
  command->SetCallback([](itk::Object * caller, const itk::EventObject &, void *) {
    static_cast<itk::ProcessObject *>(caller)->AbortGenerateDataOn();
  });
  const auto tag = filter->AddObserver(itk::ProgressEvent(), command);
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  filter->RemoveObserver(tag);
  filter->SetAbortGenerateData(false);
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_GT(ValueRange(*filter->GetOutput()), 1.0);
}

TEST(SliceProfileSimulationImageFilter, WorksAgainAfterAnUpstreamError)
{
  auto recorder = RegionRecorder::New();
  recorder->SetInput(SyntheticImage(InputSize));
  const auto filter = MakeFilter(recorder->GetOutput());
  recorder->fail = true;
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "asked to fail"));
  recorder->fail = false;
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_GT(ValueRange(*filter->GetOutput()), 1.0);
}
