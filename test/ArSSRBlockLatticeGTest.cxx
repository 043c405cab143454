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
#include "ArSSRBlockLattice.h"

#include "ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRIndexMap;
using itk::ArSSRTileLattice;
using itk::arssr::BlockLattice;
using itk::arssr::BlockSamples;
using IndexRange = itk::ImageRegionIndexRange<3>;
using RegionType = BlockLattice::RegionType;
using SizeType = BlockLattice::SizeType;

RegionType
MakePart(Randomness & random, const RegionType & region)
{
  RegionType part;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto size = static_cast<itk::IndexValueType>(region.GetSize(axis));
    const auto begin = random.Integer(0, size - 1);
    part.SetIndex(axis, region.GetIndex(axis) + begin);
    part.SetSize(axis, static_cast<itk::SizeValueType>(random.Integer(1, size - begin)));
  }
  return part;
}

// Decodes nothing, but visits the voxels as the engine does: for each block of the region its tiles, for each of these
// the block's voxels. Expects every voxel of the region that is inside the extent exactly once, and no other one.
void
ExpectEachVoxelOnce(const GeometryType &     input,
                    const GeometryType &     output,
                    const ArSSRTileLattice & tiles,
                    const SizeType &         blockSize,
                    const RegionType &       requested)
{
  const ArSSRIndexMap map(input, output);
  const BlockLattice  blocks(output.region, blockSize);
  VoxelCounts         visits(output.region);
  for (const auto & block : IndexRange(blocks.GetBlocksWithin(requested)))
  {
    const RegionType                   blockRegion = blocks.GetRegion(block);
    ArSSRIndexMap::ContinuousIndexType lower;
    ArSSRIndexMap::ContinuousIndexType upper;
    map.GetBounds(blockRegion, lower, upper);
    for (const auto & tile : IndexRange(tiles.GetTilesWithin(lower, upper)))
    {
      for (const auto & index : BlockLattice::GetSamples(blockRegion, map, tiles, tile).indices)
      {
        visits.Add(index);
      }
    }
  }
  for (const auto & index : IndexRange(requested))
  {
    ASSERT_EQ(visits[index], tiles.IsInsideExtent(map.Evaluate(index)) ? 1 : 0) << "voxel " << index;
  }
}
} // namespace

TEST(ArSSRBlockLattice, PartitionsTheOutputIntoBlocks)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const RegionType   region = random.MakeGeometry(9).region;
    const SizeType     blockSize = random.MakeSize(1, 10);
    const BlockLattice blocks(region, blockSize);
    VoxelCounts        owners(region);
    for (const auto & block : IndexRange(blocks.GetBlocksWithin(region)))
    {
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        EXPECT_LE(blocks.GetRegion(block).GetSize(axis), blockSize[axis]);
      }
      for (const auto & index : IndexRange(blocks.GetRegion(block)))
      {
        owners.Add(index);
      }
    }
    for (const auto & index : IndexRange(region))
    {
      ASSERT_EQ(owners[index], 1);
    }
  }
}

TEST(ArSSRBlockLattice, FindsTheBlocksThatARegionTouchesAndNoOthers)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const RegionType   region = random.MakeGeometry(12).region;
    const BlockLattice blocks(region, random.MakeSize(1, 6));
    const RegionType   part = MakePart(random, region);
    const RegionType   found = blocks.GetBlocksWithin(part);
    for (const auto & block : IndexRange(blocks.GetBlocksWithin(region)))
    {
      RegionType overlap = blocks.GetRegion(block);
      EXPECT_EQ(found.IsInside(block), overlap.Crop(part)) << "block " << block;
    }
  }
}

TEST(ArSSRBlockLattice, IsFixedToTheOutputsFirstVoxel)
{
  const BlockLattice blocks(RegionType({ { -5, 3, 0 } }, { { 10, 4, 1 } }), { { 4, 2, 1 } });
  EXPECT_EQ(blocks.GetRegion({ { 0, 0, 0 } }), RegionType({ { -5, 3, 0 } }, { { 4, 2, 1 } }));
  EXPECT_EQ(blocks.GetRegion({ { 2, 1, 0 } }), RegionType({ { 3, 5, 0 } }, { { 2, 2, 1 } }));
  EXPECT_EQ(blocks.GetBlocksWithin(RegionType({ { -2, 4, 0 } }, { { 2, 1, 1 } })),
            RegionType({ { 0, 0, 0 } }, { { 2, 1, 1 } }));
}

TEST(ArSSRBlockLattice, GivesEachVoxelOfAResizedGridToOneTile)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto             input = random.MakeGeometry(7);
    const auto             output = input.ResizedTo(random.MakeSize(1, 14));
    const ArSSRTileLattice tiles(input.region.GetSize(), random.MakeSize(1, 8), 1);
    ExpectEachVoxelOnce(input, output, tiles, random.MakeSize(1, 8), output.region);
  }
}

TEST(ArSSRBlockLattice, GivesEachVoxelOfARotatedGridInsideTheExtentToOneTile)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto input = random.MakeGeometry(7);
    auto       output = random.MakeGeometry(14);
    // The first voxel near the input's middle, so that part of the grid sticks out.
    itk::ContinuousIndex<double, 3> middle;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      middle[axis] =
        static_cast<double>(input.region.GetIndex(axis)) + 0.5 * static_cast<double>(input.region.GetSize(axis));
    }
    output.origin += PhysicalPoint(input, middle) - PhysicalPoint(output, output.region.GetIndex());
    const ArSSRTileLattice tiles(input.region.GetSize(), random.MakeSize(1, 8), 1);
    ExpectEachVoxelOnce(input, output, tiles, random.MakeSize(1, 8), output.region);
  }
}

TEST(ArSSRBlockLattice, VisitsEachVoxelOfAPartOnce)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto             input = random.MakeGeometry(7);
    const auto             output = input.ResizedTo(random.MakeSize(1, 14));
    const ArSSRTileLattice tiles(input.region.GetSize(), random.MakeSize(1, 8), 1);
    ExpectEachVoxelOnce(input, output, tiles, random.MakeSize(1, 8), MakePart(random, output.region));
  }
}

TEST(ArSSRBlockLattice, ListsSamplesInXYZOrderWithCoordinatesSlowestAxisFirst)
{
  Randomness             random;
  const auto             input = random.MakeGeometry(7);
  const auto             output = input.ResizedTo({ { 6, 5, 4 } });
  const ArSSRIndexMap    map(input, output);
  const ArSSRTileLattice oneTile(input.region.GetSize(), input.region.GetSize(), 1);
  const RegionType       block({ { 2, 1, 0 } }, { { 3, 4, 2 } });
  const BlockSamples     samples = BlockLattice::GetSamples(block, map, oneTile, { { 0, 0, 0 } });

  ASSERT_EQ(samples.indices.size(), block.GetNumberOfPixels());
  ASSERT_EQ(samples.coordinates.size(), 3 * block.GetNumberOfPixels());
  std::size_t number = 0;
  for (itk::IndexValueType z = 0; z < 2; ++z)
  {
    for (itk::IndexValueType y = 1; y < 5; ++y)
    {
      for (itk::IndexValueType x = 2; x < 5; ++x, ++number)
      {
        const itk::Index<3> index{ { x, y, z } };
        EXPECT_EQ(samples.indices[number], index);
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          EXPECT_EQ(samples.coordinates[3 * number + 2 - axis], map.Evaluate(index)[axis]);
        }
      }
    }
  }
}
