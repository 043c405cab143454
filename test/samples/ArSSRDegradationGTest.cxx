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
#include "samples/ArSSRDegradation.h"

#include "samples/ArSSRCubicZoom.h"
#include "samples/ArSSRSampleTestHelpers.h"

#include <gtest/gtest.h>
#include "itkBSplineInterpolateImageFunction.h"
#include "itkImage.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::arssr::test::MakeTexture;
using itk::arssr::test::MakeVolume;

const GridIndex Size{ { 30, 34, 38 } };

float
At(const std::vector<float> & voxels, const GridIndex & size, std::int64_t z, std::int64_t y, std::int64_t x)
{
  return voxels[static_cast<std::size_t>((z * size[1] + y) * size[2] + x)];
}

/** Of Gaussians with the LR spacing as their FWHM. */
SeparableWeights
GetSliceProfileWeights(const PatchGeometry & patch, const GridIndex & volumeSize)
{
  PatchSpreads spreads;
  spreads.fill(itk::ArSSRPointSpread::Gaussian(1.0));
  return GetPointSpreadWeights(patch, spreads, volumeSize);
}
} // namespace

// An LR voxel half an HR voxel off would teach the network a shift of every image.
TEST(ArSSRDegradation, PatchSeesTheSliceProfileAtItsPlace)
{
  const Volume        volume = MakeVolume(Size, MakeTexture(1));
  const PatchGeometry patches[] = { { 4, { { 0.0, 0.0, 0.0 } }, { { 2.0, 2.0, 2.0 } } },
                                    { 5, { { 3.27, 7.81, 1.13 } }, { { 2.3, 2.3, 2.3 } } },
                                    { 6, { { 11.0, 4.0, 2.6 } }, { { 1.0, 1.0, 5.7 } } },
                                    { 4, { { 13.9, 3.3, 25.5 } }, { { 4.02, 1.7, 3.1 } } } };
  for (const PatchGeometry & patch : patches)
  {
    const std::vector<float> seen = ApplyWeights(volume, GetSliceProfileWeights(patch, volume.size));
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(patch.size * patch.size * patch.size));
    std::size_t voxel = 0;
    for (std::int64_t z = 0; z < patch.size; ++z)
    {
      for (std::int64_t y = 0; y < patch.size; ++y)
      {
        for (std::int64_t x = 0; x < patch.size; ++x)
        {
          const GridLengths centre{ { patch.start[0] + (static_cast<double>(z) + 0.5) * patch.scale[0] - 0.5,
                                      patch.start[1] + (static_cast<double>(y) + 0.5) * patch.scale[1] - 0.5,
                                      patch.start[2] + (static_cast<double>(x) + 0.5) * patch.scale[2] - 0.5 } };
          EXPECT_NEAR(seen[voxel++], test::SimulateVoxel(volume, centre, patch.scale), 2e-6);
        }
      }
    }
  }
}

TEST(ArSSRDegradation, PatchSeesEachAxisUnderAPointSpreadOfItsOwn)
{
  const Volume        volume = MakeVolume(Size, MakeTexture(4));
  const PatchGeometry patch{ 4, { { 3.27, 7.81, 1.0 } }, { { 2.3, 3.1, 1.0 } } };
  const PatchSpreads  spreads{
    { itk::ArSSRPointSpread::Box(0.8), itk::ArSSRPointSpread::Sinc(1.0, 0.5), itk::ArSSRPointSpread::Sinc(1.6) }
  };
  const std::vector<float> seen = ApplyWeights(volume, GetPointSpreadWeights(patch, spreads, volume.size));
  std::size_t              voxel = 0;
  for (std::int64_t z = 0; z < 4; ++z)
  {
    for (std::int64_t y = 0; y < 4; ++y)
    {
      for (std::int64_t x = 0; x < 4; ++x)
      {
        // Widths are in LR spacings, the weights' unit is the HR voxel.
        const auto alongZ = itk::ArSSRPointSpread::Box(0.8 * 2.3).GetWeights(3.27 + (z + 0.5) * 2.3 - 0.5, 30);
        const auto alongY = itk::ArSSRPointSpread::Sinc(3.1, 0.5).GetWeights(7.81 + (y + 0.5) * 3.1 - 0.5, 34);
        const auto alongX = itk::ArSSRPointSpread::Sinc(1.6).GetWeights(1.0 + x, 38);
        double     expected = 0.0;
        for (std::size_t i = 0; i < alongZ.weights.size(); ++i)
        {
          for (std::size_t j = 0; j < alongY.weights.size(); ++j)
          {
            const float * row =
              volume.GetRow(alongZ.first + static_cast<std::int64_t>(i), alongY.first + static_cast<std::int64_t>(j)) +
              alongX.first;
            for (std::size_t k = 0; k < alongX.weights.size(); ++k)
            {
              expected += alongZ.weights[i] * alongY.weights[j] * alongX.weights[k] * static_cast<double>(row[k]);
            }
          }
        }
        EXPECT_NEAR(seen[voxel++], expected, 2e-6);
      }
    }
  }
}

TEST(ArSSRDegradation, SincKeepsVolumesSharperThanAGaussian)
{
  // A wave at 0.7 of the new grid's Nyquist frequency: a sinc with a flat window up to 0.5 keeps most of it.
  const Volume wave = MakeVolume({ { 40, 40, 60 } }, [](std::int64_t, std::int64_t, std::int64_t x) {
    return static_cast<float>(0.5 + 0.4 * std::cos(3.14159265 * 0.35 * static_cast<double>(x)));
  });
  const auto   contrast = [](const Volume & volume) {
    const float * row = volume.GetRow(10, 10);
    const auto    range = std::minmax_element(row + 5, row + 25);
    return *range.second - *range.first;
  };
  const auto window = itk::ArSSRPointSpread::Sinc(1.0, 0.5);
  EXPECT_NEAR(contrast(DegradeVolume(wave, 2.0, window)) / 0.8, window.GetModulation(0.35), 0.06);
  EXPECT_NEAR(contrast(DegradeVolume(wave, 2.0)) / 0.8, itk::ArSSRPointSpread::Gaussian(1.0).GetModulation(0.35), 0.06);
  // Overshoots, largest a voxel from an edge in a voxel's middle, do not go below 0.
  const Volume edge =
    MakeVolume({ { 40, 40, 60 } }, [](std::int64_t, std::int64_t, std::int64_t x) { return x < 29 ? 0.0F : 1.0F; });
  const Volume coarse = DegradeVolume(edge, 2.0, itk::ArSSRPointSpread::Sinc(1.0));
  EXPECT_EQ(*std::min_element(coarse.voxels.begin(), coarse.voxels.end()), 0.0F);
  EXPECT_GT(*std::max_element(coarse.voxels.begin(), coarse.voxels.end()), 1.05F);
}

// Training patches and whole simulated scans must agree, or evaluation measures other scans than those trained on.
TEST(ArSSRDegradation, PatchEqualsTheSamePartOfTheWholeVolume)
{
  const Volume volume = MakeVolume({ { 30, 36, 42 } }, MakeTexture(2));
  for (const double multiple : { 1.5, 2.0, 3.0 })
  {
    const Volume whole = DegradeVolume(volume, multiple);
    EXPECT_EQ(whole.size, GetDegradedSize(volume.size, multiple));
    const std::int64_t       first[] = { whole.size[0] - 5, 0, 3 }; // patches at both faces
    const PatchGeometry      patch{ 5,
                               { { static_cast<double>(first[0]) * multiple, 0.0, 3.0 * multiple } },
                               { { multiple, multiple, multiple } } };
    const std::vector<float> part = ApplyWeights(volume, GetSliceProfileWeights(patch, volume.size));
    std::size_t              voxel = 0;
    for (std::int64_t z = 0; z < 5; ++z)
    {
      for (std::int64_t y = 0; y < 5; ++y)
      {
        for (std::int64_t x = 0; x < 5; ++x)
        {
          EXPECT_NEAR(part[voxel++], At(whole.voxels, whole.size, first[0] + z, y, first[2] + x), 1e-6);
        }
      }
    }
  }
}

TEST(ArSSRDegradation, VolumesKeepTheirFieldOfView)
{
  EXPECT_EQ(GetDegradedSize({ { 181, 217, 1 } }, 1.4), (GridIndex{ { 129, 155, 1 } }));
  // A ramp keeps its intensities where it was: centres do not shift.
  const Volume ramp =
    MakeVolume({ { 24, 26, 50 } }, [](std::int64_t, std::int64_t, std::int64_t x) { return static_cast<float>(x); });
  const Volume coarse = DegradeVolume(ramp, 1.8);
  EXPECT_EQ(coarse.size, (GridIndex{ { 13, 14, 28 } }));
  for (std::int64_t x = 2; x < 26; ++x)
  {
    EXPECT_NEAR(At(coarse.voxels, coarse.size, 6, 7, x), (static_cast<double>(x) + 0.5) * 50.0 / 28.0 - 0.5, 0.002);
  }
}

// A scanner averages the signal of a contrast; a curve after the profile would change partial volumes.
TEST(ArSSRDegradation, TheCurveIsAppliedBeforeTheProfile)
{
  const IntensityCurve curve(0.8);
  const Volume         volume = MakeVolume(Size, MakeTexture(3));
  Volume               onCurve = volume;
  std::transform(volume.voxels.begin(), volume.voxels.end(), onCurve.voxels.begin(), curve);
  const PatchGeometry patch{ 6, { { 3.3, 8.0, 0.2 } }, { { 3.5, 1.0, 2.2 } } };
  const auto          weights = GetSliceProfileWeights(patch, volume.size);
  EXPECT_EQ(ApplyWeights(volume, weights, &curve), ApplyWeights(onCurve, weights));
}

TEST(ArSSRDegradation, TheCurveIsAPower)
{
  for (const double exponent : { 0.5, 0.77, 1.0, 1.3, 2.0 })
  {
    const IntensityCurve curve(exponent);
    for (double intensity = 0.0; intensity <= 1.2; intensity += 0.00037)
    {
      const double tolerance = intensity > 0.05 ? 1e-5 : 0.005;
      ASSERT_NEAR(curve(static_cast<float>(intensity)), std::pow(intensity, exponent), tolerance) << exponent;
    }
    EXPECT_NEAR(curve(1.2F), std::pow(1.2, exponent), 1e-5);
    EXPECT_EQ(curve(1.2000002F), curve(1.2F)) << "beyond the largest intensity by rounding";
  }
}

// A curve with jumps invents edges; one that lifts zero lights up the air.
TEST(ArSSRDegradation, DrawnCurvesAreSmoothAndLeaveTheBackground)
{
  bool falls = false;
  for (std::uint64_t number = 0; number < 50; ++number)
  {
    Random               random(1, RandomStream::Sample, number);
    const IntensityCurve curve = IntensityCurve::Draw(random);
    EXPECT_EQ(curve(0.0F), 0.0F);
    for (float intensity = 0.0F; intensity < 1.19F; intensity += 0.001F)
    {
      const float rise = curve(intensity + 0.001F) - curve(intensity);
      ASSERT_LT(std::abs(rise), 0.001F * 6.0F) << "jumps at " << intensity;
      ASSERT_GE(curve(intensity), 0.0F);
      ASSERT_LE(curve(intensity), 1.3F);
      falls = falls || rise < -0.0001F;
    }
  }
  EXPECT_TRUE(falls);
}

// A voxel outside the field of view would be a point for which the patch has no information.
TEST(ArSSRDegradation, VoxelsOfAPatchAreThoseWithTheirCentresInside)
{
  const PatchGeometry patch{ 4, { { 2.0, 2.6, 30.0 } }, { { 3.0, 1.5, 2.0 } } };
  const VoxelBox      all = GetVoxelsWithin(patch, 0.0, Size);
  EXPECT_EQ(all.first, (GridIndex{ { 2, 3, 30 } }));
  EXPECT_EQ(all.size, (GridIndex{ { 12, 6, 8 } })); // [2, 14), [2.6, 8.6), [30, 38)
  const VoxelBox inner = GetVoxelsWithin(patch, 1.0, Size);
  EXPECT_EQ(inner.first, (GridIndex{ { 5, 4, 32 } }));
  EXPECT_EQ(inner.size, (GridIndex{ { 6, 3, 4 } })); // [5, 11), [4.1, 7.1), [32, 36)
  EXPECT_EQ(inner.GetNumberOfVoxels(), 72);
}

// The published models were trained on this zoom; another spline or boundary gives other LR patches.
TEST(ArSSRCubicZoom, IsTheSplineOfITKAtTheNewCentres)
{
  using ImageType = itk::Image<double, 1>;
  for (const auto & [from, to] : std::vector<std::pair<std::int64_t, std::int64_t>>{ { 40, 10 }, { 23, 10 }, { 7, 7 } })
  {
    const std::vector<double> weights = GetCubicZoomWeights(from, to);
    for (std::int64_t sample = 0; sample < from; ++sample)
    {
      const auto image = ImageType::New();
      image->SetRegions(ImageType::SizeType{ { static_cast<itk::SizeValueType>(from) } });
      image->Allocate(true);
      image->SetPixel({ { sample } }, 1.0);
      const auto spline = itk::BSplineInterpolateImageFunction<ImageType, double, double>::New();
      spline->SetSplineOrder(3);
      spline->SetInputImage(image);
      for (std::int64_t i = 0; i < to; ++i)
      {
        itk::ContinuousIndex<double, 1> centre;
        centre[0] = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
        // ITK starts its recursive filter where its pole's power is below 1e-10.
        EXPECT_NEAR(
          weights[static_cast<std::size_t>(i * from + sample)], spline->EvaluateAtContinuousIndex(centre), 1e-9);
      }
    }
  }
}

TEST(ArSSRCubicZoom, KeepsConstantsAndSamples)
{
  const std::vector<double> weights = GetCubicZoomWeights(31, 12);
  for (auto row = weights.begin(); row != weights.end(); row += 31)
  {
    EXPECT_NEAR(std::accumulate(row, row + 31, 0.0), 1.0, 1e-12);
  }
  const std::vector<double> same = GetCubicZoomWeights(9, 9);
  for (std::size_t i = 0; i < same.size(); ++i)
  {
    EXPECT_NEAR(same[i], i % 10 == 0 ? 1.0 : 0.0, 1e-12);
  }
  EXPECT_NEAR(GetCubicZoomWeights(1, 1).at(0), 1.0, 1e-12);
}
