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
#include "itkArSSRSliceProfileProjector.h"

#include "acquisition/ArSSRSliceProfileTestHelpers.h"
#include "itkIndexRange.h"

namespace
{
using namespace itk::arssr::test;
using Projector = itk::ArSSRSliceProfileProjector;
using Method = Projector::Method;
using Sees = Projector::Sees;
using Block = itk::ArSSRVoxelBlock;
using IndexRange = itk::ImageRegionIndexRange<3>;
using WidthsType = Projector::WidthsType;

const Projector::ParallelLoopType Serially = [](itk::SizeValueType count, const auto & body) {
  for (itk::SizeValueType i = 0; i < count; ++i)
  {
    body(i);
  }
};

WidthsType
Widths(double x, double y, double z)
{
  WidthsType widths;
  widths[0] = x;
  widths[1] = y;
  widths[2] = z;
  return widths;
}

const WidthsType Default = Widths(0.0, 0.0, 0.0);

// Voxels that are all different; the region counts from the first voxel.
Block
RandomBlock(const GeometryType & grid)
{
  Randomness random;
  Block      block{ RegionType(grid.region.GetSize()) };
  for (float & voxel : block.voxels)
  {
    voxel = static_cast<float>(random.Uniform(0.0, 100.0));
  }
  return block;
}

Block
Simulated(const Projector & projector, const Block & high, const RegionType & low)
{
  Block result(low);
  projector.Simulate(high, result, Serially);
  return result;
}

void
ExpectNear(const Block & one, const Block & other, float tolerance)
{
  ASSERT_EQ(one.region, other.region);
  for (const auto & index : IndexRange(one.region))
  {
    const float left = one.voxels[one.Offset(index)];
    const float right = other.voxels[other.Offset(index)];
    ASSERT_EQ(std::isnan(left), std::isnan(right)) << index;
    ASSERT_TRUE(std::isnan(left) || std::abs(left - right) <= tolerance) << index << ": " << left << ", " << right;
  }
}

Block
Cut(const Block & block, const RegionType & region)
{
  Block part(region);
  for (const auto & index : IndexRange(region))
  {
    part.voxels[part.Offset(index)] = block.voxels[block.Offset(index)];
  }
  return part;
}

// The definition, in physical space and over all HR voxels.
double
SimulatedVoxel(const GridPair & grids, const Block & high, const Projector::IndexType & lowIndex, double fwhmInSpacings)
{
  const auto place = [](const GeometryType & grid, const Projector::IndexType & counted) {
    Projector::IndexType index = counted;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] += grid.region.GetIndex(axis);
    }
    return PhysicalPoint(grid, index);
  };
  const auto centre = place(grids.low, lowIndex);
  double     sum = 0.0;
  double     sumOfWeights = 0.0;
  for (const auto & index : IndexRange(high.region))
  {
    const auto distance = place(grids.high, index) - centre;
    double     weight = 1.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      double along = 0.0; // mm
      double step = 0.0;  // HR spacing along this axis, squared
      for (unsigned int row = 0; row < 3; ++row)
      {
        along += distance[row] * grids.low.direction[row][axis];
      }
      for (unsigned int column = 0; column < 3; ++column)
      {
        double cosine = 0.0;
        for (unsigned int row = 0; row < 3; ++row)
        {
          cosine += grids.high.direction[row][column] * grids.low.direction[row][axis];
        }
        step += std::pow(cosine * grids.high.spacing[column], 2.0);
      }
      step = std::sqrt(step);
      const double fwhm = fwhmInSpacings * grids.low.spacing[axis];
      const double sigma = fwhm / std::sqrt(8.0 * std::log(2.0));
      weight *= fwhm <= 1.01 * step              ? std::max(0.0, 1.0 - std::abs(along) / step)
                : std::abs(along) <= 4.0 * sigma ? std::exp(-0.5 * std::pow(along / sigma, 2.0))
                                                 : 0.0;
    }
    sum += weight * static_cast<double>(high.voxels[high.Offset(index)]);
    sumOfWeights += weight;
  }
  return sum / sumOfWeights;
}
} // namespace


class SliceProfileGrids : public ::testing::TestWithParam<GridPair>
{};

TEST_P(SliceProfileGrids, SimulationIsTheProductOfThreeProfilesAlongTheLRAxes)
{
  const Projector projector(GetParam().high, GetParam().low, Default);
  ASSERT_EQ(projector.IsSeparable(), GetParam().isParallel);
  const Block high = RandomBlock(GetParam().high);
  const Block low = Simulated(projector, high, RegionType(GetParam().low.region.GetSize()));
  int         inside = 0;
  int         outside = 0;
  for (const auto & index : IndexRange(low.region))
  {
    const float voxel = low.voxels[low.Offset(index)];
    if (projector.IsInsideHigh(index))
    {
      ++inside;
      ASSERT_NEAR(voxel, SimulatedVoxel(GetParam(), high, index, 1.0), 1e-4) << index;
    }
    else
    {
      ++outside;
      ASSERT_TRUE(std::isnan(voxel));
    }
  }
  EXPECT_GT(inside, 20);
  EXPECT_EQ(outside == 0, GetParam().name == "KeptFieldOfView" || GetParam().name == "ThickSlices");
}

TEST_P(SliceProfileGrids, SimulationHonoursAnotherWidth)
{
  WidthsType widths;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    widths[axis] = 1.6 * GetParam().low.spacing[axis];
  }
  const Projector projector(GetParam().high, GetParam().low, widths);
  const Block     high = RandomBlock(GetParam().high);
  const Block     low = Simulated(projector, high, RegionType(GetParam().low.region.GetSize()));
  for (const auto & index : IndexRange(low.region))
  {
    if (projector.IsInsideHigh(index))
    {
      ASSERT_NEAR(low.voxels[low.Offset(index)], SimulatedVoxel(GetParam(), high, index, 1.6), 1e-4) << index;
    }
  }
}

// Two implementations that share no sums check each other, for both operations.
TEST_P(SliceProfileGrids, AxisAfterAxisGivesTheValuesOfTheDirectSums)
{
  const Block      high = RandomBlock(GetParam().high);
  const RegionType low(GetParam().low.region.GetSize());
  for (const Sees sees : { Sees::AllVoxels, Sees::VoxelsInsideLow })
  {
    const Projector fast(GetParam().high, GetParam().low, Default, sees);
    const Projector slow(GetParam().high, GetParam().low, Default, sees, Method::Direct);
    EXPECT_FALSE(slow.IsSeparable());
    ExpectNear(Simulated(fast, high, low), Simulated(slow, high, low), 1e-4F);

    const Block residual = RandomBlock(GetParam().low);
    Block       one = high;
    Block       other = high;
    fast.Correct(residual, 1.5, high.region, one, Serially);
    slow.Correct(residual, 1.5, high.region, other, Serially);
    ExpectNear(one, other, 1e-4F);
  }
}

TEST_P(SliceProfileGrids, AxisAfterAxisGivesTheValuesOfTheDirectSumsForEveryPointSpread)
{
  const Block      high = RandomBlock(GetParam().high);
  const RegionType low(GetParam().low.region.GetSize());
  for (const char * acquisition : { "box:2.2", "sinc", "x=sinc:3:hann,y=box,z=measured:0.7:0.3/1/0.8/0.1" })
  {
    const auto      described = itk::ArSSRAcquisition::FromText(acquisition);
    const Projector fast(GetParam().high, GetParam().low, described);
    const Projector slow(GetParam().high, GetParam().low, described, Sees::AllVoxels, Method::Direct);
    ExpectNear(Simulated(fast, high, low), Simulated(slow, high, low), 0.01F); // of a range of 100; looked up in tables
  }
}

TEST_P(SliceProfileGrids, SimulationKeepsConstants)
{
  const Projector projector(GetParam().high, GetParam().low, Default);
  Block           high = RandomBlock(GetParam().high);
  std::fill(high.voxels.begin(), high.voxels.end(), 77.0F);
  const Block low = Simulated(projector, high, RegionType(GetParam().low.region.GetSize()));
  for (const auto & index : IndexRange(low.region))
  {
    const float voxel = low.voxels[low.Offset(index)];
    ASSERT_NEAR(std::isnan(voxel) ? 0.0F : voxel, projector.IsInsideHigh(index) ? 77.0 : 0.0, 1e-4) << index;
  }
}

// No scan constrains these voxels: seen by default, an upsampler's guesses there would steer the correction.
TEST_P(SliceProfileGrids, VoxelsOutsideTheLRImageAreSeenOnlyOnRequest)
{
  const Projector all(GetParam().high, GetParam().low, Default);
  const Projector inside(GetParam().high, GetParam().low, Default, Sees::VoxelsInsideLow);
  Block           high = RandomBlock(GetParam().high);
  const auto      low = RegionType(GetParam().low.region.GetSize());
  const Block     before = Simulated(inside, high, low);
  const Block     allBefore = Simulated(all, high, low);
  bool            isAnyOutside = false;
  for (const auto & index : IndexRange(high.region))
  {
    if (!inside.IsInsideLow(index))
    {
      high.voxels[high.Offset(index)] = 1e6F;
      isAnyOutside = true;
    }
  }
  ExpectNear(Simulated(inside, high, low), before, 0.0F);
  const Block allAfter = Simulated(all, high, low);
  float       largest = 0.0F;
  for (std::size_t i = 0; i < allAfter.voxels.size(); ++i)
  {
    largest = std::max(largest, std::isnan(allAfter.voxels[i]) ? 0.0F : allAfter.voxels[i] - allBefore.voxels[i]);
  }
  EXPECT_EQ(largest > 1000.0F, isAnyOutside);
}

TEST_P(SliceProfileGrids, ACorrectionAddsAConstantResidualInsideTheLRImageAndNothingOutside)
{
  const Projector projector(GetParam().high, GetParam().low, Default);
  const Block     high = RandomBlock(GetParam().high);
  Block           residual = RandomBlock(GetParam().low);
  std::fill(residual.voxels.begin(), residual.voxels.end(), 4.0F);
  Block corrected = high;
  projector.Correct(residual, 1.5, high.region, corrected, Serially);
  int inside = 0;
  for (const auto & index : IndexRange(high.region))
  {
    const float before = high.voxels[high.Offset(index)];
    const float after = corrected.voxels[corrected.Offset(index)];
    if (projector.IsInsideLow(index))
    {
      ++inside;
      ASSERT_NEAR(after, before + 6.0F, 1e-4) << index;
    }
    else
    {
      ASSERT_EQ(after, before) << index;
    }
  }
  EXPECT_GT(inside, 20);
}

// A region planned too small would read beyond the block; sums in another order would leave seams.
TEST_P(SliceProfileGrids, ARegionNeedsNoMoreThanItsHighRegionAndHasTheBitsOfTheWhole)
{
  for (const Method method : { Method::Automatic, Method::Direct })
  {
    const Projector  projector(GetParam().high, GetParam().low, Default, Sees::VoxelsInsideLow, method);
    const Block      high = RandomBlock(GetParam().high);
    const RegionType all(GetParam().low.region.GetSize());
    const Block      whole = Simulated(projector, high, all);
    for (const unsigned int axis : { 0U, 1U, 2U })
    {
      for (unsigned int piece = 0; piece < 3; ++piece)
      {
        const RegionType part = Piece(all, axis, piece, 3);
        const Block      needed = Cut(high, projector.GetHighRegion(part));
        ExpectNear(Simulated(projector, needed, part), Cut(whole, part), 0.0F);
      }
    }
  }
}

// The same for the way back: Lanczos weights reach three LR voxels, and are folded at the ends.
TEST_P(SliceProfileGrids, ACorrectedRegionNeedsNoMoreThanItsLowRegionAndHasTheBitsOfTheWhole)
{
  for (const Method method : { Method::Automatic, Method::Direct })
  {
    const Projector projector(GetParam().high, GetParam().low, Default, Sees::VoxelsInsideLow, method);
    const Block     high = RandomBlock(GetParam().high);
    const Block     residual = RandomBlock(GetParam().low);
    Block           whole = high;
    projector.Correct(residual, 1.0, high.region, whole, Serially);
    for (const unsigned int axis : { 0U, 1U, 2U })
    {
      for (unsigned int piece = 0; piece < 4; ++piece)
      {
        const RegionType part = Piece(high.region, axis, piece, 4);
        Block            corrected = high;
        projector.Correct(Cut(residual, projector.GetLowRegion(part)), 1.0, part, corrected, Serially);
        ASSERT_EQ(Cut(corrected, part).voxels, Cut(whole, part).voxels) << part;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InEveryWay,
                         SliceProfileGrids,
                         ::testing::ValuesIn(GridPairs()),
                         [](const ::testing::TestParamInfo<GridPair> & info) { return info.param.name; });


TEST(ArSSRSliceProfileProjector, APointSourceGetsTheStatedProfileOnAnObliqueGrid)
{
  // One bright voxel, seen by LR voxels at other places along one LR axis: the middle is at the voxel, the width is the
  // LR spacing.
  const auto high = CentredAt(MakeGrid({ { 31, 31, 31 } }, { 1.0, 1.0, 1.0 }), {});
  double     sum = 0.0;
  double     mean = 0.0;
  double     variance = 0.0;
  for (double shift = -6.0; shift <= 6.0; shift += 0.25)
  {
    auto low = MakeGrid({ { 1, 1, 1 } }, { 4.0, 3.0, 3.0 }, { { 0, 0, 0 } }, Randomness().MakeDirection());
    for (unsigned int row = 0; row < 3; ++row)
    {
      low.origin[row] = shift * low.direction[row][0];
    }
    const Projector projector(high, low, Default);
    Block           point{ RegionType(high.region.GetSize()) };
    point.voxels[point.Offset({ { 15, 15, 15 } })] = 1000.0F;
    const auto seen = static_cast<double>(Simulated(projector, point, RegionType(low.region.GetSize())).voxels[0]);
    sum += seen;
    mean += seen * shift;
    variance += seen * shift * shift;
  }
  mean /= sum;
  variance = variance / sum - mean * mean;
  EXPECT_NEAR(mean, 0.0, 0.01);
  EXPECT_NEAR(std::sqrt(variance) * 2.354820045, 4.0, 0.02);
}

// A shift by a share of a voxel, from centres taken for corners, shows here first.
TEST(ArSSRSliceProfileProjector, ALinearRampKeepsItsPlace)
{
  const auto high = CentredAt(MakeGrid({ { 24, 24, 24 } }, { 1.0, 1.0, 1.0 }), {});
  const auto low =
    CentredAt(MakeGrid({ { 4, 4, 4 } }, { 2.5, 2.0, 3.0 }, { { 0, 0, 0 } }, Randomness().MakeDirection()), {});
  const Projector projector(high, low, Default);
  Block           ramp{ RegionType(high.region.GetSize()) };
  const auto      value = [](const GeometryType::PointType & p) {
    return 3.0 * p[0] - 2.0 * p[1] + p[2];
  };
  for (const auto & index : IndexRange(ramp.region))
  {
    ramp.voxels[ramp.Offset(index)] = static_cast<float>(value(PhysicalPoint(high, index)));
  }
  const Block seen = Simulated(projector, ramp, RegionType(low.region.GetSize()));
  for (const auto & index : IndexRange(seen.region))
  {
    EXPECT_NEAR(seen.voxels[seen.Offset(index)], value(PhysicalPoint(low, index)), 0.01) << index;
  }
}

TEST(ArSSRSliceProfileProjector, KeepsAnAxisThatIsNotMadeCoarser)
{
  const auto      high = MakeGrid({ { 9, 8, 12 } }, { 1.0, 1.0, 1.0 });
  const Projector projector(high, high.ResizedTo({ { 9, 8, 3 } }), Default);
  Block           stripes{ RegionType(high.region.GetSize()) };
  for (const auto & index : IndexRange(stripes.region))
  {
    stripes.voxels[stripes.Offset(index)] = static_cast<float>(index[0] * index[0] + 10 * index[1]);
  }
  const Block seen = Simulated(projector, stripes, RegionType(GeometryType::SizeType{ { 9, 8, 3 } }));
  for (const auto & index : IndexRange(seen.region))
  {
    EXPECT_FLOAT_EQ(seen.voxels[seen.Offset(index)], static_cast<float>(index[0] * index[0] + 10 * index[1]));
  }
}

// Directions in headers have few digits: without the tolerance nearly every scan would take the slow sums.
TEST(ArSSRSliceProfileProjector, TreatsAxesTiltedByRoundingAsParallel)
{
  const auto high = MakeGrid({ { 100, 100, 100 } }, { 1.0, 1.0, 1.0 });
  auto       low = high.ResizedTo({ { 40, 40, 40 } });
  low.direction = RotationAboutZ(1e-5); // moves the image's faces by half a thousandth of a voxel
  EXPECT_TRUE(Projector(high, low, Default).IsSeparable());
  low.direction = RotationAboutZ(1e-3);
  EXPECT_FALSE(Projector(high, low, Default).IsSeparable());
}

TEST(ArSSRSliceProfileProjector, HasNoRegionsWhereTheImagesDoNotMeet)
{
  const auto      high = MakeGrid({ { 8, 8, 8 } }, { 1.0, 1.0, 1.0 });
  const auto      low = CentredAt(MakeGrid({ { 4, 4, 4 } }, { 2.0, 2.0, 2.0 }), GeometryType::PointType(500.0));
  const Projector projector(high, low, Default);
  EXPECT_EQ(projector.GetHighRegion(RegionType(low.region.GetSize())).GetNumberOfPixels(), 0U);
  EXPECT_EQ(projector.GetLowRegion(RegionType(high.region.GetSize())).GetNumberOfPixels(), 0U);
  EXPECT_EQ(projector.GetHighRegion(RegionType()).GetNumberOfPixels(), 0U);
  EXPECT_EQ(projector.GetLowRegion(RegionType()).GetNumberOfPixels(), 0U);
}

// The halo of all iterations is a multiple of this one, which must not be too small.
TEST(ArSSRSliceProfileProjector, ARoundOfSimulationAndCorrectionReachesNoFurtherThanItsHalo)
{
  for (const auto & grids : GridPairs())
  {
    const Projector projector(grids.high, grids.low, Default);
    const auto      halo = projector.GetHaloRadius();
    for (const auto & index : IndexRange(RegionType(grids.high.region.GetSize())))
    {
      const RegionType voxel(index, { { 1, 1, 1 } });
      const RegionType read = projector.GetHighRegion(projector.GetLowRegion(voxel));
      for (unsigned int axis = 0; axis < 3 && read.GetNumberOfPixels() > 0; ++axis)
      {
        const auto radius = static_cast<itk::IndexValueType>(halo[axis]);
        ASSERT_GE(read.GetIndex(axis), index[axis] - radius) << grids;
        ASSERT_LE(read.GetUpperIndex()[axis], index[axis] + radius) << grids;
      }
    }
  }
}

TEST(ArSSRSliceProfileProjector, RefusesInvalidGridsAndWidths)
{
  const auto grid = MakeGrid({ { 4, 4, 4 } }, { 1.0, 1.0, 1.0 });
  auto       empty = grid;
  empty.region.SetSize(1, 0);
  ExpectError([&] { Projector(grid, empty, Default); }, "at least one voxel");
  ExpectError([&] { Projector(empty, grid, Default); }, "at least one voxel");
  auto flat = grid;
  flat.spacing[2] = 0.0;
  ExpectError([&] { Projector(grid, flat, Default); }, "spacing along axis 2 is 0");
  ExpectError([&] { Projector(grid, grid, Widths(1.0, -2.0, 1.0)); }, "[1, -2, 1] mm");
  ExpectError([&] { Projector(grid, grid, Widths(1.0, std::nan(""), 1.0)); }, "finite numbers are expected");
}
