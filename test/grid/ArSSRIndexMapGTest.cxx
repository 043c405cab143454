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
#include "itkArSSRIndexMap.h"

#include "grid/ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRIndexMap;
using IndexRange = itk::ImageRegionIndexRange<3>;
using ContinuousIndexType = ArSSRIndexMap::ContinuousIndexType;

// Rounding of continuous indices of grids some hundred mm from the origin, in LR voxels.
constexpr double Tolerance = 1e-9;

// A small grid with another direction, spacing and start index, somewhere near the first one.
GeometryType
MakeGeometryNear(Randomness & random, const GeometryType & input)
{
  auto output = random.MakeGeometry(6);
  for (double & coordinate : output.origin)
  {
    coordinate = random.Uniform(-20.0, 20.0);
  }
  output.origin += input.origin.GetVectorFromOrigin();
  return output;
}
} // namespace

TEST(ArSSRIndexMap, GivesTheLRIndexOfTheSamePhysicalPoint)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto          input = random.MakeGeometry(30);
    const auto          output = MakeGeometryNear(random, input);
    const ArSSRIndexMap map(input, output);
    for (const auto & index : IndexRange(output.region))
    {
      // Counted from the first voxel of the input's region, not from index zero.
      auto sample = map.Evaluate(index);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        sample[axis] += static_cast<double>(input.region.GetIndex(axis));
      }
      ASSERT_LE((PhysicalPoint(input, sample) - PhysicalPoint(output, index)).GetNorm(), Tolerance);
    }
  }
}

// A shift by half a voxel, from aligned centres instead of faces, would show here.
TEST(ArSSRIndexMap, SpreadsSamplesEvenlyOverTheExtentWhenTheFieldOfViewIsKept)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto          input = random.MakeGeometry(20);
    const auto          output = input.ResizedTo(random.MakeSize(1, 12));
    const ArSSRIndexMap map(input, output);
    for (const auto & index : IndexRange(output.region))
    {
      const auto sample = map.Evaluate(index);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const double ratio =
          static_cast<double>(input.region.GetSize(axis)) / static_cast<double>(output.region.GetSize(axis));
        ASSERT_NEAR(sample[axis], (static_cast<double>(index[axis]) + 0.5) * ratio - 0.5, Tolerance);
      }
    }
  }
}

TEST(ArSSRIndexMap, GivesTheVoxelSizeOfAResizedGrid)
{
  Randomness                     random;
  const auto                     input = random.MakeGeometry(20);
  GeometryType::ScaleFactorsType factors;
  factors[0] = 2.0;
  factors[1] = 1.0;
  factors[2] = 4.0;
  const auto voxelSize = ArSSRIndexMap(input, input.ScaledBy(factors)).GetVoxelSize();
  EXPECT_NEAR(voxelSize[0], 0.5, Tolerance);
  EXPECT_NEAR(voxelSize[1], 1.0, Tolerance);
  EXPECT_NEAR(voxelSize[2], 0.25, Tolerance);
}

TEST(ArSSRIndexMap, GivesTheVoxelSizeOfARotatedIsotropicGrid)
{
  // A cube with edges of 1 mm is 1/spacing voxels across along each input axis, however it is turned.
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto input = random.MakeGeometry(20);
    auto       output = random.MakeGeometry(20);
    output.spacing.Fill(1.0);
    const auto voxelSize = ArSSRIndexMap(input, output).GetVoxelSize();
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      EXPECT_NEAR(voxelSize[axis], 1.0 / input.spacing[axis], Tolerance);
    }
  }
}

TEST(ArSSRIndexMap, BoundsTheSamplesOfARegionExactly)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto          input = random.MakeGeometry(30);
    const auto          output = MakeGeometryNear(random, input);
    const ArSSRIndexMap map(input, output);
    ContinuousIndexType lower;
    ContinuousIndexType upper;
    map.GetBounds(output.region, lower, upper);

    ContinuousIndexType lowest = map.Evaluate(output.region.GetIndex());
    ContinuousIndexType highest = lowest;
    for (const auto & index : IndexRange(output.region))
    {
      const auto sample = map.Evaluate(index);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        lowest[axis] = std::min(lowest[axis], sample[axis]);
        highest[axis] = std::max(highest[axis], sample[axis]);
      }
    }
    // To the last bit: a sample beyond its bounds would belong to a tile that nobody asked for.
    EXPECT_EQ(lower, lowest);
    EXPECT_EQ(upper, highest);
  }
}

// A streamed piece must not need input that the whole output does not need.
TEST(ArSSRIndexMap, BoundsPartsOfARegionWithinTheBoundsOfTheWhole)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto               input = random.MakeGeometry(30);
    const auto               output = MakeGeometryNear(random, input);
    GeometryType::RegionType part;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const auto size = static_cast<itk::IndexValueType>(output.region.GetSize(axis));
      const auto begin = random.Integer(0, size - 1);
      part.SetIndex(axis, output.region.GetIndex(axis) + begin);
      part.SetSize(axis, static_cast<itk::SizeValueType>(random.Integer(1, size - begin)));
    }
    const ArSSRIndexMap map(input, output);
    ContinuousIndexType lower;
    ContinuousIndexType upper;
    ContinuousIndexType lowerOfPart;
    ContinuousIndexType upperOfPart;
    map.GetBounds(output.region, lower, upper);
    map.GetBounds(part, lowerOfPart, upperOfPart);
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      EXPECT_LE(lower[axis], lowerOfPart[axis]);
      EXPECT_GE(upper[axis], upperOfPart[axis]);
    }
  }
}

TEST(ArSSRIndexMap, TakesAxesThatAreNotOrthogonal)
{
  Randomness random;
  auto       input = random.MakeGeometry(30);
  input.direction.SetIdentity();
  input.direction[0][1] = 0.3; // sheared, as ITK allows
  input.region.SetIndex({ { 0, 0, 0 } });
  const auto          output = MakeGeometryNear(random, input);
  const ArSSRIndexMap map(input, output);
  for (const auto & index : IndexRange(output.region))
  {
    ASSERT_LE((PhysicalPoint(input, map.Evaluate(index)) - PhysicalPoint(output, index)).GetNorm(), Tolerance);
  }
}

TEST(ArSSRIndexMap, RefusesGridsWithoutVolume)
{
  Randomness random;
  const auto good = random.MakeGeometry(30);
  auto       flat = good;
  flat.spacing[1] = 0.0;
  ExpectError([&] { ArSSRIndexMap(flat, good); }, "input spacing along axis 1 is 0");
  ExpectError([&] { ArSSRIndexMap(good, flat); }, "output spacing along axis 1 is 0");
  auto singular = good;
  singular.direction.Fill(1.0);
  EXPECT_THROW(ArSSRIndexMap(singular, good), itk::ExceptionObject);
}
