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
#include "itkArSSRNoiseEstimator.h"

#include "filters/ArSSRFilterTestHelpers.h"
#include "platform/ArSSRRandom.h"

#include <cmath>
#include <sstream>

namespace
{
using namespace itk::arssr::test;
using Noise = itk::ArSSRAcquisitionEnums::Noise;

constexpr FloatImage::SizeType Size{ { 60, 50, 40 } };

/** Rician noise on a constant. */
template <typename TImage>
typename TImage::Pointer
NoisyImage(double deviation, double signal = 200.0)
{
  auto               image = SyntheticImage<TImage>(Size, { { -3, 5, 2 } });
  itk::arssr::Random random(4, itk::arssr::RandomStream::Sample, 0);
  for (itk::ImageRegionIterator<TImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    const double real = signal + deviation * random.Normal();
    it.Set(static_cast<typename TImage::PixelType>(std::hypot(real, deviation * random.Normal()) + 0.5));
  }
  return image;
}

template <typename TImage>
typename itk::ArSSRNoiseEstimator<TImage>::Pointer
Estimator(const TImage * image)
{
  auto estimator = itk::ArSSRNoiseEstimator<TImage>::New();
  estimator->SetImage(image);
  return estimator;
}
} // namespace


TEST(ArSSRNoiseEstimator, FindsTheNoiseOfAnyPixelType)
{
  const auto real = Estimator<FloatImage>(NoisyImage<FloatImage>(8.0));
  real->Compute();
  EXPECT_NEAR(real->GetNoise(), 8.0, 0.6);
  EXPECT_EQ(real->GetUsedKind(), Noise::Rician);
  EXPECT_GT(real->GetNumberOfWindows(), 1000U);
  using ShortImage = itk::Image<short, 3>;
  const auto integer = Estimator<ShortImage>(NoisyImage<ShortImage>(8.0));
  integer->Compute();
  EXPECT_NEAR(integer->GetNoise(), 8.0, 0.6);
  std::ostringstream printed;
  integer->Print(printed);
  EXPECT_TRUE(Contains(printed.str(), "UsedKind: rician"));
}

TEST(ArSSRNoiseEstimator, BringsItsImageUpToDateInSlabs)
{
  const auto image = NoisyImage<FloatImage>(5.0);
  const auto whole = Estimator<FloatImage>(image);
  whole->Compute();
  auto recorder = RegionRecorder::New();
  recorder->SetInput(image);
  const auto streamed = Estimator<FloatImage>(recorder->GetOutput());
  streamed->Compute();
  EXPECT_EQ(streamed->GetNoise(), whole->GetNoise());
  EXPECT_GE(recorder->requested.size(), 1U);
}

TEST(ArSSRNoiseEstimator, UsesVoxelsWhereTheMaskIsNotZero)
{
  const auto image = NoisyImage<FloatImage>(4.0);
  const auto noisier = NoisyImage<FloatImage>(16.0);
  using MaskType = itk::Image<unsigned char, 3>;
  auto mask = MaskType::New();
  mask->SetRegions(image->GetLargestPossibleRegion());
  mask->Allocate();
  for (itk::ImageRegionIteratorWithIndex<MaskType> it(mask, mask->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    const bool isInside = it.GetIndex()[0] < 27;
    it.Set(isInside ? 1 : 0);
    if (!isInside)
    {
      image->SetPixel(it.GetIndex(), noisier->GetPixel(it.GetIndex()));
    }
  }
  const auto estimator = Estimator<FloatImage>(image);
  estimator->SetMaskImage(mask);
  estimator->Compute();
  EXPECT_NEAR(estimator->GetNoise(), 4.0, 0.4);
}

TEST(ArSSRNoiseEstimator, ExplainsErrors)
{
  const auto nothing = itk::ArSSRNoiseEstimator<FloatImage>::New();
  EXPECT_TRUE(Contains(MessageOf([&] { nothing->Compute(); }), "Call SetImage()"));
  auto       image = NoisyImage<FloatImage>(4.0);
  const auto estimator = Estimator<FloatImage>(image);
  auto       mask = itk::Image<unsigned char, 3>::New();
  mask->SetRegions(FloatImage::SizeType{ { 4, 4, 4 } });
  mask->Allocate();
  estimator->SetMaskImage(mask);
  EXPECT_TRUE(Contains(MessageOf([&] { estimator->Compute(); }), "Resample the mask"));
  estimator->SetMaskImage(nullptr);
  image->SetPixel({ { 0, 6, 3 } }, std::nanf(""));
  EXPECT_TRUE(Contains(MessageOf([&] { estimator->Compute(); }), "index [0, 6, 3]"));
}
