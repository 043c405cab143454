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
#include "samples/ArSSRVoxelChoice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace
{
using namespace itk::arssr;

Random
MakeRandom(std::uint64_t number)
{
  return { 0, RandomStream::Sample, number };
}
} // namespace

TEST(ArSSRVoxelChoice, TakesDifferentVoxelsInOrderOfMemoryAllWithTheSameChance)
{
  const VoxelBox           box{ { { 3, 4, 5 } }, { { 2, 3, 4 } } };
  std::map<GridIndex, int> taken;
  for (std::uint64_t number = 0; number < 2400; ++number)
  {
    Random     random = MakeRandom(number);
    const auto voxels = ChooseVoxels(box, 5, random);
    ASSERT_EQ(voxels.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i)
    {
      ++taken[voxels[i]];
      EXPECT_TRUE(i == 0 || voxels[i - 1] < voxels[i]);
    }
  }
  ASSERT_EQ(taken.size(), 24U);
  EXPECT_EQ(taken.begin()->first, (GridIndex{ { 3, 4, 5 } }));
  EXPECT_EQ(taken.rbegin()->first, (GridIndex{ { 4, 6, 8 } }));
  for (const auto & voxel : taken)
  {
    EXPECT_NEAR(voxel.second, 500, 80); // four standard deviations
  }
}

TEST(ArSSRVoxelChoice, TakesAllVoxelsAsOftenAsNeeded)
{
  const VoxelBox           box{ { { 0, 0, 0 } }, { { 2, 2, 2 } } };
  Random                   random = MakeRandom(0);
  std::map<GridIndex, int> taken;
  for (const GridIndex & voxel : ChooseVoxels(box, 8 * 3 + 2, random))
  {
    ++taken[voxel];
  }
  EXPECT_EQ(taken.size(), 8U);
  EXPECT_EQ(std::count_if(taken.begin(), taken.end(), [](const auto & entry) { return entry.second == 3; }), 6);
  EXPECT_EQ(std::count_if(taken.begin(), taken.end(), [](const auto & entry) { return entry.second == 4; }), 2);
  EXPECT_TRUE(ChooseVoxels(VoxelBox{}, 5, random).empty());
}
