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
#include "samples/ArSSRPatchSampler.h"
#include "training/ArSSRRecipeSettings.h"

#include "samples/ArSSRSampleTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRTrainingRecipe;

const GridIndex Size{ { 90, 100, 110 } };

Random
MakeRandom(std::uint64_t number)
{
  return { 0, RandomStream::Sample, number };
}

/** Patches that a recipe draws in a volume. */
std::vector<PatchGeometry>
DrawPatches(const ArSSRTrainingRecipe & recipe, const GridIndex & size, std::uint64_t count)
{
  const PatchSampler         sampler{ ReadSampleSettings(recipe) };
  std::vector<PatchGeometry> patches;
  for (std::uint64_t number = 0; number < count; ++number)
  {
    Random            random = MakeRandom(number);
    const GridLengths scale = sampler.DrawScale(random, size);
    patches.push_back(sampler.DrawPlace(random, size, scale));
  }
  return patches;
}

void
ExpectInside(const PatchGeometry & patch, const GridIndex & size)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_GE(patch.start[axis], 0.0);
    EXPECT_LE(patch.start[axis] + static_cast<double>(patch.size) * patch.scale[axis],
              static_cast<double>(size[axis]) + 1e-9);
  }
}

/** The cube of a volume that is bright in a ball of this radius around its middle. */
Volume
MakeBall(double radius)
{
  return test::MakeVolume(Size, [radius](std::int64_t z, std::int64_t y, std::int64_t x) {
    const double distance = std::sqrt(std::pow(z - 45.0, 2) + std::pow(y - 50.0, 2) + std::pow(x - 55.0, 2));
    return distance < radius ? 1.0F : 0.01F;
  });
}
} // namespace

TEST(ArSSRPatchSampler, DefaultRecipeDrawsIsotropicScalesThickSlicesAndScalesOfEachAxis)
{
  int isotropic = 0;
  int slices = 0;
  int other = 0;
  for (const PatchGeometry & patch : DrawPatches(ArSSRTrainingRecipe(), Size, 2000))
  {
    EXPECT_EQ(patch.size, 12);
    ExpectInside(patch, Size);
    const GridLengths & scale = patch.scale;
    const auto          ones = std::count(scale.begin(), scale.end(), 1.0);
    if (scale[0] == scale[1] && scale[1] == scale[2])
    {
      ++isotropic;
      EXPECT_GE(scale[0], 1.5);
      EXPECT_LE(scale[0], 4.2);
    }
    else if (ones == 2)
    {
      ++slices;
      const double thickness = *std::max_element(scale.begin(), scale.end());
      EXPECT_GE(thickness, 2.0);
      EXPECT_LE(thickness, 6.0);
    }
    else
    {
      ++other;
      EXPECT_GE(*std::min_element(scale.begin(), scale.end()), 1.0);
      EXPECT_LE(*std::max_element(scale.begin(), scale.end()), 4.2);
    }
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      if (scale[axis] == 1.0)
      {
        EXPECT_EQ(patch.start[axis], std::round(patch.start[axis])) << "LR voxels are HR voxels along this axis";
      }
    }
  }
  EXPECT_NEAR(isotropic, 1200, 88); // four standard deviations
  EXPECT_NEAR(slices, 400, 72);
  EXPECT_NEAR(other, 400, 72);
}

// Patches that began at voxels' faces alone would leave most offsets between the two grids untrained.
TEST(ArSSRPatchSampler, PlacesAreAnywhereInTheVolumeAndInAVoxel)
{
  double lowest = 1e9;
  double highest = 0.0;
  double fractions = 0.0;
  int    count = 0;
  for (const PatchGeometry & patch : DrawPatches(ArSSRTrainingRecipe(), Size, 1000))
  {
    if (patch.scale[1] != 1.0)
    {
      const double left = static_cast<double>(Size[1]) - 14.0 * patch.scale[1];
      lowest = std::min(lowest, patch.start[1] / left);
      highest = std::max(highest, patch.start[1] / left);
      fractions += patch.start[1] - std::floor(patch.start[1]);
      ++count;
    }
  }
  EXPECT_LT(lowest, 0.01);
  EXPECT_GT(highest, 0.99);
  EXPECT_NEAR(fractions / count, 0.5, 0.05);
}

TEST(ArSSRPatchSampler, PublishedRecipeDrawsWholeCropsOfScalesInStepsOfATenth)
{
  std::map<int, int> tenths;
  for (const PatchGeometry & patch : DrawPatches(ArSSRTrainingRecipe("published"), Size, 2100))
  {
    EXPECT_EQ(patch.size, 10);
    ExpectInside(patch, Size);
    const double tenth = 10.0 * patch.scale[0];
    EXPECT_NEAR(tenth, std::round(tenth), 1e-9);
    ++tenths[static_cast<int>(std::round(tenth))];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      EXPECT_EQ(patch.scale[axis], patch.scale[0]);
      EXPECT_EQ(patch.start[axis], std::round(patch.start[axis]));
    }
    const VoxelBox crop = GetVoxelsWithin(patch, 0.0, Size);
    EXPECT_EQ(crop.size, (GridIndex{ { std::lround(tenth), std::lround(tenth), std::lround(tenth) } }));
  }
  EXPECT_EQ(tenths.size(), 21U);
  EXPECT_EQ(tenths.begin()->first, 20);
  EXPECT_EQ(tenths.rbegin()->first, 40);
  for (const auto & [tenth, count] : tenths)
  {
    EXPECT_NEAR(count, 100, 45) << tenth;
  }
}

// A patch beyond the volume would read memory outside it.
TEST(ArSSRPatchSampler, ReducesScalesToWhatFits)
{
  const GridIndex small{ { 18, 40, 33 } };
  double          largest = 0.0;
  for (const PatchGeometry & patch : DrawPatches(ArSSRTrainingRecipe(), small, 500))
  {
    ExpectInside(patch, small);
    EXPECT_LE(patch.scale[0], 1.5 + 1e-12);
    largest = std::max(largest, patch.scale[1]);
  }
  EXPECT_NEAR(largest, 40.0 / 12.0, 1e-12);

  const GridIndex published{ { 27, 50, 50 } };
  std::set<int>   sizes;
  for (const PatchGeometry & patch : DrawPatches(ArSSRTrainingRecipe("published"), published, 300))
  {
    ExpectInside(patch, published);
    sizes.insert(static_cast<int>(std::lround(10.0 * patch.scale[2])));
  }
  EXPECT_EQ(sizes, (std::set<int>{ 20, 21, 22, 23, 24, 25, 26, 27 }));

  const PatchSampler sampler{ ReadSampleSettings(ArSSRTrainingRecipe()) };
  EXPECT_EQ(sampler.GetSmallestSize(), 18);
  EXPECT_TRUE(sampler.Fits(small));
  EXPECT_FALSE(sampler.Fits({ { 17, 100, 100 } }));
}

// An unbounded search would hang on an image that is nearly empty.
TEST(ArSSRPatchSampler, SeeksForegroundAndUsesTheBestPatch)
{
  const PatchSampler sampler{ ReadSampleSettings(ArSSRTrainingRecipe()) };
  const GridLengths  scale{ { 2.0, 2.0, 2.0 } };
  const Volume       ball = MakeBall(28.0);
  int                anywhere = 0;
  int                sought = 0;
  for (std::uint64_t number = 0; number < 100; ++number)
  {
    Random first = MakeRandom(number);
    Random second = MakeRandom(number);
    anywhere += sampler.GetForegroundShare(ball, sampler.DrawPlace(first, Size, scale)) >= 0.25 ? 1 : 0;
    sought += sampler.GetForegroundShare(ball, sampler.DrawPlaceWithForeground(second, ball, scale)) >= 0.25 ? 1 : 0;
  }
  EXPECT_LT(anywhere, 60);
  EXPECT_EQ(sought, 100);

  // Of a few voxels no patch has a quarter: that which has most of them is taken, after a bounded number of attempts.
  const Volume dot = MakeBall(4.0);
  double       mostOfAny = 0.0;
  double       mean = 0.0;
  for (std::uint64_t number = 0; number < 20; ++number)
  {
    Random       random = MakeRandom(number);
    Random       same = MakeRandom(number);
    const double taken = sampler.GetForegroundShare(dot, sampler.DrawPlaceWithForeground(random, dot, scale));
    mostOfAny = 0.0;
    for (int attempt = 0; attempt < PatchSampler::NumberOfAttempts; ++attempt)
    {
      mostOfAny = std::max(mostOfAny, sampler.GetForegroundShare(dot, sampler.DrawPlace(same, Size, scale)));
    }
    EXPECT_EQ(taken, mostOfAny);
    EXPECT_EQ(random.Bits(), same.Bits()) << "as many random numbers";
    mean += taken / 20.0;
  }
  EXPECT_GT(mean, 0.0);
  EXPECT_LT(mean, 0.25);
}

TEST(ArSSRPatchSampler, ForegroundIsTheShareOfBrightVoxelsInTheFieldOfView)
{
  const PatchSampler  sampler{ ReadSampleSettings(ArSSRTrainingRecipe()) };
  const Volume        half = test::MakeVolume(Size, [](std::int64_t, std::int64_t, std::int64_t x) {
    return x < 30 ? 0.06F : 0.05F;
  }); // the threshold is not above
  const PatchGeometry patch{ 10, { { 0.0, 40.0, 15.0 } }, { { 2.0, 1.0, 2.5 } } };
  EXPECT_EQ(sampler.GetForegroundShare(half, patch), 15.0 / 25.0);
}
