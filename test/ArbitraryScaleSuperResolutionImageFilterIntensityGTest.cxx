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
#include "ArSSRFilterTestHelpers.h"

#include <gtest/gtest.h>

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
  return filter;
}

FloatImage::Pointer
Mapped(const FloatImage & input, float slope, float offset)
{
  auto result = FloatImage::New();
  result->CopyInformation(&input);
  result->SetRegions(input.GetLargestPossibleRegion());
  result->Allocate();
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(result, result->GetLargestPossibleRegion()); !it.IsAtEnd();
       ++it)
  {
    it.Set(slope * input.GetPixel(it.GetIndex()) + offset);
  }
  return result;
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

TEST(Intensity, OfNegativeValuesIsMeasuredFromTheMinimum)
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

TEST(Intensity, OfAConstantImageIsTheSameConstant)
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
  const auto input = SyntheticImage(InputSize);
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

TEST(Intensity, ReachesTheNetworkAsItIsWithoutScaling)
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
