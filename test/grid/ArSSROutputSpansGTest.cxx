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
#include "grid/ArSSROutputSpans.h"

#include "grid/ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRIndexMap;
using itk::ArSSRTileLattice;
using itk::arssr::CountVoxels;
using itk::arssr::CutSpans;
using itk::arssr::OutputSpan;
using itk::arssr::OutputSpans;
using IndexRange = itk::ImageRegionIndexRange<3>;
using RegionType = OutputSpans::RegionType;

// Decodes nothing, but visits the voxels as the engine does, for each tile a few at a time. Expects every voxel of the
// region that is inside the extent exactly once, in its owner, and no other one.
void
ExpectEachVoxelOnce(const GeometryType &     input,
                    const GeometryType &     output,
                    const ArSSRTileLattice & tiles,
                    const RegionType &       requested)
{
  const ArSSRIndexMap map(input, output);
  VoxelCounts         visits(output.region);
  for (const auto & tile : IndexRange(RegionType(tiles.GetNumberOfTiles())))
  {
    OutputSpans spans(map, tiles, requested, tile);
    for (auto some = spans.GetNext(20); !some.empty(); some = spans.GetNext(20))
    {
      for (const OutputSpan & span : some)
      {
        ASSERT_GT(span.count, 0U);
        auto index = span.start;
        for (itk::SizeValueType n = 0; n < span.count; ++n, ++index[0])
        {
          visits.Add(index);
          ASSERT_EQ(tiles.GetOwner(map.Evaluate(index)), tile);
        }
      }
    }
  }
  for (const auto & index : IndexRange(requested))
  {
    ASSERT_EQ(visits[index], tiles.IsInsideExtent(map.Evaluate(index)) ? 1 : 0) << "voxel " << index;
  }
}
} // namespace

// A voxel without a tile would be a hole in the output; in two tiles it would be computed and bounded twice.
TEST(ArSSROutputSpans, GiveEachVoxelOfAResizedGridToOneTile)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto             input = random.MakeGeometry(7);
    const auto             output = input.ResizedTo(random.MakeSize(1, 14));
    const ArSSRTileLattice tiles(input.region.GetSize(), random.MakeSize(1, 8), 1);
    ExpectEachVoxelOnce(input, output, tiles, output.region);
  }
}

// Where lines cross tiles at an angle, rounding decides about the voxels at the seams and at the outer faces.
TEST(ArSSROutputSpans, GiveEachVoxelOfARotatedGridInsideTheExtentToOneTile)
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
    ExpectEachVoxelOnce(input, output, tiles, output.region);
  }
}

TEST(ArSSROutputSpans, VisitEachVoxelOfAPartOnce)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto             input = random.MakeGeometry(7);
    const auto             output = input.ResizedTo(random.MakeSize(1, 14));
    const ArSSRTileLattice tiles(input.region.GetSize(), random.MakeSize(1, 8), 1);
    ExpectEachVoxelOnce(input, output, tiles, random.MakePart(output.region));
  }
}

// PassAverage searches spans by their order; the number of voxels bounds the memory of a batch.
TEST(ArSSROutputSpans, ComeInOrderAndStopWhenThereAreEnough)
{
  Randomness             random;
  const auto             input = random.MakeGeometry(7);
  const auto             output = input.ResizedTo({ { 6, 5, 4 } });
  const ArSSRIndexMap    map(input, output);
  const ArSSRTileLattice oneTile(input.region.GetSize(), input.region.GetSize(), 1);
  OutputSpans            spans(map, oneTile, output.region, { { 0, 0, 0 } });
  const auto             first = spans.GetNext(13); // two lines and one voxel of the third
  ASSERT_EQ(first.size(), 3U);
  for (std::size_t line = 0; line < 3; ++line)
  {
    EXPECT_EQ(first[line].start, (itk::Index<3>{ { 0, static_cast<itk::IndexValueType>(line), 0 } }));
    EXPECT_EQ(first[line].count, 6U);
  }
  EXPECT_EQ(spans.GetNext(1000).size(), 17U);
  EXPECT_TRUE(spans.GetNext(1000).empty());
}

TEST(ArSSROutputSpans, AreCutIntoFullGroupsInTheSameOrder)
{
  const std::vector<OutputSpan> spans{ { { { 5, 0, 0 } }, 7 }, { { { -2, 1, 0 } }, 1 }, { { { 0, 2, 3 } }, 12 } };
  const auto                    voxelsOf = [](const std::vector<OutputSpan> & some) {
    std::vector<OutputSpan> voxels;
    for (const OutputSpan & span : some)
    {
      for (itk::SizeValueType offset = 0; offset < span.count; ++offset)
      {
        voxels.push_back(span.GetPart(offset, 1));
      }
    }
    return voxels;
  };
  const std::vector<OutputSpan> expected = voxelsOf(spans);
  ASSERT_EQ(expected.size(), 20U);
  for (itk::SizeValueType most = 1; most <= 21; ++most)
  {
    std::vector<OutputSpan> found;
    const auto              groups = CutSpans(spans, most);
    for (const auto & group : groups)
    {
      const itk::SizeValueType wanted = &group == &groups.back() ? 20 - most * (groups.size() - 1) : most;
      EXPECT_EQ(CountVoxels(group), wanted) << most << " voxels in a group";
      const auto voxels = voxelsOf(group);
      found.insert(found.end(), voxels.begin(), voxels.end());
    }
    ASSERT_EQ(found.size(), expected.size()) << most << " voxels in a group";
    for (std::size_t number = 0; number < found.size(); ++number)
    {
      EXPECT_EQ(found[number].start, expected[number].start) << most << " voxels in a group";
      EXPECT_EQ(found[number].count, 1U);
    }
  }
  EXPECT_TRUE(CutSpans({}, 3).empty());
}
