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
#include "itkStreamingImageFilter.h"

// Results kept within the range of the scan around each voxel.

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

/** Box of one intensity in another one: the hardest edges. */
FloatImage::Pointer
Box(float inside, float outside, itk::SizeValueType slices = 14)
{
  auto image = FloatImage::New();
  image->SetRegions(FloatImage::SizeType{ { 16, 15, slices } });
  image->Allocate();
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    const auto index = it.GetIndex();
    const bool isInside = index[0] > 4 && index[0] < 11 && index[1] > 5 && index[1] < 10 && index[2] > 3;
    it.Set(isInside ? inside : outside);
  }
  return image;
}

/** A filter with the model that comes with the module. */
FilterType::Pointer
MakeFilter(FloatImage * input)
{
  auto filter = FilterType::New();
  filter->SetInput(input);
  filter->SetDevice("cpu");
  filter->SetGlobalWarningDisplay(false);
  return filter;
}

struct Extremes
{
  float lower;
  float upper;
};

Extremes
ExtremesOf(const FloatImage & image)
{
  const auto * begin = image.GetBufferPointer();
  const auto   found = std::minmax_element(begin, begin + image.GetBufferedRegion().GetNumberOfPixels());
  return { *found.first, *found.second };
}
} // namespace


TEST(FilterBounds, KeepHardEdgesWithinTheRangeOfTheScan)
{
  for (const double scale : { 1.5, 2.0, 4.0 })
  {
    for (const auto & [inside, outside] : { std::pair{ 1.0F, 0.0F }, { 0.0F, 1.0F }, { 700.0F, -1000.0F } })
    {
      const float width = std::abs(inside - outside);
      const auto  margin = static_cast<float>(FilterType::BoundMargin + 1e-5) * width;
      const auto  filter = MakeFilter(Box(inside, outside));
      filter->SetScaleFactors(scale);
      ASSERT_TRUE(filter->GetBoundToNeighborhood());
      const auto bounded = ExtremesOf(*ComputeWhole(*filter));
      EXPECT_GE(bounded.lower, std::min(inside, outside) - margin) << scale;
      EXPECT_LE(bounded.upper, std::max(inside, outside) + margin) << scale;
      EXPECT_GT(filter->GetNumberOfBoundedVoxels(), 0U);

      filter->BoundToNeighborhoodOff();
      const auto free = ExtremesOf(*ComputeWhole(*filter));
      EXPECT_GT(free.upper - free.lower, 1.25F * width) << "nothing is tested";
      EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), 0U);
    }
  }
}

// A background of exact zeros must stay so: masks and thresholds downstream rely on it.
TEST(FilterBounds, KeepFlatRegionsExactly)
{
  // A voxel between LR voxels whose neighbours are all zero.
  const auto filter = MakeFilter(Box(500.0F, 0.0F));
  const auto result = ComputeWhole(*filter);
  EXPECT_EQ(result->GetPixel({ { 2, 3, 4 } }), 0.0F);
  EXPECT_EQ(result->GetPixel({ { 31, 29, 27 } }), 0.0F);
}

// The count tells a user how much of the result is the bounds' doing.
TEST(FilterBounds, ChangeOnlyCountedVoxels)
{
  const auto input = Box(100.0F, 0.0F);
  for (const double scale : { 0.7, 1.0, 1.7, 3.0 })
  {
    const auto filter = MakeFilter(input);
    filter->SetScaleFactors(scale);
    const auto bounded = ComputeWhole(*filter);
    const auto count = filter->GetNumberOfBoundedVoxels();
    filter->BoundToNeighborhoodOff();
    const auto free = ComputeWhole(*filter);
    EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), 0U);
    itk::SizeValueType changed = 0;
    for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(bounded, bounded->GetBufferedRegion()); !it.IsAtEnd();
         ++it)
    {
      changed += std::abs(it.Get() - free->GetPixel(it.GetIndex())) > 0.1F ? 1 : 0; // of a window of 100
    }
    EXPECT_NEAR(static_cast<double>(count), static_cast<double>(changed), 3.0) << scale; // rounded at the limit
    EXPECT_TRUE(changed > 3 || scale < 1.5) << scale;
    EXPECT_LT(changed, bounded->GetBufferedRegion().GetNumberOfPixels() / 2) << scale;
  }
}

// Bounds are made from neighbours beyond a tile's core, which a division may leave out of what it reads.
TEST(FilterBounds, AreTheSameInAnyDivisionWithAnyTilesAndThreads)
{
  const auto model = itk::ArSSRModel::New();
  model->ReadFile(itk::ArSSRModel::GetDefaultModelFileName());
  const auto input = Box(100.0F, 0.0F, 41);
  SetObliqueGeometry(*input);
  for (const double scale : { 0.6, 1.0, 1.7, 2.0, 3.3 })
  {
    SCOPED_TRACE(scale);
    FilterType::ScaleFactorsType factors;
    factors.Fill(scale);
    factors[1] = 1.2;
    const auto make = [&](unsigned int threads, itk::SizeValueType mostTiles) {
      const auto filter = MakeFilter(input);
      filter->SetModel(model);
      filter->SetNumberOfWorkUnits(threads);
      filter->SetMemoryBudget(BudgetForTiles(model, input->GetLargestPossibleRegion().GetSize(), mostTiles));
      if (scale == 3.3)
      {
        filter->SetReferenceImage(RotatedReference(*input, { { 5, 4, 6 } }));
        filter->UseReferenceImageOn();
      }
      else
      {
        filter->SetScaleFactors(factors);
      }
      return filter;
    };
    const auto filter = make(1, 1);
    const auto whole = ComputeWhole(*filter);
    const auto count = filter->GetNumberOfBoundedVoxels();
    ASSERT_GT(ValueRange(*whole), 1.0);
    ASSERT_TRUE(count > 0 || scale < 1.5);
    const auto tiled = make(3, 4);
    EXPECT_TRUE(SameBits(*ComputeWhole(*tiled), *whole, whole->GetBufferedRegion()));
    EXPECT_EQ(tiled->GetNumberOfBoundedVoxels(), count);
    for (const unsigned int divisions : { 2U, 3U, 7U })
    {
      const auto streamed = make(2, 4);
      auto       streamer = itk::StreamingImageFilter<FloatImage, FloatImage>::New();
      streamer->SetInput(streamed->GetOutput());
      streamer->SetNumberOfStreamDivisions(divisions);
      streamer->Update();
      EXPECT_TRUE(SameBits(*streamer->GetOutput(), *whole, whole->GetBufferedRegion())) << divisions;
      EXPECT_EQ(streamed->GetNumberOfBoundedVoxels(), count) << "the counts of all divisions together";
    }
  }
}

TEST(FilterBounds, AreRecountedAfterAChange)
{
  const auto input = Box(100.0F, 0.0F);
  const auto filter = MakeFilter(input);
  filter->Update();
  const auto count = filter->GetNumberOfBoundedVoxels();
  ASSERT_GT(count, 0U);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), count) << "nothing was computed";
  filter->Modified();
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), count);
  input->FillBuffer(5.0F);
  input->Modified();
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), 0U);
}

TEST(FilterBounds, CountClampedVoxelsAndWarnOnce)
{
  using ByteImage = itk::Image<unsigned char, 3>;
  using ByteFilter = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage, ByteImage>;
  const auto         input = Box(250.0F, 20.0F);
  const auto         asFloat = ComputeWhole(*MakeFilter(input));
  itk::SizeValueType beyond = 0;
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(asFloat, asFloat->GetBufferedRegion()); !it.IsAtEnd();
       ++it)
  {
    beyond += it.Get() < -0.5F || it.Get() >= 255.5F ? 1 : 0;
  }
  ASSERT_GT(beyond, 0U);

  const auto filter = ByteFilter::New();
  filter->SetInput(input);
  filter->SetDevice("cpu");
  const auto streamer = itk::StreamingImageFilter<ByteImage, ByteImage>::New();
  streamer->SetInput(filter->GetOutput());
  streamer->SetNumberOfStreamDivisions(4);
  const std::string warnings = WarningsOf([&] { streamer->Update(); });
  EXPECT_EQ(filter->GetNumberOfClampedVoxels(), beyond);
  const auto first = warnings.find("clamped to the output pixel type's range, 0 to 255");
  EXPECT_NE(first, std::string::npos) << warnings;
  EXPECT_EQ(warnings.find("clamped", first + 10), std::string::npos) << warnings;

  filter->SetInput(Box(124.0F, 24.5F)); // 0 to 148 with the margin
  EXPECT_EQ(WarningsOf([&] { filter->UpdateLargestPossibleRegion(); }), "");
  EXPECT_EQ(filter->GetNumberOfClampedVoxels(), 0U);

  auto constant = Box(300.0F, 300.0F);
  filter->SetInput(constant);
  filter->SetGlobalWarningDisplay(true);
  EXPECT_TRUE(Contains(WarningsOf([&] { filter->UpdateLargestPossibleRegion(); }), "clamped"));
  EXPECT_EQ(filter->GetNumberOfClampedVoxels(), filter->GetOutput()->GetBufferedRegion().GetNumberOfPixels());
}
