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

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <sstream>

namespace
{
using namespace itk::arssr::test;

constexpr FloatImage::SizeType InputSize{ { 6, 7, 5 } };

template <typename TImage>
auto
Upscale(TImage * input)
{
  auto filter = itk::ArbitraryScaleSuperResolutionImageFilter<TImage>::New();
  filter->SetInput(input);
  filter->SetModel(SmallModel(Encoder::ResCNN));
  filter->SetDevice("cpu");
  filter->BoundToNeighborhoodOff();
  return filter;
}

template <typename TImage = FloatImage>
typename TImage::Pointer
Mapped(const FloatImage & input, double slope, double offset)
{
  auto result = TImage::New();
  result->CopyInformation(&input);
  result->SetRegions(input.GetLargestPossibleRegion());
  result->Allocate();
  for (itk::ImageRegionIteratorWithIndex<TImage> it(result, result->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(static_cast<typename TImage::PixelType>(slope * input.GetPixel(it.GetIndex()) + offset));
  }
  return result;
}

/** Whole numbers from 0 on. */
FloatImage::Pointer
WholeNumbers()
{
  auto       image = SyntheticImage(InputSize);
  auto *     voxels = image->GetBufferPointer();
  const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  const auto minimum = *std::min_element(voxels, voxels + count);
  std::transform(voxels, voxels + count, voxels, [=](float value) { return std::floor(value - minimum); });
  return image;
}

/** Largest difference of two results, the first of them less an offset. */
template <typename TImage>
double
LargestDifference(const TImage & image, double offset, const FloatImage & expected)
{
  double largest = 0.0;
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(&expected, expected.GetBufferedRegion()); !it.IsAtEnd();
       ++it)
  {
    const auto value = static_cast<double>(image.GetPixel(it.GetIndex())) - offset;
    largest = std::max(largest, std::abs(value - static_cast<double>(it.Get())));
  }
  return largest;
}
} // namespace


template <typename TPixel>
class IntensityOfPixelType : public ::testing::Test
{};

using PixelTypes = ::testing::Types<float,
                                    double,
                                    unsigned char,
                                    signed char,
                                    short,
                                    unsigned short,
                                    int,
                                    unsigned int,
                                    long,
                                    unsigned long,
                                    long long,
                                    unsigned long long>;
TYPED_TEST_SUITE(IntensityOfPixelType, PixelTypes);

TYPED_TEST(IntensityOfPixelType, IsThatOfFloatRoundedToTheNearest)
{
  using ImageType = itk::Image<TypeParam, 3>;
  const auto input = SyntheticImage<ImageType>(InputSize);
  const auto asFloat = FloatImage::New();
  asFloat->SetRegions(input->GetLargestPossibleRegion());
  asFloat->Allocate();
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(asFloat, asFloat->GetLargestPossibleRegion()); !it.IsAtEnd();
       ++it)
  {
    it.Set(static_cast<float>(input->GetPixel(it.GetIndex())));
  }
  const auto filter = Upscale(input.GetPointer());
  filter->Update();
  const auto reference = Upscale(asFloat.GetPointer());
  reference->Update();
  ASSERT_GT(ValueRange(*reference->GetOutput()), 5.0);
  for (itk::ImageRegionConstIteratorWithIndex<ImageType> it(filter->GetOutput(),
                                                            filter->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    const double expected = reference->GetOutput()->GetPixel(it.GetIndex());
    const double tolerance = std::is_integral<TypeParam>::value ? 0.501 : 1e-4;
    ASSERT_NEAR(static_cast<double>(it.Get()), expected, tolerance);
  }
}


TEST(Intensity, IsClampedToTheRangeOfIntegerPixels)
{
  using ByteImage = itk::Image<unsigned char, 3>;
  const auto input = SyntheticImage(InputSize);
  using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage, ByteImage>;
  auto filter = FilterType::New();
  filter->SetInput(Mapped(*input, 10.0F, 0.0F)); // 200 to 1100
  filter->SetModel(SmallModel(Encoder::ResCNN));
  filter->SetDevice("cpu");
  filter->BoundToNeighborhoodOff();
  filter->Update();
  const auto asFloat = Upscale(Mapped(*input, 10.0F, 0.0F).GetPointer());
  asFloat->Update();
  bool clamped = false;
  for (itk::ImageRegionConstIteratorWithIndex<ByteImage> it(filter->GetOutput(),
                                                            filter->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    const float expected = asFloat->GetOutput()->GetPixel(it.GetIndex());
    clamped = clamped || expected > 255.5F;
    ASSERT_NEAR(it.Get(), std::min(std::max(expected, 0.0F), 255.0F), 0.501);
  }
  EXPECT_TRUE(clamped);
}

TEST(Intensity, ScalesWithTheInput)
{
  const auto input = SyntheticImage(InputSize);
  const auto plain = Upscale(input.GetPointer());
  plain->Update();
  const auto scaled = Upscale(Mapped(*input, 8.0F, 0.0F).GetPointer());
  scaled->Update();
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(plain->GetOutput(),
                                                             plain->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    EXPECT_NEAR(scaled->GetOutput()->GetPixel(it.GetIndex()), 8.0F * it.Get(), 1e-2);
  }
}

TEST(Intensity, IsMeasuredFromTheMinimumOfNegativeValues)
{
  // CT numbers from -1024: the minimum becomes zero for the network.
  const auto input = SyntheticImage(InputSize);
  auto       shifted = Mapped(*input, 1.0F, 0.0F);
  shifted->SetPixel({ { 0, 0, 0 } }, 0.0F);
  const auto plain = Upscale(shifted.GetPointer());
  plain->Update();
  const auto negative = Upscale(Mapped(*shifted, 1.0F, -1024.0F).GetPointer());
  negative->Update();
  EXPECT_EQ(negative->GetIntensityWindowLower(), -1024.0);
  EXPECT_NEAR(negative->GetIntensityWindowUpper(), plain->GetIntensityWindowUpper() - 1024.0, 1e-3);
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(plain->GetOutput(),
                                                             plain->GetOutput()->GetLargestPossibleRegion());
       !it.IsAtEnd();
       ++it)
  {
    EXPECT_NEAR(negative->GetOutput()->GetPixel(it.GetIndex()), it.Get() - 1024.0F, 1e-2);
  }
}

// A window without width would divide by 0.
TEST(Intensity, IsKeptForAConstantImage)
{
  for (const float value : { 0.0F, 7.5F, -1024.0F })
  {
    auto input = FloatImage::New();
    input->SetRegions(InputSize);
    input->Allocate();
    input->FillBuffer(value);
    const auto filter = Upscale(input.GetPointer());
    filter->Update();
    EXPECT_EQ(ValueRange(*filter->GetOutput()), 0.0);
    EXPECT_EQ(filter->GetOutput()->GetPixel({ { 3, 3, 3 } }), value);
  }
}

TEST(Intensity, WindowOfTheInputEqualsTheSameWindowSetByHand)
{
  const auto input = WholeNumbers();
  const auto found = Upscale(input.GetPointer());
  found->Update();
  EXPECT_EQ(found->GetIntensityWindowLower(), 0.0);

  const auto set = Upscale(input.GetPointer());
  set->SetIntensityWindow(found->GetIntensityWindowLower(), found->GetIntensityWindowUpper());
  set->Update();
  EXPECT_TRUE(SameBits(*set->GetOutput(), *found->GetOutput(), found->GetOutput()->GetLargestPossibleRegion()));

  set->SetIntensityWindow(0.0, 500.0);
  set->Update();
  EXPECT_FALSE(SameBits(*set->GetOutput(), *found->GetOutput(), found->GetOutput()->GetLargestPossibleRegion()));
  set->ClearIntensityWindow();
  set->Update();
  EXPECT_TRUE(SameBits(*set->GetOutput(), *found->GetOutput(), found->GetOutput()->GetLargestPossibleRegion()));
}

// A network that was trained without a window must see the input itself.
TEST(Intensity, ReachesTheNetworkUnchangedWithoutScaling)
{
  // A window of [0, 1] maps nothing, so it must give the same.
  const auto input = Mapped(*SyntheticImage(InputSize), 0.01F, 0.0F);
  const auto off = Upscale(input.GetPointer());
  off->IntensityScalingOff();
  off->Update();
  const auto unit = Upscale(input.GetPointer());
  unit->SetIntensityWindow(0.0, 1.0);
  unit->Update();
  ASSERT_GT(ValueRange(*off->GetOutput()), 1e-3);
  EXPECT_TRUE(SameBits(*off->GetOutput(), *unit->GetOutput(), off->GetOutput()->GetLargestPossibleRegion()));
}

TEST(Intensity, IsMeasuredFromTheMinimumFarFromZero)
{
  const auto plain = Upscale(WholeNumbers().GetPointer());
  plain->Update();
  const double range = ValueRange(*plain->GetOutput());
  ASSERT_GT(range, 5.0);
  for (const double offset : { 1000.0, 32768.0, 65000.0, 1e6, -1e6 })
  {
    const auto filter = Upscale(Mapped(*WholeNumbers(), 1.0, offset).GetPointer());
    filter->Update();
    EXPECT_EQ(filter->GetIntensityWindowLower(), offset);
    EXPECT_EQ(filter->GetIntensityWindowUpper(), plain->GetIntensityWindowUpper() + offset);
    EXPECT_LT(LargestDifference(*filter->GetOutput(), offset, *plain->GetOutput()), 1e-5 * range + 0.51 * 0.125);
  }
  using ShortImage = itk::Image<unsigned short, 3>;
  const auto shorts = Upscale(Mapped<ShortImage>(*WholeNumbers(), 1.0, 32768.0).GetPointer());
  shorts->Update();
  EXPECT_LT(LargestDifference(*shorts->GetOutput(), 32768.0, *plain->GetOutput()), 0.501);
}

// Any step in single precision before the offset is taken away would round the image to nothing.
TEST(Intensity, IsNotLostBesideAnOffsetInDoubles)
{
  using DoubleImage = itk::Image<double, 3>;
  const auto plain = Upscale(WholeNumbers().GetPointer());
  plain->Update();
  for (const double offset : { 1e6, 1e9, -1e9, 1e12 })
  {
    // A range of less than a unit: single precision tells nothing apart beyond 1e7.
    const auto filter = Upscale(Mapped<DoubleImage>(*WholeNumbers(), 1e-2, offset).GetPointer());
    filter->Update();
    const double resolution = std::abs(offset) * std::numeric_limits<double>::epsilon();
    for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(plain->GetOutput(),
                                                               plain->GetOutput()->GetBufferedRegion());
         !it.IsAtEnd();
         ++it)
    {
      ASSERT_NEAR(filter->GetOutput()->GetPixel(it.GetIndex()) - offset, 1e-2 * it.Get(), 1e-5 + 20.0 * resolution);
    }
  }
}

TEST(Intensity, WarnsWhenTheWindowBeginsAtTheMinimum)
{
  const auto ordinary = Upscale(WholeNumbers().GetPointer());
  EXPECT_EQ(WarningsOf([&] { ordinary->Update(); }), "");
  const auto computed = Upscale(Mapped(*WholeNumbers(), 1.0, -1024.0).GetPointer());
  EXPECT_EQ(WarningsOf([&] { computed->Update(); }), "") << "as it always was";

  const auto         far = Upscale(Mapped(*WholeNumbers(), 1.0, 32768.0).GetPointer());
  const std::string  warning = WarningsOf([&] { far->Update(); });
  std::ostringstream window;
  window << "[32768, " << far->GetIntensityWindowUpper() << ']';
  EXPECT_TRUE(Contains(warning, "far from 0")) << warning;
  EXPECT_TRUE(Contains(warning, window.str())) << warning;
  far->SetScaleFactors(3.0);
  EXPECT_EQ(WarningsOf([&] { far->Update(); }), "") << "said before, of the same input";
  far->SetIntensityWindow(0.0, 40000.0);
  EXPECT_EQ(WarningsOf([&] { far->Update(); }), "");
}
