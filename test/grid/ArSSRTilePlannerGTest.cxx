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
#include "grid/ArSSRTilePlanner.h"

#include "grid/ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

#include <limits>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRTileLattice;
using itk::SizeValueType;
using itk::arssr::PlanTiles;
using itk::arssr::TileCosts;
using SizeType = ArSSRTileLattice::SizeType;

constexpr double        BytesPerMiB = 1048576.0;
constexpr SizeValueType Plenty = SizeValueType{ 1 } << 30; // MiB

TileCosts
PublishedCosts()
{
  TileCosts costs;
  costs.haloRadius = 20;
  costs.encodeBytesPerVoxel = 1024;
  costs.featureBytesPerVoxel = 512;
  costs.fixedBytes = 10'000'000;
  return costs;
}

// Small numbers, so that small images have to be cut.
TileCosts
RandomCosts(Randomness & random)
{
  TileCosts costs;
  costs.haloRadius = static_cast<SizeValueType>(random.Integer(0, 4));
  costs.encodeBytesPerVoxel = static_cast<SizeValueType>(random.Integer(0, 20'000));
  costs.featureBytesPerVoxel = static_cast<SizeValueType>(random.Integer(1, 20'000));
  costs.fixedBytes = static_cast<SizeValueType>(random.Integer(0, 1'000'000));
  return costs;
}

SizeValueType
LeastBudget(const SizeType & imageSize, const TileCosts & costs)
{
  const std::string message = MessageOf([&] { PlanTiles(imageSize, costs, 0); });
  const std::string before = "at least ";
  const auto        position = message.find(before);
  EXPECT_NE(position, std::string::npos) << message;
  return std::stoul(message.substr(position + before.size()));
}

// LR voxels encoded over all tiles.
SizeValueType
Work(const ArSSRTileLattice & lattice)
{
  SizeValueType work = 0;
  for (const auto & tile : itk::ImageRegionIndexRange<3>(ArSSRTileLattice::RegionType(lattice.GetNumberOfTiles())))
  {
    work += lattice.GetInputRegion(tile).GetNumberOfPixels();
  }
  return work;
}

bool
HoldsLayer(const ArSSRTileLattice & lattice, const TileCosts & costs, SizeValueType budget)
{
  return costs.GetPeakBytes(lattice) + costs.GetLayerBytes(lattice) <= static_cast<double>(budget) * BytesPerMiB;
}
} // namespace

TEST(ArSSRTilePlanner, CountsBytes)
{
  const ArSSRTileLattice lattice({ { 10, 10, 10 } }, { { 3, 4, 10 } }, 1);
  TileCosts              costs;
  costs.haloRadius = 1;
  costs.encodeBytesPerVoxel = 100;
  costs.featureBytesPerVoxel = 10;
  costs.fixedBytes = 7;
  // Features 4 x 5 x 10, input 6 x 7 x 10 voxels; four bytes for each input voxel that is kept; 4 x 3 tiles a layer.
  EXPECT_EQ(costs.GetTileBytes(lattice), 200.0 * 10 + 420.0 * 4);
  EXPECT_EQ(costs.GetPeakBytes(lattice), 7.0 + 420.0 * 100 + costs.GetTileBytes(lattice));
  EXPECT_EQ(costs.GetLayerBytes(lattice), 12.0 * costs.GetTileBytes(lattice));
}

TEST(ArSSRTilePlanner, CountsTheTilesOfAllPasses)
{
  const ArSSRTileLattice lattice({ { 10, 10, 10 } }, { { 3, 4, 10 } }, 2);
  TileCosts              costs;
  costs.haloRadius = 2;
  costs.encodeBytesPerVoxel = 100;
  costs.featureBytesPerVoxel = 10;
  costs.fixedBytes = 7;
  costs.passes = 8;
  costs.sampleMargin = 1;
  // Features 6 x 7 x 10, input 8 x 9 x 10 voxels; one pass is encoded at a time.
  EXPECT_EQ(costs.GetTileBytes(lattice), 8.0 * (420.0 * 10 + 720.0 * 4));
  EXPECT_EQ(costs.GetPeakBytes(lattice), 7.0 + 720.0 * 100 + costs.GetTileBytes(lattice));
  EXPECT_EQ(costs.GetLayerBytes(lattice), 12.0 * costs.GetTileBytes(lattice));
}

TEST(ArSSRTilePlanner, LeavesAnImageWholeThatFits)
{
  const auto lattice = PlanTiles({ { 300, 20, 7 } }, PublishedCosts(), Plenty);
  EXPECT_EQ(lattice.GetNumberOfTiles(), (SizeType{ { 1, 1, 1 } }));
  EXPECT_EQ(lattice.GetImageSize(), (SizeType{ { 300, 20, 7 } }));
  EXPECT_EQ(lattice.GetHaloRadius(), 20U);
}

// An output that is streamed along z then needs each tile for consecutive pieces only.
TEST(ArSSRTilePlanner, CutsACubeAcrossZFirst)
{
  const SizeType  size{ { 64, 64, 64 } };
  const TileCosts costs = PublishedCosts();
  const double    peak = costs.GetPeakBytes(ArSSRTileLattice(size, size, costs.haloRadius));
  const auto      lattice = PlanTiles(size, costs, static_cast<SizeValueType>(peak / BytesPerMiB) - 1);
  EXPECT_EQ(lattice.GetNumberOfTiles()[0], 1U);
  EXPECT_EQ(lattice.GetNumberOfTiles()[1], 1U);
  EXPECT_GT(lattice.GetNumberOfTiles()[2], 1U);
}

// Beyond the budget, memory would run out in the middle of an image.
TEST(ArSSRTilePlanner, NeverGoesOverTheBudget)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto costs = RandomCosts(random);
    const auto size = random.MakeSize(1, 40);
    const auto least = LeastBudget(size, costs);
    const auto budget = least + static_cast<SizeValueType>(random.Integer(0, 100));
    const auto lattice = PlanTiles(size, costs, budget);
    EXPECT_LE(costs.GetPeakBytes(lattice), static_cast<double>(budget) * BytesPerMiB);
    EXPECT_EQ(lattice.GetImageSize(), size);
    EXPECT_EQ(lattice.GetHaloRadius(), costs.haloRadius);
  }
}

// Users set the number that the message has.
TEST(ArSSRTilePlanner, NamesTheLeastBudgetThatWorks)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    auto costs = RandomCosts(random);
    costs.fixedBytes += static_cast<SizeValueType>(random.Integer(1, 9)) << 20U;
    const auto size = random.MakeSize(1, 40);
    const auto least = LeastBudget(size, costs);
    EXPECT_NO_THROW(PlanTiles(size, costs, least));
    ExpectError([&] { PlanTiles(size, costs, least - 1); },
                "MemoryBudget is " + std::to_string(least - 1) + " MiB; this model needs at least " +
                  std::to_string(least) + " MiB");
  }
}

TEST(ArSSRTilePlanner, TakesTheLeastWorkAmongEqualDivisions)
{
  Randomness random;
  int        numberThatHoldALayer = 0;
  for (int repetition = 0; repetition < 60; ++repetition)
  {
    const auto costs = RandomCosts(random);
    const auto size = random.MakeSize(1, 9);
    const auto budget = LeastBudget(size, costs) + static_cast<SizeValueType>(random.Integer(0, 6));
    const auto lattice = PlanTiles(size, costs, budget);

    SizeValueType leastWork = std::numeric_limits<SizeValueType>::max();
    SizeValueType leastWorkWithLayer = leastWork;
    for (const auto & divisions : itk::ImageRegionIndexRange<3>(ArSSRTileLattice::RegionType({ { 1, 1, 1 } }, size)))
    {
      SizeType tileSize;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const auto number = static_cast<SizeValueType>(divisions[axis]);
        tileSize[axis] = (size[axis] + number - 1) / number;
      }
      const ArSSRTileLattice candidate(size, tileSize, costs.haloRadius);
      if (costs.GetPeakBytes(candidate) <= static_cast<double>(budget) * BytesPerMiB)
      {
        leastWork = std::min(leastWork, Work(candidate));
        leastWorkWithLayer =
          HoldsLayer(candidate, costs, budget) ? std::min(leastWorkWithLayer, Work(candidate)) : leastWorkWithLayer;
      }
    }
    const bool canHoldLayer = leastWorkWithLayer < std::numeric_limits<SizeValueType>::max();
    EXPECT_EQ(HoldsLayer(lattice, costs, budget), canHoldLayer);
    EXPECT_EQ(Work(lattice), canHoldLayer ? leastWorkWithLayer : leastWork);
    numberThatHoldALayer += canHoldLayer ? 1 : 0;
  }
  EXPECT_GT(numberThatHoldALayer, 5) << "one of the two cases is not tested";
  EXPECT_LT(numberThatHoldALayer, 55) << "one of the two cases is not tested";
}

// A trial of every number of tiles would not come to an end.
TEST(ArSSRTilePlanner, CopesWithVeryLongImages)
{
  const SizeType size{ { 1'000'000, 1, 1 } };
  auto           costs = PublishedCosts();
  const auto     lattice = PlanTiles(size, costs, LeastBudget(size, costs) + 1);
  EXPECT_GT(lattice.GetNumberOfTiles()[0], 24U);
  EXPECT_LE(costs.GetPeakBytes(lattice), static_cast<double>(LeastBudget(size, costs) + 1) * BytesPerMiB);
}
