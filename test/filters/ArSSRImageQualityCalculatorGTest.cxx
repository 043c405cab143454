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
#include "itkArSSRImageQualityCalculator.h"

#include "filters/ArSSRFilterTestHelpers.h"

#include "itkImageRegionIterator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

namespace
{
using namespace itk::arssr::test;

constexpr FloatImage::SizeType  TestSize{ { 20, 21, 22 } };
constexpr FloatImage::IndexType TestStart{ { 3, -4, 5 } };

template <typename TImage = FloatImage>
typename TImage::Pointer
Truth()
{
  return SyntheticImage<TImage>(TestSize, TestStart);
}

// The image with something added inside a region.
template <typename TImage>
typename TImage::Pointer
Changed(const TImage & image, const typename TImage::RegionType & region, int change)
{
  auto result = TImage::New();
  result->CopyInformation(&image);
  result->SetRegions(image.GetBufferedRegion());
  result->Allocate();
  itk::ImageAlgorithm::Copy(&image, result.GetPointer(), image.GetBufferedRegion(), image.GetBufferedRegion());
  for (itk::ImageRegionIterator<TImage> it(result, region); !it.IsAtEnd(); ++it)
  {
    it.Set(static_cast<typename TImage::PixelType>(it.Get() + change));
  }
  return result;
}

template <typename TImage>
auto
CalculatorOf(const TImage * truth, const TImage * image)
{
  auto calculator = itk::ArSSRImageQualityCalculator<TImage>::New();
  calculator->SetTruth(truth);
  calculator->SetImage(image);
  return calculator;
}
} // namespace


TEST(ArSSRImageQualityCalculator, AgreesWithArSSRImageQuality)
{
  const auto truth = Truth();
  const auto image = Changed(*truth, RegionType(TestStart, { { 20, 9, 22 } }), 7);
  const auto calculator = CalculatorOf(truth.GetPointer(), image.GetPointer());
  calculator->Compute();

  const itk::ArSSRImageQuality quality(TestSize, truth->GetBufferPointer(), image->GetBufferPointer());
  const auto                   errors = quality.ComputeErrors();
  const double                 range = ValueRange(*truth);
  EXPECT_GT(errors.meanSquaredError, 0.0);
  EXPECT_EQ(calculator->GetMeanSquaredError(), errors.meanSquaredError);
  EXPECT_EQ(calculator->GetUsedValueRange(), range);
  EXPECT_EQ(calculator->GetPeakSignalToNoiseRatio(), 10.0 * std::log10(range * range / errors.meanSquaredError));
  EXPECT_EQ(calculator->GetStructuralSimilarity(), quality.ComputeStructuralSimilarity(range));
  EXPECT_LT(calculator->GetStructuralSimilarity(), 0.999);
}

TEST(ArSSRImageQualityCalculator, EqualImagesHaveAnInfiniteRatio)
{
  const auto truth = Truth();
  const auto calculator = CalculatorOf(truth.GetPointer(), truth.GetPointer());
  calculator->Compute();
  EXPECT_EQ(calculator->GetMeanSquaredError(), 0.0);
  EXPECT_EQ(calculator->GetPeakSignalToNoiseRatio(), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(calculator->GetStructuralSimilarity(), 1.0, 1e-12);
}

// A border of one voxel more or less would let the upsampler's padding into the measure.
TEST(ArSSRImageQualityCalculator, ComparesOnlyTheRegionLessTheBorder)
{
  const auto       truth = Truth();
  const RegionType spoilt({ { 3, -4, 9 } }, { { 6, 4, 2 } });
  const auto       image = Changed(*truth, spoilt, 500);
  const auto       calculator = CalculatorOf(truth.GetPointer(), image.GetPointer());

  // 48 of the 9240 voxels.
  calculator->Compute();
  EXPECT_NEAR(calculator->GetMeanSquaredError(), 500.0 * 500.0 * 48.0 / 9240.0, 1e-3);

  // The spoilt voxels reach 4 voxels in from the nearest face.
  calculator->SetBorder(4);
  calculator->Compute();
  EXPECT_EQ(calculator->GetMeanSquaredError(), 0.0);
  calculator->SetBorder(3);
  calculator->Compute();
  EXPECT_GT(calculator->GetMeanSquaredError(), 0.0);

  calculator->SetBorder(0);
  calculator->SetRegion(RegionType({ { 9, -4, 5 } }, { { 14, 21, 22 } }));
  calculator->Compute();
  EXPECT_EQ(calculator->GetMeanSquaredError(), 0.0);
  calculator->SetRegion(RegionType({ { 8, -4, 9 } }, { { 1, 4, 2 } }));
  calculator->SetValueRange(500.0);
  calculator->ComputeErrors();
  EXPECT_NEAR(calculator->GetPeakSignalToNoiseRatio(), 0.0, 1e-5);
}

TEST(ArSSRImageQualityCalculator, TakesTheRangeFromTheComparedRegionUnlessSet)
{
  const auto truth = Truth();
  const auto image = Changed(*truth, RegionType(TestStart, TestSize), 2);
  const auto inside = Changed(*truth, RegionType(TestStart, { { 1, 1, 1 } }), 10000);
  const auto calculator = CalculatorOf(inside.GetPointer(), image.GetPointer());
  calculator->SetBorder(1);
  calculator->Compute();
  EXPECT_LT(calculator->GetUsedValueRange(), 200.0);
  EXPECT_NEAR(calculator->GetMeanSquaredError(), 4.0, 1e-4);

  const double ownRange = calculator->GetPeakSignalToNoiseRatio();
  calculator->SetValueRange(10.0 * calculator->GetUsedValueRange());
  calculator->Compute();
  EXPECT_NEAR(calculator->GetPeakSignalToNoiseRatio(), ownRange + 20.0, 1e-9);
}

TEST(ArSSRImageQualityCalculator, ImagesMayHaveLargerBuffersThanTheRegion)
{
  const RegionType part({ { 5, 0, 7 } }, { { 12, 13, 14 } });
  const auto       truth = Truth();
  const auto       image = Changed(*truth, part, 3);
  auto             smaller = FloatImage::New();
  smaller->SetRegions(part);
  smaller->Allocate();
  itk::ImageAlgorithm::Copy(image.GetPointer(), smaller.GetPointer(), part, part);

  const auto calculator = CalculatorOf(truth.GetPointer(), smaller.GetPointer());
  ExpectError([&] { calculator->Compute(); }, "The sizes differ: the image has [12, 13, 14] voxels");
  calculator->SetRegion(part);
  calculator->Compute();
  EXPECT_NEAR(calculator->GetMeanSquaredError(), 9.0, 1e-4);
}

// They would be compared with a shift, and the image blamed for it.
TEST(ArSSRImageQualityCalculator, ImagesOfTheSameSizeAtOtherIndicesAreNotCompared)
{
  const auto truth = Truth();
  const auto image = SyntheticImage<FloatImage>(TestSize);
  ExpectError([&] { CalculatorOf(truth.GetPointer(), image.GetPointer())->Compute(); }, "from index [0, 0, 0]");
}

template <typename TPixel>
class QualityOfPixelType : public ::testing::Test
{};

using PixelTypes = ::testing::Types<unsigned char, signed char, short, unsigned short, int, long long, float, double>;
TYPED_TEST_SUITE(QualityOfPixelType, PixelTypes);

// A difference taken in the pixel type would wrap: 10 - 25 is 241 in bytes.
TYPED_TEST(QualityOfPixelType, IsOfTheVoxelsAsNumbersAndDoesNotWrapAround)
{
  using ImageType = itk::Image<TypeParam, 3>;
  const auto truth = Truth<ImageType>(); // between 15 and 115
  const auto image = Changed(*truth, truth->GetBufferedRegion(), -15);
  const auto calculator = CalculatorOf(truth.GetPointer(), image.GetPointer());
  calculator->Compute();
  EXPECT_NEAR(calculator->GetMeanSquaredError(), 225.0, 1e-4);
}

TEST(ArSSRImageQualityCalculator, ExplainsErrors)
{
  const auto truth = Truth();
  const auto calculator = itk::ArSSRImageQualityCalculator<FloatImage>::New();
  ExpectError([&] { calculator->Compute(); }, "The truth is not set");
  calculator->SetTruth(truth);
  ExpectError([&] { calculator->Compute(); }, "The image is not set");
  calculator->SetImage(truth);

  calculator->SetBorder(10);
  ExpectError([&] { calculator->Compute(); }, "A border of 10 voxels leaves nothing of [20, 21, 22] voxels");
  calculator->SetBorder(5);
  ExpectError([&] { calculator->Compute(); }, "SSIM needs 11 voxels along each axis, borders excluded");
  calculator->SetBorder(0);

  calculator->SetRegion(RegionType(TestStart, { { 20, 21, 23 } }));
  ExpectError([&] { calculator->Compute(); }, "The region of [20, 21, 23] voxels from index [3, -4, 5] is not inside");
  calculator->SetRegion(RegionType(TestStart, TestSize));

  calculator->SetValueRange(-1.0);
  ExpectError([&] { calculator->Compute(); }, "The value range is -1");
  calculator->SetValueRange(0.0);

  auto constant = Truth();
  constant->FillBuffer(42.0F);
  calculator->SetTruth(constant);
  ExpectError([&] { calculator->Compute(); }, "The truth is constant, 42");

  auto holed = Truth();
  holed->SetPixel({ { 22, 16, 26 } }, std::numeric_limits<float>::quiet_NaN());
  calculator->SetTruth(truth);
  calculator->SetImage(holed);
  ExpectError([&] { calculator->Compute(); }, "NaN or infinite voxels");
}

TEST(ArSSRImageQualityCalculator, ImagesMayHaveNoVoxels)
{
  const auto empty = FloatImage::New();
  ExpectError([&] { CalculatorOf(empty.GetPointer(), empty.GetPointer())->Compute(); }, "leaves nothing of [0, 0, 0]");
}

TEST(ArSSRImageQualityCalculator, PrintsItsSettingsAndResults)
{
  const auto truth = Truth();
  const auto calculator = CalculatorOf(truth.GetPointer(), truth.GetPointer());
  calculator->SetBorder(2);
  calculator->Compute();
  std::ostringstream text;
  calculator->Print(text);
  EXPECT_TRUE(Contains(text.str(), "Border: 2"));
  EXPECT_TRUE(Contains(text.str(), "PeakSignalToNoiseRatio: inf"));
}
