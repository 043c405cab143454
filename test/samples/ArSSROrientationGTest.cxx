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
#include "samples/ArSSROrientation.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <tuple>

namespace
{
using namespace itk::arssr;

Random
MakeRandom(std::uint64_t number)
{
  return { 0, RandomStream::Sample, number };
}
} // namespace

// If one of the three is turned differently, points and values no longer belong to each other.
TEST(ArSSROrientation, TurnsPatchPointsAndVoxelSizeAlike)
{
  std::set<std::tuple<std::array<bool, 3>, std::array<std::size_t, 3>>> seen;
  for (std::uint64_t number = 0; number < 600; ++number)
  {
    Random            random = MakeRandom(number);
    const Orientation orientation = Orientation::Draw(true, true, random);
    seen.emplace(orientation.flip, orientation.axes);
    TrainingSample sample;
    sample.patchSize = 3;
    for (int i = 0; i < 27; ++i)
    {
      sample.lowResolution.push_back(static_cast<float>(i));
      sample.points.insert(sample.points.end(), { std::floor(i / 9.0), i / 3 % 3 * 1.0, i % 3 * 1.0 });
    }
    sample.voxelSize = { { 0.1, 0.2, 0.3 } };
    orientation.Apply(sample);
    for (std::size_t i = 0; i < 27; ++i) // each point is still on the voxel that it was on
    {
      const double * point = &sample.points[3 * i];
      EXPECT_EQ(sample.lowResolution[static_cast<std::size_t>(point[0] * 9 + point[1] * 3 + point[2])],
                static_cast<float>(i));
    }
    for (std::size_t axis = 0; axis < 3; ++axis) // and neighbours along an axis are apart by that axis' step
    {
      EXPECT_NEAR(sample.voxelSize[axis], 0.1 * static_cast<double>(orientation.axes[axis] + 1), 1e-12);
    }
  }
  EXPECT_EQ(seen.size(), 48U);

  Random            random = MakeRandom(0);
  const Orientation none = Orientation::Draw(false, false, random);
  EXPECT_EQ(none.flip, (std::array<bool, 3>{ { false, false, false } }));
  EXPECT_EQ(none.axes, (std::array<std::size_t, 3>{ { 0, 1, 2 } }));
}
