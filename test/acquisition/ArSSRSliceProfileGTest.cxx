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
#include "itkArSSRSliceProfile.h"

#include <gtest/gtest.h>
#include "itkMacro.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace
{
using Profile = itk::ArSSRSliceProfile;
using itk::ArSSRAxisWeights;

constexpr itk::SizeValueType Size = 101;
constexpr double             Middle = 50.0;

double
Sum(const ArSSRAxisWeights & row)
{
  return std::accumulate(row.weights.begin(), row.weights.end(), 0.0);
}

double
Mean(const ArSSRAxisWeights & row)
{
  double mean = 0.0;
  for (std::size_t i = 0; i < row.weights.size(); ++i)
  {
    mean += row.weights[i] * static_cast<double>(row.first + static_cast<itk::IndexValueType>(i));
  }
  return mean;
}

double
WeightOf(const ArSSRAxisWeights & row, itk::IndexValueType voxel)
{
  const auto position = voxel - row.first;
  return position >= 0 && position < static_cast<itk::IndexValueType>(row.weights.size())
           ? row.weights[static_cast<std::size_t>(position)]
           : 0.0;
}
} // namespace


TEST(ArSSRSliceProfile, APointSourceGetsTheGaussianOfTheStatedFWHM)
{
  // LR voxels all along the axis look at a HR image that is 1 at one voxel and 0 elsewhere.
  constexpr itk::IndexValueType source = 50;
  for (const double fwhm : { 2.0, 2.5, 4.0, 7.3 })
  {
    const double sigma = fwhm / 2.354820045;
    const double area = sigma * std::sqrt(2.0 * std::acos(-1.0));
    for (double centre = 40.0; centre <= 60.0; centre += 0.37)
    {
      const double distance = centre - static_cast<double>(source);
      const double seen = WeightOf(Profile::GetWeights(centre, fwhm, Size), source);
      const double stated = std::exp(-0.5 * std::pow(distance / sigma, 2.0)) / area;
      // What is cut off at 4 sigma, and what the sum over voxels differs from the integral.
      EXPECT_NEAR(seen, stated, 6e-4 / area) << "FWHM " << fwhm << ", at a distance of " << distance;
    }
  }
}

TEST(ArSSRSliceProfile, FallsToHalfItsMaximumAtHalfTheFWHM)
{
  for (const double fwhm : { 1.2, 2.0, 3.7, 11.0 })
  {
    EXPECT_DOUBLE_EQ(Profile::Evaluate(0.0, fwhm), 1.0);
    EXPECT_NEAR(Profile::Evaluate(0.5 * fwhm, fwhm), 0.5, 1e-12);
    EXPECT_NEAR(Profile::Evaluate(-0.5 * fwhm, fwhm), 0.5, 1e-12);
  }
}

TEST(ArSSRSliceProfile, HasTheVarianceOfTheStatedFWHM)
{
  for (const double fwhm : { 2.0, 3.0, 6.5 })
  {
    const auto row = Profile::GetWeights(Middle + 0.2, fwhm, Size);
    double     variance = 0.0;
    for (std::size_t i = 0; i < row.weights.size(); ++i)
    {
      const double voxel = static_cast<double>(row.first + static_cast<itk::IndexValueType>(i));
      variance += row.weights[i] * std::pow(voxel - Mean(row), 2.0);
    }
    EXPECT_NEAR(std::sqrt(variance) * 2.354820045, fwhm, 2e-3 * fwhm);
  }
}

TEST(ArSSRSliceProfile, DoesNotShiftCentres)
{
  for (double centre = Middle; centre < Middle + 1.0; centre += 0.05)
  {
    EXPECT_NEAR(Mean(Profile::GetWeights(centre, 0.0, Size)), centre, 1e-12);
    EXPECT_NEAR(Mean(Profile::GetWeights(centre, 1.02, Size)), centre, 0.06);
    for (const double fwhm : { 1.5, 2.0, 2.3, 3.0, 4.0, 9.1 })
    {
      EXPECT_NEAR(Mean(Profile::GetWeights(centre, fwhm, Size)), centre, 2e-3) << "FWHM " << fwhm;
    }
  }
}

TEST(ArSSRSliceProfile, RowsSumToOneAlsoAtTheImagesEnds)
{
  for (const double fwhm : { 0.0, 0.4, 1.0, 1.02, 2.0, 3.3, 40.0 })
  {
    for (double centre = -0.5; centre <= 8.5; centre += 0.125)
    {
      const auto row = Profile::GetWeights(centre, fwhm, 9);
      ASSERT_FALSE(row.weights.empty()) << "FWHM " << fwhm << ", centre " << centre;
      EXPECT_NEAR(Sum(row), 1.0, 1e-14);
      EXPECT_GE(row.first, 0);
      EXPECT_LE(row.first + static_cast<itk::IndexValueType>(row.weights.size()), 9);
    }
  }
}

TEST(ArSSRSliceProfile, LeavesOutVoxelsOutsideTheImage)
{
  const auto whole = Profile::GetWeights(Middle + 0.3, 4.0, Size);
  const auto cut = Profile::GetWeights(0.3, 4.0, Size); // the same place in a voxel, at the image's start
  ASSERT_EQ(cut.first, 0);
  ASSERT_LT(cut.weights.size(), whole.weights.size());
  for (itk::IndexValueType voxel = 1; voxel < static_cast<itk::IndexValueType>(cut.weights.size()); ++voxel)
  {
    EXPECT_NEAR(WeightOf(cut, voxel) / WeightOf(cut, 0), WeightOf(whole, voxel + 50) / WeightOf(whole, 50), 1e-12);
  }
}

TEST(ArSSRSliceProfile, EndsAtItsSupportRadius)
{
  for (const double fwhm : { 0.0, 1.3, 2.0, 5.5 })
  {
    const double radius = Profile::GetSupportRadius(fwhm);
    EXPECT_GT(Profile::Evaluate(0.999 * radius, fwhm), 0.0);
    EXPECT_EQ(Profile::Evaluate(1.001 * radius, fwhm), 0.0);
    const auto row = Profile::GetWeights(Middle, fwhm, Size);
    EXPECT_GE(static_cast<double>(row.first), Middle - radius);
    EXPECT_LE(static_cast<double>(row.weights.size()), 2.0 * radius + 1.0);
  }
}

TEST(ArSSRSliceProfile, DiffersFromTheInfiniteGaussianByTheTruncation)
{
  constexpr double fwhm = 3.0;
  const auto       row = Profile::GetWeights(Middle + 0.25, fwhm, Size);
  double           sum = 0.0;
  for (itk::SizeValueType voxel = 0; voxel < Size; ++voxel)
  {
    sum += std::exp(-0.5 * std::pow((static_cast<double>(voxel) - Middle - 0.25) / Profile::GetSigma(fwhm), 2.0));
  }
  double difference = 0.0; // the most that intensities in [0, 1] can make of it
  for (itk::SizeValueType voxel = 0; voxel < Size; ++voxel)
  {
    const double sigmas = (static_cast<double>(voxel) - Middle - 0.25) / Profile::GetSigma(fwhm);
    const double endless = std::exp(-0.5 * sigmas * sigmas) / sum;
    difference += 0.5 * std::abs(WeightOf(row, static_cast<itk::IndexValueType>(voxel)) - endless);
  }
  EXPECT_LT(difference, 1e-4);
  EXPECT_GT(difference, 1e-6);
}

TEST(ArSSRSliceProfile, InterpolatesLinearlyWhenTheAxisIsNotCoarser)
{
  for (const double fwhm : { 0.0, 0.7, 1.0, 1.01 })
  {
    const auto between = Profile::GetWeights(7.25, fwhm, Size);
    ASSERT_EQ(between.weights.size(), 2U);
    EXPECT_EQ(between.first, 7);
    EXPECT_DOUBLE_EQ(between.weights[0], 0.75);
    EXPECT_DOUBLE_EQ(between.weights[1], 0.25);

    const auto at = Profile::GetWeights(7.0, fwhm, Size);
    ASSERT_EQ(at.weights.size(), 1U);
    EXPECT_EQ(at.first, 7);
    EXPECT_EQ(at.weights[0], 1.0);
  }
  EXPECT_GT(Profile::GetWeights(7.25, 1.02, Size).weights.size(), 2U);
}

TEST(ArSSRSliceProfile, IsEmptyWhereNoVoxelIsNear)
{
  EXPECT_TRUE(Profile::GetWeights(-30.0, 4.0, Size).weights.empty());
  EXPECT_TRUE(Profile::GetWeights(static_cast<double>(Size) + 0.1, 0.0, Size).weights.empty());
}

TEST(ArSSRSliceProfile, RefusesInvalidArguments)
{
  EXPECT_THROW(Profile::GetWeights(3.0, -1.0, Size), itk::ExceptionObject);
  EXPECT_THROW(Profile::GetWeights(3.0, std::numeric_limits<double>::infinity(), Size), itk::ExceptionObject);
  EXPECT_THROW(Profile::GetWeights(std::nan(""), 2.0, Size), itk::ExceptionObject);
}
