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

#include "itkExpandImageFilter.h"
#include "itkImage.h"

#include <limits>

namespace
{
using namespace itk::arssr::test;
using SizeType = GeometryType::SizeType;
using ScaleFactorsType = GeometryType::ScaleFactorsType;

constexpr double Infinity = std::numeric_limits<double>::infinity();
constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

// Rounding of positions up to some hundred mm, in mm.
constexpr double Tolerance = 1e-10;

ScaleFactorsType
Factors(double x, double y, double z)
{
  ScaleFactorsType factors;
  factors[0] = x;
  factors[1] = y;
  factors[2] = z;
  return factors;
}

GeometryType
Example(const SizeType & size = { { 4, 5, 6 } })
{
  GeometryType geometry;
  geometry.region.SetSize(size);
  geometry.origin = std::array<double, 3>{ { 10.0, 20.0, 30.0 } }.data();
  geometry.spacing = std::array<double, 3>{ { 1.0, 2.0, 3.0 } }.data();
  geometry.direction.SetIdentity();
  return geometry;
}

void
ExpectSameFieldOfView(const GeometryType & left, const GeometryType & right)
{
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    EXPECT_LE((CornerOfFieldOfView(left, corner) - CornerOfFieldOfView(right, corner)).GetNorm(), Tolerance);
  }
}
} // namespace

TEST(ArSSRImageGeometry, TakesTheGeometryOfAnImage)
{
  Randomness random;
  const auto expected = random.MakeGeometry(9);
  const auto image = itk::Image<char, 3>::New();
  image->SetLargestPossibleRegion(expected.region);
  image->SetOrigin(expected.origin);
  image->SetSpacing(expected.spacing);
  image->SetDirection(expected.direction);
  const auto geometry = GeometryType::FromImage(*image);
  EXPECT_EQ(geometry.region, expected.region);
  EXPECT_EQ(geometry.origin, expected.origin);
  EXPECT_EQ(geometry.spacing, expected.spacing);
  EXPECT_EQ(geometry.direction, expected.direction);
}

// Without the shift the output would lie half a voxel off in every viewer.
TEST(ArSSRImageGeometry, ShiftsTheOriginByHalfTheSpacingDifference)
{
  const auto doubled = Example().ScaledBy(Factors(2.0, 2.0, 2.0));
  EXPECT_EQ(doubled.region, GeometryType::RegionType(SizeType{ { 8, 10, 12 } }));
  EXPECT_EQ(doubled.origin, (std::array<double, 3>{ { 9.75, 19.5, 29.25 } }.data()));
  EXPECT_EQ(doubled.spacing, (std::array<double, 3>{ { 0.5, 1.0, 1.5 } }.data()));
  EXPECT_EQ(doubled.direction, Example().direction);
}

TEST(ArSSRImageGeometry, UndoesADoublingByAHalving)
{
  const auto restored = Example().ScaledBy(Factors(2.0, 2.0, 2.0)).ScaledBy(Factors(0.5, 0.5, 0.5));
  EXPECT_EQ(restored.region, Example().region);
  EXPECT_EQ(restored.origin, Example().origin);
  EXPECT_EQ(restored.spacing, Example().spacing);
}

TEST(ArSSRImageGeometry, KeepsTheFieldOfViewOfAnyGridAtAnySize)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto input = random.MakeGeometry(60);
    const auto size = random.MakeSize(1, 200);
    const auto output = input.ResizedTo(size);
    EXPECT_EQ(output.region, GeometryType::RegionType(size)) << "the start index must be zero";
    EXPECT_EQ(output.direction, input.direction);
    ExpectSameFieldOfView(input, output);
  }
}

TEST(ArSSRImageGeometry, HasTheGridOfExpandImageFilter)
{
  Randomness random;
  for (int repetition = 0; repetition < 20; ++repetition)
  {
    using ImageType = itk::Image<char, 3>;
    const auto input = random.MakeGeometry(9);
    const auto image = ImageType::New();
    image->SetRegions(input.region);
    image->SetOrigin(input.origin);
    image->SetSpacing(input.spacing);
    image->SetDirection(input.direction);
    const auto expand = itk::ExpandImageFilter<ImageType, ImageType>::New();
    expand->SetInput(image);
    expand->SetExpandFactors(3);
    expand->UpdateOutputInformation();
    const auto expected = GeometryType::FromImage(*expand->GetOutput());
    const auto ours = input.ScaledBy(Factors(3.0, 3.0, 3.0));
    // The start index is another one there: the first voxels are what must coincide.
    EXPECT_EQ(ours.region.GetSize(), expected.region.GetSize());
    EXPECT_LE(
      (PhysicalPoint(ours, ours.region.GetIndex()) - PhysicalPoint(expected, expected.region.GetIndex())).GetNorm(),
      Tolerance);
    EXPECT_LE((ours.spacing - expected.spacing).GetNorm(), Tolerance);
  }
}

TEST(ArSSRImageGeometry, RoundsSizesToTheNearestHalvesUp)
{
  const auto sizeAt = [](double factor) {
    return Example({ { 5, 5, 5 } }).ScaledBy(Factors(factor, 1.0, 1.0)).region.GetSize(0);
  };
  EXPECT_EQ(sizeAt(0.5), 3U); // 2.5
  EXPECT_EQ(sizeAt(0.7), 4U); // 3.5
  EXPECT_EQ(sizeAt(0.49), 2U);
  EXPECT_EQ(sizeAt(1.7), 9U);   // 8.5
  EXPECT_EQ(sizeAt(2.49), 12U); // 12.45
  EXPECT_EQ(sizeAt(2.5), 13U);  // 12.5
}

TEST(ArSSRImageGeometry, HasAtLeastOneVoxel)
{
  const auto geometry = Example().ScaledBy(Factors(1e-9, 0.01, 1e-300));
  EXPECT_EQ(geometry.region.GetSize(), (SizeType{ { 1, 1, 1 } }));
  ExpectSameFieldOfView(geometry, Example());
}

TEST(ArSSRImageGeometry, RoundsTheSizeAndNotTheExtentToTheRequestedSpacing)
{
  const double asked[] = { 0.7, 4.0, 100.0 };
  const auto   geometry = Example().RespacedTo(GeometryType::SpacingType(asked)); // extent 4 x 10 x 18 mm
  EXPECT_EQ(geometry.region.GetSize(), (SizeType{ { 6, 3, 1 } }));                // 5.71, 2.5, 0.18
  EXPECT_DOUBLE_EQ(geometry.spacing[0], 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(geometry.spacing[1], 10.0 / 3.0);
  EXPECT_DOUBLE_EQ(geometry.spacing[2], 18.0);
  ExpectSameFieldOfView(geometry, Example());
}

TEST(ArSSRImageGeometry, KeepsTheGridForItsOwnSpacing)
{
  Randomness random;
  for (int repetition = 0; repetition < Repetitions; ++repetition)
  {
    const auto input = random.MakeGeometry(400);
    const auto output = input.RespacedTo(input.spacing);
    EXPECT_EQ(output.region.GetSize(), input.region.GetSize());
    EXPECT_EQ(output.spacing, input.spacing);
  }
}

TEST(ArSSRImageGeometry, RefusesFactorsThatAreNotPositiveAndFinite)
{
  for (const double bad : { 0.0, -2.0, Infinity, NaN })
  {
    ExpectError([bad] { Example().ScaledBy(Factors(1.0, bad, 1.0)); }, "scale factor along axis 1");
  }
  ExpectError([] { Example().ScaledBy(Factors(-2.0, 1.0, 1.0)); }, "is -2; a positive finite number is expected");
}

TEST(ArSSRImageGeometry, RefusesSpacingsThatAreNotPositiveAndFinite)
{
  for (const double bad : { 0.0, -0.5, Infinity, NaN })
  {
    const double spacing[] = { 1.0, 1.0, bad };
    ExpectError([&] { Example().RespacedTo(GeometryType::SpacingType(spacing)); }, "output spacing along axis 2");
  }
}

TEST(ArSSRImageGeometry, RefusesASizeOfZero)
{
  ExpectError([] { Example().ResizedTo({ { 3, 0, 3 } }); }, "size along axis 1 is 0; at least 1");
}

TEST(ArSSRImageGeometry, AcceptsSizesUpToAMaximum)
{
  const auto largest = static_cast<double>(GeometryType::MaximumSize);
  const auto one = Example({ { 1, 1, 1 } });
  EXPECT_EQ(one.ScaledBy(Factors(largest, 1.0, 1.0)).region.GetSize(0), GeometryType::MaximumSize);
  ExpectError([&] { one.ScaledBy(Factors(largest + 1.0, 1.0, 1.0)); }, "at most 1048576");
  ExpectError([&] { one.ScaledBy(Factors(1.0, 1e300, 1.0)); }, "voxels along axis 1");
  ExpectError([&] { one.RespacedTo(GeometryType::SpacingType(1e-300)); }, "a larger spacing");
}
