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

#include "itkFlipImageFilter.h"
#include <gtest/gtest.h>

#include <vector>

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;
using FlipType = itk::FlipImageFilter<FloatImage>;
using Axes = FlipType::FlipAxesArrayType;

// As the filter's documentation states them, (x, y, z).
constexpr bool AxesOfPasses[8][3] = { { false, false, false }, { true, true, true },   { false, false, true },
                                      { true, true, false },   { true, false, false }, { false, true, true },
                                      { false, true, false },  { true, false, true } };

/** The same voxels in the same places, stored in another order. */
FloatImage::Pointer
Flipped(const FloatImage & image, const bool (&flip)[3])
{
  auto filter = FlipType::New();
  filter->SetInput(&image);
  filter->SetFlipAxes(Axes(flip));
  filter->FlipAboutOriginOff();
  filter->Update();
  return filter->GetOutput();
}

/** A filter whose arithmetic with intensities is exact: their window is a power of two wide. */
FilterType::Pointer
MakeFilter(const FloatImage * input, Encoder encoder, unsigned int quality = 1)
{
  auto filter = FilterType::New();
  filter->SetInput(input);
  filter->SetModel(SmallModel(encoder));
  filter->SetDevice("cpu");
  filter->SetIntensityWindow(0.0, 128.0);
  filter->BoundToNeighborhoodOff();
  filter->SetQuality(quality);
  return filter;
}

/** Axes permuted and turned round, and numbers that binary fractions hold: no coordinate is rounded. */
FloatImage::Pointer
ExactInput(const FloatImage::IndexType & start = { { -3, 5, 2 } })
{
  auto image = SyntheticImage({ { 11, 8, 9 } }, start);
  image->SetSpacing(std::vector<double>{ 0.5, 2.0, 1.25 }.data());
  image->SetOrigin(std::vector<double>{ -31.5, 12.25, 140.0 }.data());
  FloatImage::DirectionType direction;
  direction[0][1] = -1.0;
  direction[1][2] = 1.0;
  direction[2][0] = 1.0;
  image->SetDirection(direction);
  return image;
}

struct Passes
{
  std::vector<double> sums;
  std::vector<double> squares;
};

/** The sums over plain filters, each on the flipped scan and flipped back. */
template <typename TSetGrid>
Passes
SumOfPlainFilters(const FloatImage & input, Encoder encoder, unsigned int passes, const TSetGrid & setGrid)
{
  Passes result;
  for (unsigned int pass = 0; pass < passes; ++pass)
  {
    const auto filter = MakeFilter(Flipped(input, AxesOfPasses[pass]), encoder);
    setGrid(*filter, AxesOfPasses[pass]);
    const auto    back = Flipped(*ComputeWhole(*filter), AxesOfPasses[pass]);
    const auto    voxels = back->GetBufferedRegion().GetNumberOfPixels();
    const float * values = back->GetBufferPointer();
    result.sums.resize(voxels);
    result.squares.resize(voxels);
    for (std::size_t voxel = 0; voxel < voxels; ++voxel)
    {
      result.sums[voxel] += values[voxel];
      result.squares[voxel] += static_cast<double>(values[voxel]) * values[voxel];
    }
  }
  return result;
}

/** The least budget, in MiB, with which a filter of some quality cuts the image into at most so many tiles. */
itk::SizeValueType
BudgetForTiles(FilterType & filter, const FloatImage::SizeType & size, itk::SizeValueType mostTiles)
{
  const auto engine = itk::ArSSREngine::New();
  engine->SetModel(filter.GetModel());
  engine->SetDevice("cpu");
  engine->SetNumberOfPasses(filter.GetQuality());
  for (itk::SizeValueType budget = 1;; ++budget)
  {
    engine->SetMemoryBudget(budget);
    itk::SizeValueType tiles = mostTiles + 1;
    MessageOf([&] { // that it is too small
      const auto numbers = engine->PlanTiles(size).GetNumberOfTiles();
      tiles = numbers[0] * numbers[1] * numbers[2];
    });
    if (tiles <= mostTiles)
    {
      return budget;
    }
  }
}

class FilterQuality : public ::testing::TestWithParam<Encoder>
{};

class FilterQualityInDivisions : public ::testing::TestWithParam<Encoder>
{};
} // namespace


// A mirror along a wrong axis, or off by a voxel, averages the scan with a shifted one: it only looks smoother.
TEST_P(FilterQuality, IsTheMeanOfPlainFiltersOnFlippedScansToTheBit)
{
  const auto                   input = ExactInput();
  FilterType::ScaleFactorsType factors;
  factors[0] = 2.0;
  factors[1] = 4.0;
  factors[2] = 1.0;
  // The network of the residual encoder is the cheapest.
  const auto qualities = GetParam() == Encoder::Residual ? std::vector<unsigned int>{ 2, 4, 8 } : std::vector{ 8U };
  for (const unsigned int quality : qualities)
  {
    const auto filter = MakeFilter(input, GetParam(), quality);
    filter->SetScaleFactors(factors);
    filter->ComputeUncertaintyOn();
    const auto mean = ComputeWhole(*filter);
    ASSERT_GT(ValueRange(*mean), 1.0);
    const auto passes = SumOfPlainFilters(
      *input, GetParam(), quality, [&](FilterType & plain, const bool(&)[3]) { plain.SetScaleFactors(factors); });
    const float * values = mean->GetBufferPointer();
    const float * deviations = filter->GetUncertaintyMap()->GetBufferPointer();
    ASSERT_EQ(passes.sums.size(), mean->GetBufferedRegion().GetNumberOfPixels());
    ASSERT_EQ(filter->GetUncertaintyMap()->GetBufferedRegion(), mean->GetBufferedRegion());
    double largest = 0.0;
    for (std::size_t voxel = 0; voxel < passes.sums.size(); ++voxel)
    {
      ASSERT_EQ(values[voxel], static_cast<float>(passes.sums[voxel] / quality)) << quality << " passes, " << voxel;
      const double squares = passes.squares[voxel] - passes.sums[voxel] * passes.sums[voxel] / quality;
      ASSERT_NEAR(deviations[voxel], std::sqrt(std::max(squares, 0.0) / (quality - 1.0)), 1e-4);
      largest = std::max<double>(largest, deviations[voxel]);
    }
    EXPECT_GT(largest, 0.1) << "all passes are the same: nothing is tested";
  }
}

TEST_P(FilterQuality, IsTheMeanOnObliqueGridsAtAnyScaleUpToRounding)
{
  const auto input = SyntheticImage({ { 11, 9, 13 } }, { { -3, 5, 2 } });
  SetObliqueGeometry(*input);
  const auto filter = MakeFilter(input, GetParam(), 8);
  filter->SetScaleFactors(1.7);
  const auto mean = ComputeWhole(*filter);
  const auto passes =
    SumOfPlainFilters(*input, GetParam(), 8, [](FilterType & plain, const bool(&)[3]) { plain.SetScaleFactors(1.7); });
  const float * values = mean->GetBufferPointer();
  for (std::size_t voxel = 0; voxel < passes.sums.size(); ++voxel)
  {
    ASSERT_NEAR(values[voxel], passes.sums[voxel] / 8.0, 1e-3);
  }
}

TEST_P(FilterQuality, IsTheMeanOnARotatedGrid)
{
  const auto input = ExactInput({ { 0, 0, 0 } }); // FlipImageFilter moves others along the axes that it does not flip
  auto       reference = SyntheticImage({ { 9, 7, 11 } }, { { 4, -2, 1 } });
  SetObliqueGeometry(*reference);
  reference->SetSpacing(std::vector<double>{ 1.3, 0.9, 0.4 }.data());
  FloatImage::PointType wanted;
  FloatImage::PointType there;
  input->TransformIndexToPhysicalPoint({ { 5, 4, 4 } }, wanted);
  reference->TransformIndexToPhysicalPoint({ { 8, 1, 6 } }, there);
  reference->SetOrigin(reference->GetOrigin() + (wanted - there));

  const auto filter = MakeFilter(input, GetParam(), 4);
  filter->SetOutputParametersFromImage(reference);
  filter->SetDefaultPixelValue(-7.0F);
  const auto mean = ComputeWhole(*filter);
  ASSERT_GT(ValueRange(*mean), 1.0);

  std::vector<double> sums(mean->GetBufferedRegion().GetNumberOfPixels());
  for (unsigned int pass = 0; pass < 4; ++pass)
  {
    const auto plain = MakeFilter(Flipped(*input, AxesOfPasses[pass]), GetParam());
    plain->SetOutputParametersFromImage(reference); // the flipped scan lies where the scan does
    plain->SetDefaultPixelValue(-7.0F);
    const auto result = ComputeWhole(*plain);
    std::transform(sums.begin(), sums.end(), result->GetBufferPointer(), sums.begin(), std::plus<>());
  }
  for (std::size_t voxel = 0; voxel < sums.size(); ++voxel)
  {
    ASSERT_NEAR(mean->GetBufferPointer()[voxel], sums[voxel] / 4.0, 1e-3);
  }
}

// Mirrored passes have mirrored tiles: an output voxel may belong to another tile in each of them.
TEST_P(FilterQualityInDivisions, HasTheSameBitsWithOneTileAndWithMany)
{
  const FloatImage::SizeType size{ { 9, 8, 61 } };
  const auto                 input = SyntheticImage(size, { { -3, 5, 2 } });
  SetObliqueGeometry(*input);
  const auto filter = MakeFilter(input, GetParam(), 8);
  filter->SetScaleFactors(1.7);
  filter->ComputeUncertaintyOn();
  filter->BoundToNeighborhoodOn();
  const auto                whole = ComputeWhole(*filter);
  const FloatImage::Pointer map = filter->GetUncertaintyMap();
  map->DisconnectPipeline();
  ASSERT_EQ(filter->GetNumberOfEncodedTiles(), 8U) << "one tile for each pass";
  ASSERT_GT(ValueRange(*whole), 1.0);
  ASSERT_GT(ValueRange(*map), 0.1);

  for (const itk::SizeValueType mostTiles : { 3, 12 })
  {
    filter->SetMemoryBudget(BudgetForTiles(*filter, size, mostTiles));
    const auto before = filter->GetNumberOfEncodedTiles();
    const auto tiled = ComputeWhole(*filter);
    EXPECT_GT(filter->GetNumberOfEncodedTiles(), before + 8) << "one tile only";
    EXPECT_TRUE(SameBits(*tiled, *whole, whole->GetBufferedRegion()));
    EXPECT_TRUE(SameBits(*filter->GetUncertaintyMap(), *map, whole->GetBufferedRegion()));
  }
  if (GetParam() != Encoder::Residual)
  {
    filter->SetMemoryBudget(itk::ArSSREngine::DefaultMemoryBudget); // the features are kept: they take long
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    for (unsigned int piece = 0; piece < 3; ++piece)
    {
      RegionType part = whole->GetLargestPossibleRegion();
      const auto length = part.GetSize(axis);
      part.SetIndex(axis, static_cast<itk::IndexValueType>(length * piece / 3));
      part.SetSize(axis, length * (piece + 1) / 3 - length * piece / 3);
      filter->GetOutput()->SetRequestedRegion(part);
      filter->Update();
      ASSERT_EQ(filter->GetUncertaintyMap()->GetBufferedRegion(), part);
      ASSERT_TRUE(SameBits(*filter->GetOutput(), *whole, part)) << "axis " << axis << ", piece " << piece;
      ASSERT_TRUE(SameBits(*filter->GetUncertaintyMap(), *map, part)) << "axis " << axis << ", piece " << piece;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder,
                         FilterQuality,
                         ::testing::Values(Encoder::RDN, Encoder::ResCNN, Encoder::SRResnet, Encoder::Residual),
                         [](const ::testing::TestParamInfo<Encoder> & info) {
                           std::ostringstream name;
                           name << info.param;
                           return name.str();
                         });

// One network of each form.
INSTANTIATE_TEST_SUITE_P(ForEachForm,
                         FilterQualityInDivisions,
                         ::testing::Values(Encoder::ResCNN, Encoder::Residual),
                         [](const ::testing::TestParamInfo<Encoder> & info) {
                           std::ostringstream name;
                           name << info.param;
                           return name.str();
                         });


TEST(ArbitraryScaleSuperResolutionImageFilterQuality, IsOneByDefaultAndRefusesInvalidNumbers)
{
  const auto filter = FilterType::New();
  EXPECT_EQ(filter->GetQuality(), 1U);
  EXPECT_FALSE(filter->GetComputeUncertainty());
  filter->SetInput(ExactInput());
  for (const unsigned int quality : { 0U, 3U, 6U, 16U })
  {
    filter->SetQuality(quality);
    const std::string message = MessageOf([&] { filter->Update(); });
    EXPECT_TRUE(Contains(message, "quality is " + std::to_string(quality))) << message;
    EXPECT_TRUE(Contains(message, "1, 2, 4 or 8")) << message;
  }
  filter->SetQuality(1);
  filter->ComputeUncertaintyOn();
  EXPECT_TRUE(Contains(MessageOf([&] { filter->Update(); }), "Set Quality to 2, 4 or 8"));
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, ComputesTheMapOnlyOnRequest)
{
  const auto filter = MakeFilter(ExactInput(), Encoder::Residual, 2);
  filter->Update();
  EXPECT_EQ(filter->GetUncertaintyMap()->GetBufferedRegion().GetNumberOfPixels(), 0U);

  filter->ComputeUncertaintyOn();
  filter->GetUncertaintyMap()->Update();
  EXPECT_EQ(filter->GetUncertaintyMap()->GetBufferedRegion(), filter->GetOutput()->GetLargestPossibleRegion());
  EXPECT_EQ(filter->GetOutput()->GetBufferedRegion(), filter->GetOutput()->GetLargestPossibleRegion());
  EXPECT_EQ(filter->GetUncertaintyMap()->GetOrigin(), filter->GetOutput()->GetOrigin());
  EXPECT_EQ(filter->GetUncertaintyMap()->GetSpacing(), filter->GetOutput()->GetSpacing());
  EXPECT_EQ(filter->GetUncertaintyMap()->GetDirection(), filter->GetOutput()->GetDirection());
  EXPECT_GT(ValueRange(*filter->GetUncertaintyMap()), 0.1);

  filter->ComputeUncertaintyOff();
  filter->Update();
  EXPECT_EQ(filter->GetUncertaintyMap()->GetBufferedRegion().GetNumberOfPixels(), 0U);
}

// Bounding each pass instead of the mean would give another result, and count voxels several times.
TEST(ArbitraryScaleSuperResolutionImageFilterQuality, KeepsTheMeanWithinTheScansRange)
{
  const auto input = ExactInput();
  const auto filter = MakeFilter(input, Encoder::Residual, 4);
  const auto free = ComputeWhole(*filter);
  filter->BoundToNeighborhoodOn();
  const auto   bounded = ComputeWhole(*filter);
  unsigned int changed = 0;
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(free, free->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    changed += std::abs(it.Get() - bounded->GetPixel(it.GetIndex())) > 0.128F ? 1 : 0; // a thousandth of the window
  }
  EXPECT_GT(changed, 0U);
  EXPECT_EQ(filter->GetNumberOfBoundedVoxels(), changed) << "a voxel counts once, not once for each pass";
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, ReusesTheFeaturesOfAllPasses)
{
  const auto filter = MakeFilter(ExactInput(), Encoder::Residual, 8);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 8U);
  filter->SetScaleFactors(3.0);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 8U);
  filter->ReleaseFeatures();
  filter->SetScaleFactors(2.5);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfEncodedTiles(), 16U);
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, GivesNoUncertaintyForConstantScansAndOutside)
{
  auto constant = FloatImage::New();
  constant->SetRegions(FloatImage::SizeType{ { 8, 8, 8 } });
  constant->Allocate();
  constant->FillBuffer(42.0F);
  auto filter = MakeFilter(constant, Encoder::Residual, 8);
  filter->ClearIntensityWindow();
  filter->ComputeUncertaintyOn();
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetPixel({ { 3, 3, 3 } }), 42.0F);
  EXPECT_EQ(ValueRange(*filter->GetUncertaintyMap()), 0.0);
  EXPECT_EQ(filter->GetUncertaintyMap()->GetPixel({ { 3, 3, 3 } }), 0.0F);

  const auto input = SyntheticImage({ { 8, 8, 8 } });
  filter = MakeFilter(input, Encoder::Residual, 2);
  filter->SetSize({ { 8, 8, 8 } });
  filter->SetOutputOrigin(std::vector<double>{ 4.0, 0.0, 0.0 }.data());
  filter->SetDefaultPixelValue(-7.0F);
  filter->ComputeUncertaintyOn();
  filter->Update();
  EXPECT_EQ(filter->GetOutput()->GetPixel({ { 7, 3, 3 } }), -7.0F);
  EXPECT_EQ(filter->GetUncertaintyMap()->GetPixel({ { 7, 3, 3 } }), 0.0F);
  EXPECT_GT(filter->GetUncertaintyMap()->GetPixel({ { 1, 3, 3 } }), 0.0F);
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, GivesTheUncertaintyInTheScansIntensities)
{
  const auto input = SyntheticImage({ { 8, 8, 8 } });
  const auto deviations = [&](double factor, double offset) {
    auto other = SyntheticImage({ { 8, 8, 8 } });
    for (itk::ImageRegionIteratorWithIndex<FloatImage> it(other, other->GetBufferedRegion()); !it.IsAtEnd(); ++it)
    {
      it.Set(static_cast<float>(factor * it.Get() + offset));
    }
    auto filter = MakeFilter(other, Encoder::Residual, 2);
    filter->SetIntensityWindow(offset, factor * 128.0 + offset);
    filter->ComputeUncertaintyOn();
    filter->Update();
    FloatImage::Pointer map = filter->GetUncertaintyMap();
    map->DisconnectPipeline();
    return map;
  };
  const auto plain = deviations(1.0, 0.0);
  const auto scaled = deviations(8.0, -1024.0);
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(plain, plain->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    ASSERT_NEAR(scaled->GetPixel(it.GetIndex()), 8.0F * it.Get(), 2e-2);
  }
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, AnAbortInAnyPassLeavesAFilterThatWorks)
{
  const auto input = ExactInput();
  const auto filter = MakeFilter(input, Encoder::Residual, 4);
  const auto expected = ComputeWhole(*filter);
  for (const float limit : { 0.05F, 0.4F, 0.7F, 0.95F })
  {
    filter->ReleaseFeatures();
    filter->Modified();
    const auto tag = filter->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
      if (filter->GetProgress() > limit)
      {
        filter->AbortGenerateDataOn();
      }
    });
    EXPECT_THROW(filter->Update(), itk::ProcessAborted) << limit;
    filter->RemoveObserver(tag);
    EXPECT_TRUE(SameBits(*ComputeWhole(*filter), *expected, expected->GetBufferedRegion())) << limit;
  }
}

TEST(ArbitraryScaleSuperResolutionImageFilterQuality, ReportsProgressThatGrowsToOne)
{
  const auto         filter = MakeFilter(ExactInput(), Encoder::Residual, 8);
  std::vector<float> reports;
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { reports.push_back(filter->GetProgress()); });
  filter->Update();
  ASSERT_GT(reports.size(), 8U);
  EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
  EXPECT_FLOAT_EQ(reports.back(), 1.0F);
}
