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
#include "itkImageRegionSplitterMultidimensional.h"
#include "itkStreamingImageFilter.h"

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

// The residual encoder's network is of the local form, with a cubic skip; the others are of the published one.
constexpr Encoder Encoders[] = { Encoder::RDN, Encoder::ResCNN, Encoder::SRResnet, Encoder::Residual };

RegionType
Piece(const RegionType & whole, unsigned int axis, unsigned int piece, unsigned int divisions)
{
  const itk::SizeValueType first = whole.GetSize(axis) * piece / divisions;
  const itk::SizeValueType last = whole.GetSize(axis) * (piece + 1) / divisions;
  RegionType               region = whole;
  region.SetIndex(axis, whole.GetIndex(axis) + static_cast<itk::IndexValueType>(first));
  region.SetSize(axis, last - first);
  return region;
}

// Asks for the output piece by piece along each axis and compares each piece with the whole, bit for bit.
void
ExpectSameInEveryDivision(FilterType & filter)
{
  filter.UpdateLargestPossibleRegion();
  FloatImage::Pointer whole = filter.GetOutput();
  whole->DisconnectPipeline();
  const RegionType region = whole->GetLargestPossibleRegion();
  ASSERT_GT(ValueRange(*whole), 1.0) << "the network's output is constant: nothing is tested";
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    for (const unsigned int divisions : { 2U, 3U, 7U, 16U })
    {
      for (unsigned int piece = 0; piece < divisions; ++piece)
      {
        const RegionType part = Piece(region, axis, piece, divisions);
        if (part.GetNumberOfPixels() > 0)
        {
          filter.GetOutput()->SetRequestedRegion(part);
          filter.Update();
          ASSERT_EQ(filter.GetOutput()->GetBufferedRegion(), part);
          ASSERT_TRUE(SameBits(*filter.GetOutput(), *whole, part))
            << "axis " << axis << ", piece " << piece << " of " << divisions;
        }
      }
    }
  }
}

// The filter behind a streaming upstream filter, on an oblique input of odd size and non-zero start index.
struct StreamedPipeline
{
  explicit StreamedPipeline(Encoder encoder, const FloatImage::SizeType & size = { { 11, 9, 13 } })
  {
    input = SyntheticImage(size, { { -3, 5, 2 } });
    SetObliqueGeometry(*input);
    recorder->SetInput(input);
    filter->SetInput(recorder->GetOutput());
    filter->SetModel(SmallModel(encoder));
    filter->SetDevice("cpu");
    filter->BoundToNeighborhoodOff(); // what the network gives; FilterBounds looks at what it does to that
  }
  FloatImage::Pointer     input;
  RegionRecorder::Pointer recorder = RegionRecorder::New();
  FilterType::Pointer     filter = FilterType::New();
};
} // namespace


class StreamDivisions : public ::testing::TestWithParam<Encoder>
{};

TEST_P(StreamDivisions, GiveTheSameBitsAtScaleOne)
{
  StreamedPipeline pipeline(GetParam());
  pipeline.filter->SetScaleFactors(1.0);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsAtOnePointSeven)
{
  StreamedPipeline pipeline(GetParam());
  pipeline.filter->SetScaleFactors(1.7);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsAtTwo)
{
  StreamedPipeline pipeline(GetParam());
  pipeline.filter->SetScaleFactors(2.0);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsAtTwoPointFive)
{
  StreamedPipeline pipeline(GetParam());
  pipeline.filter->SetScaleFactors(2.5);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsAtAnotherScaleForEachAxis)
{
  StreamedPipeline             pipeline(GetParam());
  FilterType::ScaleFactorsType factors;
  factors[0] = 3.3;
  factors[1] = 1.0;
  factors[2] = 2.0;
  pipeline.filter->SetScaleFactors(factors);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsOnARotatedReferenceGrid)
{
  StreamedPipeline pipeline(GetParam());
  pipeline.filter->SetReferenceImage(RotatedReference(*pipeline.input, { { 2, 9, 8 } }));
  pipeline.filter->UseReferenceImageOn();
  pipeline.filter->SetDefaultPixelValue(-7.0F);
  ExpectSameInEveryDivision(*pipeline.filter);
}

TEST_P(StreamDivisions, GiveTheSameBitsWhenTheBudgetForcesSeveralTiles)
{
  if (Sanitized && GetParam() != Encoder::Residual)
  {
    GTEST_SKIP() << "Volumes for halos this wide take minutes under sanitizers; those of the residual encoder do not.";
  }
  const auto                 halo = SmallModel(GetParam())->GetHaloRadius();
  const FloatImage::SizeType size{ { 12, 10, 6 * halo - 1 } }; // long enough for tiles to be smaller than their halos
  StreamedPipeline           pipeline(GetParam(), size);
  pipeline.filter->SetScaleFactors(1.3);
  pipeline.filter->SetMemoryBudget(BudgetForTiles(pipeline.filter->GetModel(), size, 4));

  pipeline.filter->UpdateLargestPossibleRegion();
  ASSERT_GT(pipeline.filter->GetNumberOfEncodedTiles(), 1U);
  FloatImage::Pointer whole = pipeline.filter->GetOutput();
  whole->DisconnectPipeline();
  ASSERT_GT(ValueRange(*whole), 1.0);
  for (unsigned int piece = 0; piece < 5; ++piece)
  {
    const RegionType part = Piece(whole->GetLargestPossibleRegion(), 2, piece, 5);
    pipeline.filter->GetOutput()->SetRequestedRegion(part);
    pipeline.filter->Update();
    EXPECT_TRUE(SameBits(*pipeline.filter->GetOutput(), *whole, part)) << "piece " << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder,
                         StreamDivisions,
                         ::testing::ValuesIn(Encoders),
                         [](const ::testing::TestParamInfo<Encoder> & info) {
                           std::ostringstream name;
                           name << info.param;
                           return name.str();
                         });


TEST(ArbitraryScaleSuperResolutionStreaming, RequestsOnlyTheNeededTilesWithTheirHalo)
{
  const FloatImage::SizeType size{ { 12, 11, 90 } };
  StreamedPipeline           pipeline(Encoder::ResCNN, size);
  pipeline.filter->SetScaleFactors(1.0);
  pipeline.filter->SetIntensityWindow(0.0, 100.0); // no statistics: they read the whole input
  pipeline.filter->SetMemoryBudget(BudgetForTiles(pipeline.filter->GetModel(), size, 10));
  pipeline.filter->UpdateOutputInformation();

  // One slice: its tile's core is [k·t, (k+1)·t), and the features reach one voxel further.
  const auto engine = itk::ArSSREngine::New();
  engine->SetModel(pipeline.filter->GetModel());
  engine->SetMemoryBudget(pipeline.filter->GetMemoryBudget());
  const auto    lattice = engine->PlanTiles(size);
  const auto    tileSize = static_cast<itk::IndexValueType>(lattice.GetTileSize()[2]);
  constexpr int halo = 20;
  ASSERT_LT(tileSize, 45);
  RegionType slice = pipeline.filter->GetOutput()->GetLargestPossibleRegion();
  slice.SetIndex(2, 45);
  slice.SetSize(2, 1);
  pipeline.filter->GetOutput()->SetRequestedRegion(slice);
  pipeline.filter->Update();

  const itk::IndexValueType core = 45 / tileSize * tileSize;
  const itk::IndexValueType begin = std::max<itk::IndexValueType>(core - halo, 0);
  const itk::IndexValueType end = std::min<itk::IndexValueType>(core + tileSize + 1 + halo, 90);
  ASSERT_EQ(pipeline.recorder->requested.size(), 1U);
  const RegionType asked = pipeline.recorder->requested[0];
  EXPECT_EQ(asked.GetIndex(2), begin + 2); // the input's start index
  EXPECT_EQ(asked.GetSize(2), static_cast<itk::SizeValueType>(end - begin));
  EXPECT_LT(asked.GetSize(2), 90U);
}

TEST(ArbitraryScaleSuperResolutionStreaming, EncodesATileOnceForAllRequestsOfTheSameInput)
{
  StreamedPipeline pipeline(Encoder::ResCNN);
  for (unsigned int piece = 0; piece < 4; ++piece)
  {
    pipeline.filter->UpdateOutputInformation();
    pipeline.filter->GetOutput()->SetRequestedRegion(
      Piece(pipeline.filter->GetOutput()->GetLargestPossibleRegion(), 2, piece, 4));
    pipeline.filter->Update();
  }
  EXPECT_EQ(pipeline.filter->GetNumberOfEncodedTiles(), 1U);
}

TEST(ArbitraryScaleSuperResolutionStreaming, EncodesAgainWhenTheInputChanges)
{
  StreamedPipeline pipeline(Encoder::ResCNN);
  pipeline.filter->SetIntensityWindow(0.0, 100.0);
  pipeline.filter->Update();
  FloatImage::Pointer before = pipeline.filter->GetOutput();
  before->DisconnectPipeline();

  pipeline.input->SetPixel({ { 2, 9, 8 } }, 99.0F);
  pipeline.input->Modified();
  pipeline.filter->Update();
  EXPECT_EQ(pipeline.filter->GetNumberOfEncodedTiles(), 2U);
  EXPECT_FALSE(SameBits(*pipeline.filter->GetOutput(), *before, before->GetLargestPossibleRegion()));
}

TEST(ArbitraryScaleSuperResolutionStreaming, WorksBehindAndBeforeStreamingFilters)
{
  StreamedPipeline pipeline(Encoder::ResCNN);
  pipeline.filter->SetScaleFactors(1.7);
  pipeline.filter->UpdateLargestPossibleRegion();
  FloatImage::Pointer whole = pipeline.filter->GetOutput();
  whole->DisconnectPipeline();

  auto streamer = itk::StreamingImageFilter<FloatImage, FloatImage>::New();
  streamer->SetInput(pipeline.filter->GetOutput());
  streamer->SetNumberOfStreamDivisions(27);
  streamer->SetRegionSplitter(itk::ImageRegionSplitterMultidimensional::New());
  streamer->Update();
  EXPECT_TRUE(SameBits(*streamer->GetOutput(), *whole, whole->GetLargestPossibleRegion()));
  EXPECT_EQ(pipeline.filter->GetNumberOfEncodedTiles(), 1U);
}

TEST(ArbitraryScaleSuperResolutionStreaming, ReadsTheWholeInputForItsStatisticsOnlyWhenTheInputHasChanged)
{
  StreamedPipeline pipeline(Encoder::ResCNN);
  pipeline.filter->Update();
  const auto window = pipeline.filter->GetIntensityWindowUpper();
  const auto executions = pipeline.recorder->requested.size();

  pipeline.filter->SetScaleFactors(3.0);
  pipeline.filter->Update();
  EXPECT_EQ(pipeline.recorder->requested.size(), executions) << "the input is read again though it has not changed";
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), window);

  pipeline.input->FillBuffer(20.0F);
  pipeline.input->SetPixel({ { 0, 6, 3 } }, 10.0F);
  pipeline.input->Modified();
  pipeline.filter->Update();
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), 20.0);
}

// Edits in place change no time of the pipeline, only the image's own.
TEST(ArbitraryScaleSuperResolutionStreaming, SeesAnEditOfAnImageThatComesFromASource)
{
  const auto expectedOf = [](const FloatImage & image) {
    auto copy = SyntheticImage(image.GetLargestPossibleRegion().GetSize(), image.GetLargestPossibleRegion().GetIndex());
    copy->CopyInformation(&image);
    itk::ImageAlgorithm::Copy(&image, copy.GetPointer(), image.GetBufferedRegion(), copy->GetBufferedRegion());
    const auto filter = FilterType::New();
    filter->SetInput(copy);
    filter->SetModel(SmallModel(Encoder::ResCNN));
    filter->SetDevice("cpu");
    filter->BoundToNeighborhoodOff();
    filter->Update();
    FloatImage::Pointer output = filter->GetOutput();
    output->DisconnectPipeline();
    return output;
  };
  StreamedPipeline pipeline(Encoder::ResCNN);
  pipeline.filter->Update();
  FloatImage * input = pipeline.recorder->GetOutput();
  ASSERT_EQ(input->GetBufferedRegion(), input->GetLargestPossibleRegion());
  const double upper = pipeline.filter->GetIntensityWindowUpper();

  for (const itk::IndexValueType x : { 0, 2, 4 }) // more than the thousandth part of the voxels
  {
    input->SetPixel({ { x, 9, 8 } }, 500.0F);
  }
  input->Modified();
  pipeline.filter->Update();
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), 500.0);
  auto expected = expectedOf(*input);
  EXPECT_TRUE(SameBits(*pipeline.filter->GetOutput(), *expected, expected->GetBufferedRegion()));

  // Piece by piece, without another look at the edited image.
  const auto executions = pipeline.recorder->requested.size();
  ExpectSameInEveryDivision(*pipeline.filter);
  EXPECT_EQ(pipeline.recorder->requested.size(), executions);
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), 500.0);

  // What the source makes anew takes the place of the edit.
  pipeline.recorder->Modified();
  pipeline.filter->UpdateLargestPossibleRegion();
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), upper);
  expected = expectedOf(*pipeline.input);
  EXPECT_TRUE(SameBits(*pipeline.filter->GetOutput(), *expected, expected->GetBufferedRegion()));
}

// A window from voxels that are gone would not fit the image that is upscaled.
TEST(ArbitraryScaleSuperResolutionStreaming, ForgetsAnEditThatTheSourceHasOverwritten)
{
  StreamedPipeline pipeline(Encoder::ResCNN);
  pipeline.filter->Update();
  const double upper = pipeline.filter->GetIntensityWindowUpper();

  // A part of the input is there and edited; for the statistics all of it is asked for, and the edit is gone.
  FloatImage * input = pipeline.recorder->GetOutput();
  RegionType   part = input->GetLargestPossibleRegion();
  part.SetSize(2, 4);
  input->ReleaseData();
  input->SetRequestedRegion(part);
  input->Update();
  ASSERT_EQ(input->GetBufferedRegion(), part);
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(input, part); !it.IsAtEnd(); ++it)
  {
    it.Set(500.0F);
  }
  input->Modified();
  pipeline.filter->Update();
  EXPECT_EQ(pipeline.filter->GetIntensityWindowUpper(), upper);
}
