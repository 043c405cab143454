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

#include "support/ArSSRTestHelpers.h"

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

// Feeds all passes in pieces of a size, every second one from the other end.
template <typename TValue>
ArSSRIntensityStatistics
StatisticsOf(const std::vector<TValue> & values, std::size_t pieceSize = 1000)
{
  ArSSRIntensityStatistics  statistics;
  const std::vector<TValue> reversed(values.rbegin(), values.rend());
  unsigned int              passes = 0;
  for (; statistics.NeedsPass(); ++passes)
  {
    const auto & given = passes % 2 == 0 ? values : reversed;
    for (std::size_t begin = 0; begin < given.size(); begin += pieceSize)
    {
      statistics.Add(&given[begin], std::min(pieceSize, given.size() - begin));
    }
    statistics.EndPass();
  }
  EXPECT_LE(passes, statistics.GetNumberOfPasses());
  return statistics;
}

struct Window
{
  double lower;
  double upper;
};

// The nearest rank of the 99.9th percentile of the values above a lower end.
template <typename TValue>
double
PercentileAbove(double lower, const std::vector<TValue> & values)
{
  std::vector<TValue> above;
  std::copy_if(values.begin(), values.end(), std::back_inserter(above), [lower](TValue value) {
    return static_cast<double>(value) > lower;
  });
  const auto rank = static_cast<std::ptrdiff_t>((above.size() * 999 + 999) / 1000);
  std::nth_element(above.begin(), above.begin() + rank - 1, above.end());
  return static_cast<double>(above[static_cast<std::size_t>(rank - 1)]);
}

// The definition, with all values in memory.
template <typename TValue>
Window
ReferenceWindow(const std::vector<TValue> & values)
{
  const auto   extremes = std::minmax_element(values.begin(), values.end());
  const double minimum = static_cast<double>(*extremes.first);
  if (*extremes.first == *extremes.second)
  {
    return { minimum, minimum };
  }
  const double aboveMinimum = PercentileAbove(minimum, values);
  if (minimum > ArSSRIntensityStatistics::FarFromZero * (aboveMinimum - minimum))
  {
    return { minimum, aboveMinimum };
  }
  const double lower = std::min(0.0, minimum);
  return { lower, PercentileAbove(lower, values) };
}

template <typename TValue>
void
ExpectWindowOf(const std::vector<TValue> & values, std::size_t pieceSize = 1000)
{
  const auto   statistics = StatisticsOf(values, pieceSize);
  const Window expected = ReferenceWindow(values);
  EXPECT_EQ(statistics.GetLower(), expected.lower);
  EXPECT_EQ(statistics.GetUpper(), expected.upper);
}

std::vector<float>
Shifted(std::vector<float> values, float offset)
{
  std::transform(values.begin(), values.end(), values.begin(), [offset](float value) { return value + offset; });
  return values;
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

// The order of the integers must be that of the floats across signs and exponents.
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

// Background that counted would move the percentile with the size of the field of view.
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

// As bits the two zeros differ: -0 would lie below the lower end, or +0 above it.
TEST(ArSSRIntensityStatistics, CountsNegativeZeroAsZero)
{
  std::vector<float> values(4000, -0.0F);
  std::fill_n(values.begin(), 2000, 0.0F);
  values.push_back(3.0F);
  values.push_back(2.0F);
  ExpectWindowOf(values);
  EXPECT_EQ(StatisticsOf(values).GetUpper(), 3.0F);
  EXPECT_EQ(StatisticsOf(values).GetLower(), 0.0F);
  EXPECT_TRUE(StatisticsOf(std::vector<float>{ -0.0F, 0.0F }).IsConstant());
  EXPECT_FALSE(std::signbit(StatisticsOf(std::vector<float>{ -1.0F, -0.0F }).GetUpper()));
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
  const auto expectWindow = [](const std::vector<float> & values, double lower, double upper) {
    EXPECT_EQ(StatisticsOf(values).GetLower(), lower);
    EXPECT_EQ(StatisticsOf(values).GetUpper(), upper);
  };
  expectWindow({ -3.0F, 8.0F }, -3.0, 8.0);
  expectWindow({ 1.0F, 8.0F }, 0.0, 8.0);
  expectWindow({ -8.0F, -3.0F }, -8.0, -3.0);
}

TEST(ArSSRIntensityStatistics, BeginsAtTheMinimumWhereZeroIsFarBelowIt)
{
  const auto  values = RandomFloats(5000, 0.0F, 1000.0F, 7);
  const float width = static_cast<float>(StatisticsOf(values).GetUpper());
  for (const double factor : { 0.0, 0.1, 0.9, 1.1, 2.0, 100.0, 1e5 })
  {
    SCOPED_TRACE(factor);
    const auto shifted = Shifted(values, static_cast<float>(factor * ArSSRIntensityStatistics::FarFromZero) * width);
    const auto statistics = StatisticsOf(shifted);
    EXPECT_EQ(statistics.IsFarFromZero(), factor > 1.0);
    EXPECT_EQ(statistics.GetLower(), factor > 1.0 ? statistics.GetMinimum() : 0.0);
    ExpectWindowOf(shifted);
  }
}

TEST(ArSSRIntensityStatistics, DoesNotTakeAFewBrightVoxelsForTheRange)
{
  auto values = Shifted(RandomFloats(20000, 0.0F, 500.0F, 8), 32768.0F);
  values[77] = values[15000] = 1e7F;
  EXPECT_TRUE(StatisticsOf(values).IsFarFromZero());
  ExpectWindowOf(values);
}

// The offset of a scanner's numbers must not change what the network sees.
TEST(ArSSRIntensityStatistics, HasTheSameWindowBesideTheMinimumWhateverIsFarBelow)
{
  // Of whole numbers, so that single precision holds them all.
  auto values = RandomFloats(30000, 0.0F, 500.0F, 9);
  std::transform(values.begin(), values.end(), values.begin(), [](float value) { return std::floor(value); });
  for (const float offset : { 1000.0F, 32768.0F, 65035.0F, 1e6F })
  {
    const auto statistics = StatisticsOf(Shifted(values, offset));
    EXPECT_EQ(statistics.GetLower(), offset);
    EXPECT_EQ(statistics.GetUpper() - statistics.GetLower(), StatisticsOf(values).GetUpper());
  }
}

// Rounded to single precision beside 1e9, all values would be one; the third pass takes the minimum away first.
TEST(ArSSRIntensityStatistics, OfDoublesLosesNothingToAnOffset)
{
  std::mt19937                           generator(11);
  std::uniform_real_distribution<double> uniform(0.0, 10.0);
  for (const double offset : { 0.0, 1e3, 1e6, 1e9, -1e9, 1e15 })
  {
    SCOPED_TRACE(offset);
    std::vector<double> values(7000);
    std::generate(values.begin(), values.end(), [&] { return offset + uniform(generator); });
    const auto   statistics = StatisticsOf(values);
    const Window expected = ReferenceWindow(values);
    EXPECT_FALSE(statistics.IsConstant());
    EXPECT_EQ(statistics.GetLower(), expected.lower);
    EXPECT_NEAR(statistics.GetUpper(), expected.upper, 1e-4);
    EXPECT_EQ(statistics.GetNumberOfPasses(), std::abs(offset) > 2e3 ? 3U : 2U);
  }
}

TEST(ArSSRIntensityStatistics, OfDoublesThatSinglePrecisionHoldsIsThatOfFloats)
{
  for (const float offset : { 0.0F, -300.0F, 1e6F })
  {
    const auto                floats = Shifted(RandomFloats(4000, 0.0F, 500.0F, 12), offset);
    const std::vector<double> doubles(floats.begin(), floats.end());
    EXPECT_EQ(StatisticsOf(doubles).GetLower(), StatisticsOf(floats).GetLower());
    EXPECT_EQ(StatisticsOf(doubles).GetUpper(), StatisticsOf(floats).GetUpper());
  }
}

// An empty image must not search the tables for a rank that is not there.
TEST(ArSSRIntensityStatistics, HasAWindowWithoutWidthForNoVoxelsAtAll)
{
  const auto statistics = StatisticsOf(std::vector<float>{});
  EXPECT_TRUE(statistics.IsConstant());
  EXPECT_EQ(statistics.GetLower(), statistics.GetUpper());
}
