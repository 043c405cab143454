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
#include "platform/ArSSRRandom.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace
{
using itk::arssr::Random;
using itk::arssr::RandomStream;

constexpr RandomStream Stream = RandomStream::Sample;
} // namespace

// A training's samples could not be drawn again on another computer, or by another version.
TEST(ArSSRRandom, BitsAreTheSameOnAllPlatforms)
{
  // From a few lines of Python that do the same with its integers.
  Random random(0, Stream, 0);
  EXPECT_EQ(random.Bits(), 0x68AC638DA2EDDA0CU);
  Random other(42, RandomStream::WorkingSets, 7);
  EXPECT_EQ(other.Bits(), 0x586260CC9AD58C13U);
  EXPECT_EQ(other.Bits(), 0x15703586BCB12A8BU);
}

// Two streams with the same numbers would make samples of one purpose repeat those of another.
TEST(ArSSRRandom, IsAFunctionOfSeedStreamAndNumber)
{
  std::set<std::uint64_t> firsts;
  std::size_t             generators = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
  {
    for (const RandomStream stream : { RandomStream::Sample, RandomStream::ValidationPlace, RandomStream::WorkingSets })
    {
      for (std::uint64_t number = 0; number < 100; ++number, ++generators)
      {
        Random random(seed, stream, number);
        Random again(seed, stream, number);
        for (int i = 0; i < 3; ++i)
        {
          const std::uint64_t bits = random.Bits();
          EXPECT_EQ(bits, again.Bits());
          firsts.insert(bits);
        }
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3 * generators);
}

// First numbers of generators 0, 1, 2 …: that is how samples use them.
TEST(ArSSRRandom, UniformNumbersFillTheRangeEvenly)
{
  constexpr int    bins = 20;
  constexpr int    count = 40000;
  std::vector<int> histogram(bins, 0);
  for (std::uint64_t number = 0; number < count; ++number)
  {
    const double value = Random(3, Stream, number).Uniform(); // neighbouring generators are independent, too
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++histogram[static_cast<std::size_t>(value * bins)];
  }
  double chiSquared = 0.0;
  for (const int inBin : histogram)
  {
    const double expected = static_cast<double>(count) / bins;
    chiSquared += (inBin - expected) * (inBin - expected) / expected;
  }
  EXPECT_LT(chiSquared, 43.8); // 19 degrees of freedom, exceeded with a probability of 0.001
}

TEST(ArSSRRandom, IntegersAreBelowTheCountAndAllOccur)
{
  Random           random(1, Stream, 2);
  std::vector<int> histogram(7, 0);
  for (int i = 0; i < 7000; ++i)
  {
    const std::uint64_t value = random.Below(7);
    ASSERT_LT(value, 7U);
    ++histogram[value];
  }
  for (const int count : histogram)
  {
    EXPECT_NEAR(count, 1000, 120); // four standard deviations
  }
  EXPECT_EQ(random.Below(1), 0U);
}

TEST(ArSSRRandom, NormalNumbersHaveMeanZeroAndVarianceOne)
{
  Random       random(5, Stream, 6);
  double       sum = 0.0;
  double       squares = 0.0;
  int          beyond = 0;
  const double count = 20000.0;
  for (int i = 0; i < 20000; ++i)
  {
    const double value = random.Normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    beyond += std::abs(value) > 2.0 ? 1 : 0;
  }
  EXPECT_NEAR(sum / count, 0.0, 0.03);
  EXPECT_NEAR(squares / count, 1.0, 0.04);
  EXPECT_NEAR(beyond / count, 0.0455, 0.006);
}

// A shuffle that draws from one place less never leaves an element where it is.
TEST(ArSSRRandom, PermutationsHoldEveryNumberOnceAndAllOccur)
{
  std::set<std::vector<std::size_t>> seen;
  for (std::uint64_t number = 0; number < 200; ++number)
  {
    const auto order = Random(9, Stream, number).Permutation(3);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()), (std::set<std::size_t>{ 0, 1, 2 }));
    seen.insert(order);
  }
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_TRUE(Random(9, Stream, 0).Permutation(0).empty());
}
