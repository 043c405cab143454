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
#include "engine/ArSSRFeatureCache.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>

namespace
{
using itk::arssr::FeatureCache;
using itk::arssr::FeatureTile;
using RegionType = itk::ArSSRTileLattice::RegionType;

// Of each entry: 24 input voxels and 6 x 2 features of four bytes.
constexpr itk::SizeValueType EntryBytes = (24 + 12) * sizeof(float);

FeatureCache::Key
Key(float firstVoxel)
{
  FeatureCache::Key key;
  key.featureRegion = RegionType({ { 1, 0, 0 } }, { { 1, 2, 3 } });
  key.inputRegion = RegionType({ { 0, 0, 0 } }, { { 4, 3, 2 } });
  key.input = at::arange(24, at::kFloat).reshape({ 2, 3, 4 });
  key.input[0][0][0] = firstVoxel;
  key.imageSize = { 10, 11, 12 };
  return key;
}

FeatureTile
Tile(float value)
{
  return { at::full({ 3, 2, 1, 2 }, value), { 0, 0, 1 }, { 10, 11, 12 } };
}

// The value of the features that are kept for a key; negative when there are none.
float
ValueOf(FeatureCache & cache, const FeatureCache::Key & key)
{
  const FeatureTile * tile = cache.Find(key);
  return tile == nullptr ? -1.0F : tile->features[0][0][0][0].item<float>();
}
} // namespace

TEST(ArSSRFeatureCache, FindsFeaturesByTheVoxelsTheyWereMadeFrom)
{
  FeatureCache cache;
  EXPECT_EQ(cache.Find(Key(100.0F)), nullptr);
  cache.Insert(Key(100.0F), Tile(1.0F));
  cache.Insert(Key(200.0F), Tile(2.0F));
  EXPECT_EQ(ValueOf(cache, Key(100.0F)), 1.0F);
  EXPECT_EQ(ValueOf(cache, Key(200.0F)), 2.0F);
  EXPECT_EQ(cache.Find(Key(300.0F)), nullptr);
}

// A key made of some of the voxels only would let stale features pass.
TEST(ArSSRFeatureCache, FindsNothingWhenTheLastVoxelDiffers)
{
  FeatureCache cache;
  cache.Insert(Key(0.0F), Tile(1.0F));
  auto other = Key(0.0F);
  other.input[1][2][3] += 1e-5F;
  EXPECT_EQ(cache.Find(other), nullptr);
}

// The same voxels are found in several places, in air for one; at the border of the image their features differ.
TEST(ArSSRFeatureCache, FindsNothingAtAnotherPlaceOrInAnImageOfAnotherSize)
{
  FeatureCache cache;
  cache.Insert(Key(0.0F), Tile(1.0F));
  auto other = Key(0.0F);
  other.featureRegion.SetIndex(0, 2);
  EXPECT_EQ(cache.Find(other), nullptr);
  other = Key(0.0F);
  other.inputRegion.SetIndex(2, 1);
  EXPECT_EQ(cache.Find(other), nullptr);
  other = Key(0.0F);
  other.imageSize[1] = 12;
  EXPECT_EQ(cache.Find(other), nullptr);
  EXPECT_NE(cache.Find(Key(0.0F)), nullptr);
}

TEST(ArSSRFeatureCache, FindsNothingForAnInputOfAnotherSize)
{
  // The voxels must not be compared when there are fewer of them.
  FeatureCache cache;
  cache.Insert(Key(0.0F), Tile(1.0F));
  auto other = Key(0.0F);
  other.inputRegion.SetSize(2, 1);
  other.input = other.input.narrow(0, 0, 1).contiguous();
  EXPECT_EQ(cache.Find(other), nullptr);
}

// The memory budget is kept by this number.
TEST(ArSSRFeatureCache, KnowsItsSizeInBytes)
{
  FeatureCache cache;
  EXPECT_EQ(cache.GetSize(), 0U);
  cache.Insert(Key(1.0F), Tile(1.0F));
  EXPECT_EQ(cache.GetSize(), EntryBytes);
  cache.Insert(Key(2.0F), Tile(2.0F));
  EXPECT_EQ(cache.GetSize(), 2 * EntryBytes);
  cache.Clear();
  EXPECT_EQ(cache.GetSize(), 0U);
  EXPECT_EQ(cache.Find(Key(1.0F)), nullptr);
}

TEST(ArSSRFeatureCache, DropsTheLeastRecentlyUsedFeatures)
{
  FeatureCache cache;
  for (const float number : { 1.0F, 2.0F, 3.0F })
  {
    cache.Insert(Key(number), Tile(number));
  }
  EXPECT_NE(cache.Find(Key(1.0F)), nullptr); // now 2 is the oldest
  cache.MakeRoom(EntryBytes, 3 * EntryBytes);
  EXPECT_EQ(cache.GetSize(), 2 * EntryBytes);
  EXPECT_EQ(ValueOf(cache, Key(1.0F)), 1.0F);
  EXPECT_EQ(ValueOf(cache, Key(2.0F)), -1.0F);
  EXPECT_EQ(ValueOf(cache, Key(3.0F)), 3.0F);
}

TEST(ArSSRFeatureCache, DropsNothingWhileThereIsRoom)
{
  FeatureCache cache;
  cache.Insert(Key(1.0F), Tile(1.0F));
  cache.Insert(Key(2.0F), Tile(2.0F));
  cache.MakeRoom(EntryBytes, 3 * EntryBytes);
  EXPECT_EQ(cache.GetSize(), 2 * EntryBytes);
  cache.MakeRoom(EntryBytes + 1, 3 * EntryBytes);
  EXPECT_EQ(cache.GetSize(), EntryBytes);
}

TEST(ArSSRFeatureCache, IsEmptiedByMoreThanItsCapacity)
{
  FeatureCache cache;
  cache.Insert(Key(1.0F), Tile(1.0F));
  cache.Insert(Key(2.0F), Tile(2.0F));
  cache.MakeRoom(10 * EntryBytes, 3 * EntryBytes);
  EXPECT_EQ(cache.GetSize(), 0U);
  EXPECT_EQ(cache.Find(Key(2.0F)), nullptr);
  cache.MakeRoom(EntryBytes, 0); // nothing left to drop
  EXPECT_EQ(ValueOf(cache, Key(1.0F)), -1.0F);
}

TEST(ArSSRFeatureCache, ReturnsInsertedFeatures)
{
  FeatureCache        cache;
  const FeatureTile & tile = cache.Insert(Key(1.0F), Tile(4.0F));
  EXPECT_EQ(tile.features[0][0][0][0].item<float>(), 4.0F);
  cache.Insert(Key(2.0F), Tile(5.0F));
  EXPECT_EQ(cache.Find(Key(1.0F)), &tile) << "features must stay where they are while others come";
}

// Counted by what they show, views would let the cache exceed the budget.
TEST(ArSSRFeatureCache, CountsHeldMemoryAndNotViews)
{
  FeatureCache     cache;
  FeatureTile      tile = Tile(1.0F);
  const at::Tensor whole = at::zeros({ 7, 2, 1, 2 });
  tile.features = whole.narrow(0, 2, 3); // contiguous, but a part of seven planes
  ASSERT_TRUE(tile.features.is_contiguous());
  const auto key = Key(1.0F);
  tile.lowResolution = key.input; // the same memory: not counted twice
  cache.Insert(key, tile);
  EXPECT_EQ(cache.GetSize(), (24 + 28) * sizeof(float));
}

// The runner decodes from these: dropped, they would leave it with dangling pointers.
TEST(ArSSRFeatureCache, ClearsAllButTheMostRecentTiles)
{
  FeatureCache cache;
  EXPECT_FALSE(cache.ClearBut(0));
  const FeatureTile & used = cache.Insert(Key(2.0F), Tile(2.0F));
  cache.Insert(Key(1.0F), Tile(1.0F));
  cache.Insert(Key(3.0F), Tile(3.0F));
  EXPECT_EQ(cache.Find(Key(2.0F)), &used); // and most recent
  EXPECT_TRUE(cache.ClearBut(2));
  EXPECT_EQ(cache.GetSize(), 2 * EntryBytes);
  EXPECT_EQ(cache.Find(Key(1.0F)), nullptr);
  EXPECT_NE(cache.Find(Key(3.0F)), nullptr);
  EXPECT_EQ(cache.Find(Key(2.0F)), &used);
  EXPECT_FALSE(cache.ClearBut(2)) << "nothing more can be given up";
  EXPECT_TRUE(cache.ClearBut(1));
  EXPECT_EQ(cache.Find(Key(2.0F)), &used);
  EXPECT_TRUE(cache.ClearBut(0));
  EXPECT_EQ(cache.GetSize(), 0U);
}

// The features of the first passes of a tile must outlast the encoding of the others.
TEST(ArSSRFeatureCache, DoesNotDropTilesInUse)
{
  FeatureCache cache;
  for (const float number : { 1.0F, 2.0F, 3.0F })
  {
    cache.Insert(Key(number), Tile(number));
  }
  cache.MakeRoom(EntryBytes, 0, 2);
  EXPECT_EQ(cache.GetSize(), 2 * EntryBytes);
  EXPECT_EQ(ValueOf(cache, Key(1.0F)), -1.0F);
  EXPECT_EQ(ValueOf(cache, Key(2.0F)), 2.0F);
  EXPECT_EQ(ValueOf(cache, Key(3.0F)), 3.0F);
}
