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
#include "itkArSSRInterpolationStatistics.h"

#include "acquisition/ArSSRScannedVolume.h"
#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <vector>

namespace
{
using itk::ArSSRInterpolationStatistics;
using itk::arssr::test::ExpectError;
using itk::arssr::test::ScannedVolume;

constexpr double Tolerance = 0.06;      // of a factor; the spectrum has 32 frequencies
constexpr double ShortTolerance = 0.14; // the same with 16

ArSSRInterpolationStatistics
StatisticsOf(const itk::Size<3> & size, const std::vector<float> & voxels)
{
  ArSSRInterpolationStatistics statistics(size);
  statistics.AddSlices(voxels.data(), size[2]);
  return statistics;
}

void
ExpectFactors(const ScannedVolume & volume, double tolerance = Tolerance)
{
  const auto statistics = StatisticsOf(volume.size, volume.Make());
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double expected = volume.factors[axis];
    EXPECT_NEAR(statistics.GetFactor(axis), expected, expected > 1.0 ? tolerance * expected : 0.0)
      << "axis " << axis << ", noise " << volume.noise << ", " << statistics.GetDrop(axis) << " dB";
  }
}
} // namespace


TEST(ArSSRInterpolationStatistics, FindsTheFactorAlongEachAxisAtAnyNoise)
{
  for (const double noise : { 0.0, 14.0, 35.0 }) // 0, 2 and 5 % of the object
  {
    ScannedVolume volume;
    volume.noise = noise;
    volume.factors = { { 2.0, 1.0, 1.5 } };
    ExpectFactors(volume);
    volume.factors = { { 1.0, 4.0 / 3.0, 1.0 } };
    ExpectFactors(volume);
  }
}

// A false alarm would make a simulation too smooth: the spectrum of a sharp scan merely falls.
TEST(ArSSRInterpolationStatistics, FindsNoneInAnOrdinaryScan)
{
  for (const double noise : { 0.0, 14.0, 35.0 })
  {
    ScannedVolume volume;
    volume.noise = noise;
    ExpectFactors(volume);
  }
}

// The borders of a mask fill the empty part of the spectrum; parts of lines that cross them must not count.
TEST(ArSSRInterpolationStatistics, FindsTheFactorInMaskedAndUnroundedVolumes)
{
  ScannedVolume volume;
  volume.noise = 14.0;
  volume.factors = { { 2.0, 1.5, 1.0 } };
  volume.isMasked = true;
  ExpectFactors(volume);
  volume.isRounded = false;
  ExpectFactors(volume);
}

TEST(ArSSRInterpolationStatistics, UsesShorterPartsAlongShorterAxes)
{
  ScannedVolume volume;
  volume.size = { { 80, 40, 33 } };
  volume.factors = { { 1.5, 2.0, 1.0 } };
  volume.noise = 7.0;
  ExpectFactors(volume, ShortTolerance);
}

TEST(ArSSRInterpolationStatistics, GivesNoAnswerForShortAxesAndConstantVolumes)
{
  ScannedVolume volume;
  volume.size = { { 80, 31, 2 } };
  volume.factors = { { 2.0, 1.0, 1.0 } };
  const auto thin = StatisticsOf(volume.size, volume.Make());
  EXPECT_EQ(thin.GetFactor(1), ArSSRInterpolationStatistics::Unknown);
  EXPECT_EQ(thin.GetFactor(2), ArSSRInterpolationStatistics::Unknown);
  EXPECT_EQ(thin.GetDrop(2), 0.0);
  const itk::Size<3> size{ { 64, 64, 64 } };
  for (const float value : { 0.0F, 5.0F, -3.0F })
  {
    EXPECT_EQ(StatisticsOf(size, std::vector<float>(64 * 64 * 64, value)).GetFactor(0),
              ArSSRInterpolationStatistics::Unknown);
  }
}

// The rule that leaves out voxels of 0 or below would leave nothing of such a volume.
TEST(ArSSRInterpolationStatistics, UsesNegativeIntensitiesWhenThereAreNoOthers)
{
  ScannedVolume volume;
  volume.factors = { { 1.5, 1.0, 1.0 } };
  volume.noise = 14.0;
  auto voxels = volume.Make();
  for (float & voxel : voxels)
  {
    voxel -= 2000.0F;
  }
  const auto statistics = StatisticsOf(volume.size, voxels);
  EXPECT_NEAR(statistics.GetFactor(0), 1.5, 1.5 * Tolerance);
  EXPECT_EQ(statistics.GetFactor(1), 1.0);
}

TEST(ArSSRInterpolationStatistics, DoesNotDependOnHowSlicesAreGiven)
{
  ScannedVolume volume;
  volume.factors = { { 1.5, 1.0, 2.0 } };
  const auto                   voxels = volume.Make();
  const auto                   whole = StatisticsOf(volume.size, voxels);
  ArSSRInterpolationStatistics parts(volume.size);
  const std::size_t            slice = volume.size[0] * volume.size[1];
  for (itk::SizeValueType z = 0; z < volume.size[2];)
  {
    const itk::SizeValueType count = z + 5 <= volume.size[2] ? 5 : volume.size[2] - z;
    parts.AddSlices(voxels.data() + z * slice, count);
    z += count;
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_EQ(parts.GetFactor(axis), whole.GetFactor(axis));
    EXPECT_EQ(parts.GetDrop(axis), whole.GetDrop(axis));
  }
}

TEST(ArSSRInterpolationStatistics, ExplainsErrors)
{
  ExpectError([] { ArSSRInterpolationStatistics(itk::Size<3>{ { 40, 0, 40 } }); }, "is empty");
  ArSSRInterpolationStatistics statistics(itk::Size<3>{ { 4, 4, 2 } });
  const std::vector<float>     voxels(4 * 4 * 3, 1.0F);
  ExpectError([&] { statistics.AddSlices(voxels.data(), 3); }, "3 slices were given for a volume of 2");
  ExpectError([&] { statistics.GetFactor(0); }, "after 0 of 2 slices");
  statistics.AddSlices(voxels.data(), 2);
  ExpectError([&] { statistics.GetDrop(3); }, "no axis 3");
}
