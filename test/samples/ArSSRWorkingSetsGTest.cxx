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
#include "samples/ArSSRWorkingSets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace
{
using itk::arssr::RandomStream;
using itk::arssr::WorkingSets;

constexpr RandomStream Stream = RandomStream::WorkingSets;

const std::vector<std::uint64_t> Bytes{ 30, 10, 20, 40, 10, 25, 15 };
} // namespace

TEST(ArSSRWorkingSets, AnySampleMayComeFromAnyImageWhenAllFit)
{
  const WorkingSets sets(Bytes, 150, 0, Stream);
  for (const std::uint64_t number : { std::uint64_t{ 0 }, std::uint64_t{ 1000 }, std::uint64_t{ 1 } << 60 })
  {
    EXPECT_EQ(sets.GetSet(number), (std::vector<std::size_t>{ 0, 1, 2, 3, 4, 5, 6 }));
  }
  EXPECT_TRUE(WorkingSets({}, 0, 0, Stream).GetSet(5).empty());
}

// An image that is skipped is never trained on; a set beyond the budget is read again for each sample.
TEST(ArSSRWorkingSets, EachOrderGivesEveryImageItsShareWithinTheBudget)
{
  constexpr std::uint64_t budget = 60;
  const WorkingSets       sets(Bytes, budget, 3, Stream);
  const std::uint64_t     samplesPerOrder = WorkingSets::SamplesPerImage * Bytes.size();
  for (std::uint64_t order = 0; order < 20; ++order)
  {
    std::map<std::size_t, std::uint64_t> served; // samples while the image was in the set
    std::size_t                          changes = 0;
    std::vector<std::size_t>             last;
    for (std::uint64_t i = 0; i < samplesPerOrder; ++i)
    {
      const auto          set = sets.GetSet(order * samplesPerOrder + i);
      const std::uint64_t bytes =
        std::accumulate(set.begin(), set.end(), std::uint64_t{ 0 }, [](std::uint64_t sum, std::size_t image) {
          return sum + Bytes[image];
        });
      ASSERT_LE(bytes, budget);
      for (const std::size_t image : set)
      {
        ++served[image];
      }
      changes += set != last ? 1 : 0;
      last = set;
    }
    ASSERT_EQ(served.size(), Bytes.size());
    std::set<std::uint64_t> inSetsOf;
    for (const auto & [image, samples] : served)
    {
      // A set of m images serves 64 m samples.
      EXPECT_EQ(samples % WorkingSets::SamplesPerImage, 0U) << "image " << image;
      inSetsOf.insert(samples / WorkingSets::SamplesPerImage);
    }
    EXPECT_LE(changes, 5U) << "an image is read once, not again and again";
    EXPECT_GT(*inSetsOf.rbegin(), 1U) << "sets are as large as memory allows";
  }
}

TEST(ArSSRWorkingSets, OrdersDifferAndDependOnTheSeedAlone)
{
  const WorkingSets                  sets(Bytes, 40, 1, Stream);
  const WorkingSets                  again(Bytes, 40, 1, Stream);
  const WorkingSets                  other(Bytes, 40, 2, Stream);
  std::set<std::vector<std::size_t>> firsts;
  int                                different = 0;
  for (std::uint64_t order = 0; order < 30; ++order)
  {
    const std::uint64_t number = order * WorkingSets::SamplesPerImage * Bytes.size();
    EXPECT_EQ(sets.GetSet(number), again.GetSet(number));
    different += sets.GetSet(number) != other.GetSet(number) ? 1 : 0;
    firsts.insert(sets.GetSet(number));
  }
  EXPECT_GT(firsts.size(), 8U);
  EXPECT_GT(different, 15);
}

TEST(ArSSRWorkingSets, AnImageBeyondTheBudgetIsASetOfItsOwn)
{
  const WorkingSets     sets({ 100, 5, 5 }, 20, 0, Stream);
  std::set<std::size_t> alone;
  for (std::uint64_t number = 0; number < 3 * WorkingSets::SamplesPerImage; ++number)
  {
    const auto set = sets.GetSet(number);
    ASSERT_FALSE(set.empty());
    if (std::find(set.begin(), set.end(), std::size_t{ 0 }) != set.end())
    {
      EXPECT_EQ(set.size(), 1U);
      alone.insert(set[0]);
    }
  }
  EXPECT_EQ(alone.size(), 1U);
}
