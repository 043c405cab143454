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
#include "itkArSSRTileLattice.h"

#include "grid/ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

#include <limits>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRTileLattice;
using IndexRange = itk::ImageRegionIndexRange<3>;
using ContinuousIndexType = ArSSRTileLattice::ContinuousIndexType;
using IndexType = ArSSRTileLattice::IndexType;
using RegionType = ArSSRTileLattice::RegionType;
using SizeType = ArSSRTileLattice::SizeType;

ArSSRTileLattice
MakeLattice(Randomness & random, itk::SizeValueType largestImage)
{
  const auto halo = static_cast<itk::SizeValueType>(random.Integer(0, 5));
  return ArSSRTileLattice(random.MakeSize(1, largestImage), random.MakeSize(1, largestImage + 2), halo);
}

// Inside the extent; now and then exactly on a voxel's centre or on the image's outer face.
ContinuousIndexType
MakeSample(Randomness & random, const ArSSRTileLattice & lattice)
{
  ContinuousIndexType sample;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double last = static_cast<double>(lattice.GetImageSize()[axis]) - 0.5;
    sample[axis] = random.Uniform(-0.5, last);
    if (random.Integer(0, 3) == 0)
    {
      sample[axis] = std::round(2.0 * sample[axis]) / 2.0;
    }
  }
  return sample;
}

RegionType
Tiles(const ArSSRTileLattice & lattice)
{
  return RegionType(lattice.GetNumberOfTiles());
}

// The reference for all regions: dilated by a number of voxels below and above, then cropped.
RegionType
Dilated(const RegionType & region, itk::OffsetValueType low, itk::OffsetValueType high, const SizeType & imageSize)
{
  RegionType result = region;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    result.SetIndex(axis, region.GetIndex(axis) - low);
    result.SetSize(axis, region.GetSize(axis) + static_cast<itk::SizeValueType>(low + high));
  }
  EXPECT_TRUE(result.Crop(RegionType(imageSize)));
  return result;
}
} // namespace

// A voxel in no core would leave a hole in the output.
TEST(ArSSRTileLattice, PartitionsTheImageIntoCores)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto       lattice = MakeLattice(random, 9);
    const RegionType image(lattice.GetImageSize());
    VoxelCounts      owners(image);
    for (const auto & tile : IndexRange(Tiles(lattice)))
    {
      for (const auto & voxel : IndexRange(lattice.GetCoreRegion(tile)))
      {
        owners.Add(voxel);
      }
    }
    for (const auto & voxel : IndexRange(image))
    {
      ASSERT_EQ(owners[voxel], 1) << "tiles that own voxel " << voxel;
    }
  }
}

TEST(ArSSRTileLattice, HasNoCoreBeyondTheTileSize)
{
  const ArSSRTileLattice lattice({ { 10, 7, 3 } }, { { 4, 7, 5 } }, 2);
  EXPECT_EQ(lattice.GetNumberOfTiles(), (SizeType{ { 3, 1, 1 } }));
  EXPECT_EQ(lattice.GetCoreRegion({ { 0, 0, 0 } }), RegionType({ { 0, 0, 0 } }, { { 4, 7, 3 } }));
  EXPECT_EQ(lattice.GetCoreRegion({ { 1, 0, 0 } }), RegionType({ { 4, 0, 0 } }, { { 4, 7, 3 } }));
  EXPECT_EQ(lattice.GetCoreRegion({ { 2, 0, 0 } }), RegionType({ { 8, 0, 0 } }, { { 2, 7, 3 } }));
  EXPECT_EQ(lattice.GetFeatureRegion({ { 1, 0, 0 } }), RegionType({ { 4, 0, 0 } }, { { 5, 7, 3 } }));
  EXPECT_EQ(lattice.GetInputRegion({ { 1, 0, 0 } }), RegionType({ { 2, 0, 0 } }, { { 8, 7, 3 } }));
}

// With a voxel less there are seams between tiles, with a voxel more it is encoded for nothing.
TEST(ArSSRTileLattice, SurroundsCoresByTheSampledVoxelAndTheHaloInsideTheImage)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto lattice = MakeLattice(random, 12);
    const auto halo = static_cast<itk::OffsetValueType>(lattice.GetHaloRadius());
    for (const auto & tile : IndexRange(Tiles(lattice)))
    {
      const auto core = lattice.GetCoreRegion(tile);
      const auto feature = lattice.GetFeatureRegion(tile);
      EXPECT_EQ(feature, Dilated(core, 0, 1, lattice.GetImageSize()));
      EXPECT_EQ(lattice.GetInputRegion(tile), Dilated(feature, halo, halo, lattice.GetImageSize()));
    }
  }
}

// The planner computes memory from these bounds.
TEST(ArSSRTileLattice, BoundsTheSizesOfItsRegions)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto lattice = MakeLattice(random, 12);
    SizeType   largestFeature{};
    for (const auto & tile : IndexRange(Tiles(lattice)))
    {
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        largestFeature[axis] = std::max(largestFeature[axis], lattice.GetFeatureRegion(tile).GetSize(axis));
        EXPECT_LE(lattice.GetInputRegion(tile).GetSize(axis), lattice.GetInputSizeBound()[axis]);
        EXPECT_LE(lattice.GetInputSizeBound()[axis], lattice.GetImageSize()[axis]);
      }
    }
    EXPECT_EQ(lattice.GetFeatureSizeBound(), largestFeature);
  }
  EXPECT_EQ(ArSSRTileLattice({ { 50, 50, 50 } }, { { 4, 5, 60 } }, 3).GetInputSizeBound(),
            (SizeType{ { 11, 12, 50 } }));
}

// A neighbour that is missing would be read from outside of the tile's features.
TEST(ArSSRTileLattice, GivesEachSampleAnOwnerWithBothOfItsNeighbours)
{
  Randomness random;
  for (int repetition = 0; repetition < 20 * Repetitions; ++repetition)
  {
    const auto lattice = MakeLattice(random, 12);
    const auto sample = MakeSample(random, lattice);
    ASSERT_TRUE(lattice.IsInsideExtent(sample)) << sample;
    const auto owner = lattice.GetOwner(sample);
    ASSERT_TRUE(Tiles(lattice).IsInside(owner));
    const auto core = lattice.GetCoreRegion(owner);
    const auto feature = lattice.GetFeatureRegion(owner);
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const auto below = static_cast<itk::IndexValueType>(std::floor(sample[axis]));
      const auto last = static_cast<itk::IndexValueType>(lattice.GetImageSize()[axis]) - 1;
      const auto clamped = std::min(std::max<itk::IndexValueType>(below, 0), last);
      EXPECT_GE(clamped, core.GetIndex(axis));
      EXPECT_LE(clamped, core.GetUpperIndex()[axis]);
      for (const auto neighbour : { below, below + 1 })
      {
        const bool isInImage = neighbour >= 0 && neighbour <= last;
        const bool isInTile = neighbour >= feature.GetIndex(axis) && neighbour <= feature.GetUpperIndex()[axis];
        EXPECT_TRUE(isInTile || !isInImage) << "voxel " << neighbour << " is missing for " << sample;
      }
    }
  }
}

TEST(ArSSRTileLattice, KnowsItsExtent)
{
  const ArSSRTileLattice lattice({ { 4, 5, 6 } }, { { 2, 2, 2 } }, 1);
  const auto             isInside = [&lattice](double x, double y, double z) {
    return lattice.IsInsideExtent(std::array<double, 3>{ { x, y, z } }.data());
  };
  EXPECT_TRUE(isInside(-0.5, -0.5, -0.5));
  EXPECT_TRUE(isInside(3.5, 4.5, 5.5));
  EXPECT_TRUE(isInside(-0.5 - 1e-9, 0.0, 5.5 + 1e-9)) << "rounding must not push a border voxel out";
  EXPECT_FALSE(isInside(-0.5001, 0.0, 0.0));
  EXPECT_FALSE(isInside(0.0, 4.5001, 0.0));
  EXPECT_FALSE(isInside(0.0, 0.0, 1e300));
  EXPECT_FALSE(isInside(0.0, std::numeric_limits<double>::quiet_NaN(), 0.0));
}

TEST(ArSSRTileLattice, KnowsWhetherAnyVoxelOfARegionLiesInItsExtent)
{
  Randomness   random;
  unsigned int found = 0;
  for (int repetition = 0; repetition < 10 * Repetitions; ++repetition)
  {
    auto input = random.MakeGeometry(8);
    auto output = random.MakeGeometry(6);
    input.region.SetIndex({});
    output.region.SetIndex({});
    const ArSSRTileLattice lattice(input.region.GetSize(), { { 4, 4, 4 } }, 1);
    output.origin = input.origin;
    for (double & coordinate : output.origin)
    {
      coordinate += random.Uniform(-12.0, 12.0);
    }
    const itk::ArSSRIndexMap map(input, output);
    bool                     isAnyInside = false;
    for (const auto & index : itk::ImageRegionIndexRange<3>(output.region))
    {
      isAnyInside = isAnyInside || lattice.IsInsideExtent(map.Evaluate(index));
    }
    ASSERT_EQ(lattice.HasSampleInside(map, output.region), isAnyInside) << "repetition " << repetition;
    found += isAnyInside ? 1 : 0;
  }
  EXPECT_GT(found, Repetitions);
  EXPECT_LT(found, 9 * Repetitions);
}

TEST(ArSSRTileLattice, FindsTheTilesOfAllSamplesWithinBounds)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto          lattice = MakeLattice(random, 12);
    ContinuousIndexType lower;
    ContinuousIndexType upper;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double length = static_cast<double>(lattice.GetImageSize()[axis]);
      lower[axis] = random.Uniform(-3.0, length);
      upper[axis] = random.Uniform(std::max(lower[axis], -0.5), length + 3.0);
    }
    // The reference: the box of the owners of samples half a voxel apart.
    bool      misses = false;
    IndexType first = IndexType::Filled(1000);
    IndexType last = IndexType::Filled(-1);
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double from = std::max(lower[axis], -0.5);
      const double to = std::min(upper[axis], static_cast<double>(lattice.GetImageSize()[axis]) - 0.5);
      misses = misses || from > to;
      for (int step = 0; step <= std::ceil(2.0 * (to - from)); ++step)
      {
        ContinuousIndexType sample;
        sample[axis] = std::min(from + 0.5 * step, to);
        first[axis] = std::min(first[axis], lattice.GetOwner(sample)[axis]);
        last[axis] = std::max(last[axis], lattice.GetOwner(sample)[axis]);
      }
    }
    RegionType expected;
    if (!misses)
    {
      expected.SetIndex(first);
      expected.SetUpperIndex(last);
    }
    EXPECT_EQ(lattice.GetTilesWithin(lower, upper), expected) << lower << ' ' << upper;
  }
}

// Clamped to the image, such bounds would have the tiles at the border encoded for nothing.
TEST(ArSSRTileLattice, FindsNoTilesWhereBoundsMissTheExtent)
{
  const ArSSRTileLattice lattice({ { 4, 5, 6 } }, { { 2, 2, 2 } }, 1);
  const auto             number = [&lattice](double yLower, double yUpper) {
    return lattice
      .GetTilesWithin(std::array<double, 3>{ { 0.0, yLower, 0.0 } }.data(),
                      std::array<double, 3>{ { 0.0, yUpper, 0.0 } }.data())
      .GetNumberOfPixels();
  };
  EXPECT_EQ(number(-7.0, -0.6), 0U);
  EXPECT_EQ(number(4.6, 9.0), 0U);
  EXPECT_EQ(number(-7.0, -0.5), 1U);
  EXPECT_EQ(number(4.5, 9.0), 1U);
  EXPECT_EQ(number(-7.0, 9.0), 3U);
}

TEST(ArSSRTileLattice, FindsTheSmallestInputRegionOfABoxOfTiles)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto lattice = MakeLattice(random, 12);
    RegionType box;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const auto tiles = static_cast<itk::IndexValueType>(lattice.GetNumberOfTiles()[axis]);
      const auto first = random.Integer(0, tiles - 1);
      box.SetIndex(axis, first);
      box.SetSize(axis, static_cast<itk::SizeValueType>(random.Integer(1, tiles - first)));
    }
    IndexType first = lattice.GetInputRegion(box.GetIndex()).GetIndex();
    IndexType last = lattice.GetInputRegion(box.GetIndex()).GetUpperIndex();
    for (const auto & tile : IndexRange(box))
    {
      const auto input = lattice.GetInputRegion(tile);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        first[axis] = std::min(first[axis], input.GetIndex(axis));
        last[axis] = std::max(last[axis], input.GetUpperIndex()[axis]);
      }
    }
    RegionType expected;
    expected.SetIndex(first);
    expected.SetUpperIndex(last);
    EXPECT_EQ(lattice.GetInputRegionOfTiles(box), expected);
  }
}

TEST(ArSSRTileLattice, RefusesImagesAndTilesWithoutVoxels)
{
  ExpectError([] { ArSSRTileLattice({ { 4, 0, 4 } }, { { 2, 2, 2 } }, 1); }, "An image of [4, 0, 4] voxels");
  ExpectError([] { ArSSRTileLattice({ { 4, 4, 4 } }, { { 2, 2, 0 } }, 1); }, "into tiles of [2, 2, 0] voxels");
}
