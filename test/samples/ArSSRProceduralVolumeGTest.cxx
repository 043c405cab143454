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
#include "samples/ArSSRProceduralVolume.h"
#include "samples/ArSSRRandomField.h"
#include "samples/ArSSRSampleTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace
{
constexpr std::int64_t Size = 40;

std::vector<float>
Make(std::uint64_t seed, std::uint64_t number, std::int64_t size = Size)
{
  std::vector<float> voxels(static_cast<std::size_t>(size * size * size), -1.0F);
  itk::arssr::MakeProceduralVolume(seed, number, size, voxels.data());
  return voxels;
}
} // namespace

// A volume that was dropped from memory is made again; other bits would make samples depend on the memory budget.
TEST(ArSSRProceduralVolume, SeedAndNumberGiveTheVolume)
{
  const auto first = Make(1, 2);
  EXPECT_EQ(first, Make(1, 2));
  EXPECT_NE(first, Make(1, 3));
  EXPECT_NE(first, Make(2, 2));
}

TEST(ArSSRProceduralVolume, HasTissuesOnADarkGround)
{
  for (std::uint64_t number = 0; number < 6; ++number)
  {
    const std::vector<float> voxels = Make(0, number);
    ASSERT_TRUE(std::all_of(voxels.begin(), voxels.end(), [](float value) { return std::isfinite(value); }));
    EXPECT_GE(*std::min_element(voxels.begin(), voxels.end()), 0.0F);
    EXPECT_LT(*std::max_element(voxels.begin(), voxels.end()), 3.0F);
    const double mean = std::accumulate(voxels.begin(), voxels.end(), 0.0) / static_cast<double>(voxels.size());
    double       variance = 0.0;
    for (const float value : voxels)
    {
      variance += (value - mean) * (value - mean) / static_cast<double>(voxels.size());
    }
    EXPECT_GT(std::sqrt(variance), 0.1) << "volume " << number << " has little contrast";
  }
}

// Sharper borders would alias and teach steps; softer ones would teach no detail.
TEST(ArSSRProceduralVolume, BordersAreAboutAVoxelWide)
{
  for (std::uint64_t number = 0; number < 6; ++number)
  {
    const std::vector<float> voxels = Make(0, number, 48);
    const double             ratio = itk::arssr::test::GetSmoothness(voxels);
    EXPECT_GT(ratio, 2.15) << "volume " << number;
    EXPECT_LT(ratio, 3.2) << "volume " << number;
  }
}

TEST(ArSSRRandomField, HasTheStatedVarianceAndWavelength)
{
  constexpr std::int64_t size = 64;
  constexpr double       wavelength = 12.0;
  double                 square = 0.0;
  double                 slope = 0.0;
  std::size_t            count = 0;
  for (std::uint64_t number = 0; number < 8; ++number)
  {
    itk::arssr::Random       random(1, itk::arssr::RandomStream::ProceduralVolume, number);
    const std::vector<float> field = itk::arssr::MakeRandomField(size, wavelength, 0.0, random);
    for (std::size_t i = 1; i + 1 < field.size(); ++i)
    {
      if (i % size != 0 && i % size != size - 1)
      {
        square += std::pow(field[i], 2.0);
        slope += std::pow(0.5 * (field[i + 1] - field[i - 1]), 2.0);
        ++count;
      }
    }
  }
  EXPECT_NEAR(square / static_cast<double>(count), 1.0, 0.15);
  // A third of the squared gradient belongs to each axis.
  const double expected = std::pow(2.0 * std::acos(-1.0) / wavelength, 2.0) / 3.0;
  EXPECT_NEAR(slope / square, expected, 0.2 * expected);
}

// Borders are drawn by this distance: an error in its length is one in their width.
TEST(ArSSRRandomField, SignedDistanceToAPlaneIsExact)
{
  constexpr std::int64_t size = 12;
  std::vector<float>     field;
  for (std::int64_t z = 0; z < size; ++z)
  {
    for (std::int64_t y = 0; y < size; ++y)
    {
      for (std::int64_t x = 0; x < size; ++x)
      {
        field.push_back(static_cast<float>(2 * x - 3 * y + 6 * z - 20)); // a gradient of length 7
      }
    }
  }
  const std::vector<float> plane = field;
  itk::arssr::ToSignedDistance(field, size);
  for (std::size_t i = 0; i < field.size(); ++i)
  {
    EXPECT_NEAR(field[i], plane[i] / 7.0F, 1e-5);
  }
}
