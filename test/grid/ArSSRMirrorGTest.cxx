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
#include "grid/ArSSRGridTestHelpers.h"

#include "grid/ArSSRMirror.h"

#include "itkIndexRange.h"
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRIndexMap;
using itk::arssr::Mirror;
using itk::arssr::MirrorsOfPasses;
using RegionType = Mirror::RegionType;
} // namespace

// An error of the network towards one end of an axis cancels only where both directions occur equally often.
TEST(ArSSRMirror, MirrorsEachAxisInHalfOfThePasses)
{
  EXPECT_EQ(std::set<Mirror::Axes>(MirrorsOfPasses.begin(), MirrorsOfPasses.end()).size(), 8U);
  EXPECT_EQ(MirrorsOfPasses[0], (Mirror::Axes{ { false, false, false } })) << "one pass is the network's own";
  for (const int passes : { 2, 4, 8 })
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      int count = 0;
      for (int pass = 0; pass < passes; ++pass)
      {
        count += MirrorsOfPasses[static_cast<std::size_t>(pass)][axis] ? 1 : 0;
      }
      EXPECT_EQ(count, passes / 2) << passes << " passes, axis " << axis;
    }
  }
}

TEST(ArSSRMirror, PutsARegionWhereItsVoxelsAre)
{
  const RegionType region({ { 1, 2, 3 } }, { { 4, 5, 6 } });
  const Mirror     mirror({ { true, false, true } }, { { 10, 20, 30 } });
  EXPECT_EQ(mirror.Apply(region), RegionType({ { 5, 2, 21 } }, { { 4, 5, 6 } })); // 10 - 1 - 4 and 30 - 3 - 6
  EXPECT_EQ(mirror.Apply(mirror.Apply(region)), region);
}

TEST(ArSSRMirror, PutsVoxelsWhereTheirRegionSays)
{
  const at::Tensor voxels = at::arange(2 * 3 * 4, at::kFloat).view({ 2, 3, 4 }); // [z, y, x]
  const at::Tensor mirrored = Mirror({ { true, false, true } }, { { 4, 3, 2 } }).Apply(voxels);
  ASSERT_TRUE(mirrored.is_contiguous());
  for (int z = 0; z < 2; ++z)
  {
    for (int y = 0; y < 3; ++y)
    {
      for (int x = 0; x < 4; ++x)
      {
        EXPECT_EQ(mirrored[z][y][x].item<float>(), voxels[1 - z][y][3 - x].item<float>());
      }
    }
  }
  EXPECT_EQ(Mirror(MirrorsOfPasses[0], { { 4, 3, 2 } }).Apply(voxels).data_ptr(), voxels.data_ptr());
}

TEST(ArSSRMirror, MapsOutputVoxelsToTheMirroredImage)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto          input = random.MakeGeometry(30);
    auto                output = random.MakeGeometry(5);
    const auto &        size = input.region.GetSize();
    const auto          axes = MirrorsOfPasses[static_cast<std::size_t>(random.Integer(0, 7))];
    const ArSSRIndexMap map(input, output);
    const ArSSRIndexMap mirrored = Mirror(axes, size).Apply(map);
    EXPECT_EQ(mirrored.GetVoxelSize(), map.GetVoxelSize());
    for (const auto & index : itk::ImageRegionIndexRange<3>(output.region))
    {
      const auto sample = map.Evaluate(index);
      const auto inMirrored = mirrored.Evaluate(index);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const double expected = axes[axis] ? static_cast<double>(size[axis]) - 1.0 - sample[axis] : sample[axis];
        ASSERT_NEAR(inMirrored[axis], expected, 1e-12 * (100.0 + std::abs(expected)));
      }
    }
  }
}

TEST(ArSSRMirror, IsExactWhereTheGridsAre)
{
  itk::ArSSRImageGeometry input;
  input.region.SetSize({ { 8, 7, 6 } });
  input.spacing.Fill(1.0);
  input.direction.SetIdentity();
  itk::ArSSRImageGeometry::ScaleFactorsType scale(2.0);
  const auto                                output = input.ScaledBy(scale);
  const ArSSRIndexMap                       map(input, output);
  const ArSSRIndexMap                       mirrored = Mirror(MirrorsOfPasses[1], input.region.GetSize()).Apply(map);
  const auto                                last = output.region.GetUpperIndex();
  for (const auto & index : itk::ImageRegionIndexRange<3>(output.region))
  {
    const auto opposite = map.Evaluate({ { last[0] - index[0], last[1] - index[1], last[2] - index[2] } });
    ASSERT_EQ(mirrored.Evaluate(index), opposite);
  }
}
