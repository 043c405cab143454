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
#include "itkArSSRIntensityStatistics.h"

#include "ArSSRTestHelpers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace
{
using itk::ArSSRIntensityStatistics;

// Feeds both passes in pieces of a size, the second one from the other end.
ArSSRIntensityStatistics
StatisticsOf(const std::vector<float> & values, std::size_t pieceSize = 1000)
{
  ArSSRIntensityStatistics statistics;
  for (std::size_t begin = 0; begin < values.size(); begin += pieceSize)
  {
    statistics.AddToFirstPass(&values[begin], std::min(pieceSize, values.size() - begin));
  }
  statistics.BeginSecondPass();
  const std::vector<float> reversed(values.rbegin(), values.rend());
  for (std::size_t begin = 0; begin < reversed.size(); begin += pieceSize)
  {
    statistics.AddToSecondPass(&reversed[begin], std::min(pieceSize, reversed.size() - begin));
  }
  return statistics;
}

struct Window
{
  float lower;
  float upper;
};

// The definition, with all values in memory: nearest rank of the 99.9th percentile of those above the lower end.
Window
ReferenceWindow(const std::vector<float> & values)
{
  const auto extremes = std::minmax_element(values.begin(), values.end());
  if (*extremes.first == *extremes.second)
  {
    return { *extremes.first, *extremes.first };
  }
  const float        lower = std::min(0.0F, *extremes.first);
  std::vector<float> above;
  std::copy_if(values.begin(), values.end(), std::back_inserter(above), [lower](float value) { return value > lower; });
  const auto rank = static_cast<std::ptrdiff_t>((above.size() * 999 + 999) / 1000);
  std::nth_element(above.begin(), above.begin() + rank - 1, above.end());
  return { lower, above[static_cast<std::size_t>(rank - 1)] };
}

void
ExpectWindowOf(const std::vector<float> & values, std::size_t pieceSize = 1000)
{
  const auto   statistics = StatisticsOf(values, pieceSize);
  const Window expected = ReferenceWindow(values);
  EXPECT_EQ(statistics.GetLower(), expected.lower);
  EXPECT_EQ(statistics.GetUpper(), expected.upper);
}

std::vector<float>
RandomFloats(std::size_t count, float lower, float upper, unsigned int seed)
{
  std::mt19937                          generator(seed);
  std::uniform_real_distribution<float> uniform(lower, upper);
  std::vector<float>                    values(count);
  std::generate(values.begin(), values.end(), [&] { return uniform(generator); });
  return values;
}

// Any bits that make a finite number: all magnitudes, denormals and negative zero among them.
std::vector<float>
FloatsOfRandomBits(std::size_t count, unsigned int seed)
{
  std::mt19937       generator(seed);
  std::vector<float> values;
  while (values.size() < count)
  {
    const auto bits = static_cast<std::uint32_t>(generator());
    float      value;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isfinite(value))
    {
      values.push_back(value);
    }
  }
  return values;
}
} // namespace

TEST(ArSSRIntensityStatistics, FindsTheExactPercentileOfPositiveValues)
{
  for (unsigned int seed = 0; seed < 20; ++seed)
  {
    ExpectWindowOf(RandomFloats(500 + 997 * seed, 0.0F, 1000.0F, seed));
  }
}

TEST(ArSSRIntensityStatistics, FindsTheExactPercentileOfNegativeAndPositiveValues)
{
  for (unsigned int seed = 0; seed < 20; ++seed)
  {
    ExpectWindowOf(RandomFloats(500 + 997 * seed, -1024.0F, 3071.0F, seed));
    ExpectWindowOf(RandomFloats(500 + 997 * seed, -50.0F, -10.0F, seed));
  }
}

TEST(ArSSRIntensityStatistics, FindsTheExactPercentileOfFloatsOfAnyMagnitude)
{
  for (unsigned int seed = 0; seed < 20; ++seed)
  {
    ExpectWindowOf(FloatsOfRandomBits(1 + 1013 * seed, seed));
  }
}

TEST(ArSSRIntensityStatistics, FindsTheExactPercentileOfDenormals)
{
  constexpr float    least = std::numeric_limits<float>::denorm_min();
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i)
  {
    values.push_back(least * static_cast<float>(i % 2003));
  }
  ExpectWindowOf(values);
}

TEST(ArSSRIntensityStatistics, FindsTheExactPercentileOfFewDistinctValues)
{
  // As in images of integers: ties at every rank.
  auto values = RandomFloats(20000, 0.0F, 30.0F, 3);
  std::transform(values.begin(), values.end(), values.begin(), [](float value) { return std::floor(value); });
  ExpectWindowOf(values);
  EXPECT_EQ(StatisticsOf(values).GetUpper(), 29.0F);
}

TEST(ArSSRIntensityStatistics, TakesTheNearestRankAlsoWhereItFallsOnAWholeNumber)
{
  // 0.999 is no binary number: rounded up, rank 40959 of 41000 would become 40960.
  for (const int count : { 1000, 2000, 10000, 41000, 82000 })
  {
    std::vector<float> values(static_cast<std::size_t>(count));
    std::iota(values.begin(), values.end(), 1.0F);
    EXPECT_EQ(StatisticsOf(values).GetUpper(), static_cast<float>(count / 1000 * 999)) << count << " voxels";
  }
}

TEST(ArSSRIntensityStatistics, LeavesTheBackgroundAtTheLowerEndOut)
{
  std::vector<float> values(100'000, 0.0F);
  std::fill_n(values.begin(), 2000, 10.0F);
  std::fill_n(values.begin(), 2, 500.0F);
  EXPECT_EQ(StatisticsOf(values).GetUpper(), 10.0F); // rank 1998 of 2000
  std::fill_n(values.begin(), 3, 500.0F);
  EXPECT_EQ(StatisticsOf(values).GetUpper(), 500.0F);
  ExpectWindowOf(values);

  std::replace(values.begin(), values.end(), 0.0F, -1024.0F);
  ExpectWindowOf(values);
  EXPECT_EQ(StatisticsOf(values).GetLower(), -1024.0F);
}

TEST(ArSSRIntensityStatistics, CountsNegativeZeroAsZero)
{
  std::vector<float> values(4000, -0.0F);
  std::fill_n(values.begin(), 2000, 0.0F);
  values.push_back(3.0F);
  values.push_back(2.0F);
  ExpectWindowOf(values);
  EXPECT_EQ(StatisticsOf(values).GetUpper(), 3.0F);
  EXPECT_EQ(StatisticsOf(values).GetLower(), 0.0F);
  EXPECT_TRUE(StatisticsOf({ -0.0F, 0.0F }).IsConstant());
  EXPECT_FALSE(std::signbit(StatisticsOf({ -1.0F, -0.0F }).GetUpper()));
}

TEST(ArSSRIntensityStatistics, GivesTheSameForPiecesOfAnySize)
{
  const auto values = RandomFloats(3000, -100.0F, 900.0F, 5);
  for (const std::size_t pieceSize : { 1, 7, 1000, 3000 })
  {
    ExpectWindowOf(values, pieceSize);
  }
}

TEST(ArSSRIntensityStatistics, KnowsTheExtremes)
{
  auto values = RandomFloats(3000, -100.0F, 900.0F, 5);
  values[1234] = -5e30F;
  values[2345] = 7e30F;
  const auto statistics = StatisticsOf(values, 100);
  EXPECT_EQ(statistics.GetMinimum(), -5e30F);
  EXPECT_EQ(statistics.GetMaximum(), 7e30F);
  EXPECT_FALSE(statistics.IsConstant());
}

TEST(ArSSRIntensityStatistics, GivesAConstantAsBothEnds)
{
  for (const float constant : { 0.0F, 42.0F, -42.0F, 1e-45F, -3e38F })
  {
    for (const std::size_t count : { 1, 2500 })
    {
      const auto statistics = StatisticsOf(std::vector<float>(count, constant));
      EXPECT_TRUE(statistics.IsConstant());
      EXPECT_EQ(statistics.GetLower(), constant);
      EXPECT_EQ(statistics.GetUpper(), constant);
    }
  }
}

TEST(ArSSRIntensityStatistics, GivesTwoValuesAsBothEndsWhenTheLowerOneIsNotAboveZero)
{
  EXPECT_EQ(StatisticsOf({ -3.0F, 8.0F }).GetLower(), -3.0F);
  EXPECT_EQ(StatisticsOf({ -3.0F, 8.0F }).GetUpper(), 8.0F);
  EXPECT_EQ(StatisticsOf({ 5.0F, 8.0F }).GetLower(), 0.0F);
  EXPECT_EQ(StatisticsOf({ 5.0F, 8.0F }).GetUpper(), 8.0F);
}

TEST(ArSSRIntensityStatistics, HasAWindowWithoutWidthForNoVoxelsAtAll)
{
  const auto statistics = StatisticsOf({});
  EXPECT_TRUE(statistics.IsConstant());
  EXPECT_EQ(statistics.GetLower(), statistics.GetUpper());
}
