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
#include "itkArSSRInterpolationEstimator.h"

#include "acquisition/ArSSRScannedVolume.h"
#include "filters/ArSSRFilterTestHelpers.h"

#include <cmath>
#include <sstream>

namespace
{
using namespace itk::arssr::test;

template <typename TImage>
typename TImage::Pointer
ScannedImage(const std::array<double, 3> & factors)
{
  ScannedVolume volume;
  volume.factors = factors;
  volume.noise = 7.0;
  const auto voxels = volume.Make();
  auto       image = SyntheticImage<TImage>(volume.size, { { -3, 5, 2 } });
  auto       voxel = voxels.begin();
  for (itk::ImageRegionIterator<TImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(static_cast<typename TImage::PixelType>(*voxel++));
  }
  return image;
}

template <typename TImage>
void
ExpectFactors(const TImage * image, const std::array<double, 3> & factors)
{
  auto estimator = itk::ArSSRInterpolationEstimator<TImage>::New();
  estimator->SetImage(image);
  estimator->Compute();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_NEAR(estimator->GetFactors()[axis], factors[axis], factors[axis] > 1.0 ? 0.08 * factors[axis] : 0.0);
  }
  std::ostringstream printed;
  estimator->Print(printed);
  EXPECT_TRUE(Contains(printed.str(), "Factors: ["));
}
} // namespace


TEST(ArSSRInterpolationEstimator, FindsTheFactorsOfAnyPixelType)
{
  ExpectFactors<FloatImage>(ScannedImage<FloatImage>({ { 2.0, 1.0, 1.0 } }), { { 2.0, 1.0, 1.0 } });
  using ShortImage = itk::Image<short, 3>;
  ExpectFactors<ShortImage>(ScannedImage<ShortImage>({ { 1.0, 1.5, 1.0 } }), { { 1.0, 1.5, 1.0 } });
}

TEST(ArSSRInterpolationEstimator, BringsItsImageUpToDate)
{
  auto recorder = RegionRecorder::New();
  recorder->SetInput(ScannedImage<FloatImage>({ { 1.0, 1.0, 2.0 } }));
  ExpectFactors<FloatImage>(recorder->GetOutput(), { { 1.0, 1.0, 2.0 } });
  EXPECT_GE(recorder->requested.size(), 1U);
}

TEST(ArSSRInterpolationEstimator, ExplainsErrors)
{
  const auto estimator = itk::ArSSRInterpolationEstimator<FloatImage>::New();
  ExpectError([&] { estimator->Compute(); }, "Call SetImage()");
  const auto image = ScannedImage<FloatImage>({ { 1.0, 1.0, 1.0 } });
  image->SetPixel({ { 0, 6, 3 } }, std::nanf(""));
  estimator->SetImage(image);
  ExpectError([&] { estimator->Compute(); }, "index [0, 6, 3]");
}
