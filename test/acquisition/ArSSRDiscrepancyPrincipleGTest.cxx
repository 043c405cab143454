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
#include "itkArSSRDiscrepancyPrinciple.h"

#include "itkGTest.h"

#include <cmath>

namespace
{
using PrincipleType = itk::ArSSRDiscrepancyPrinciple;
using BlockType = itk::ArSSRVoxelBlock;

constexpr double Factor = PrincipleType::Factor;

// Slices of one voxel each, from `first` on.
BlockType
Slices(const std::vector<float> & voxels, itk::IndexValueType first = 0)
{
  BlockType block(BlockType::RegionType({ { 0, 0, first } }, { { 1, 1, voxels.size() } }));
  block.voxels = voxels;
  return block;
}

PrincipleType
WithResiduals(const std::vector<std::vector<float>> & residuals, double noise)
{
  PrincipleType principle(residuals[0].size(), static_cast<unsigned int>(residuals.size()) - 1, noise);
  BlockType     previous;
  for (unsigned int i = 0; i < residuals.size(); ++i)
  {
    const auto residual = Slices(residuals[i]);
    principle.Add(i, residual, previous, std::vector<unsigned char>(residuals[i].size(), 1));
    previous = residual;
  }
  return principle;
}
} // namespace


TEST(ArSSRDiscrepancyPrinciple, DoesNothingWhenTheResidualIsAlreadyNoise)
{
  const auto choice = WithResiduals({ { 1.0F, -1.0F }, { 0.5F, 0.5F } }, 1.0).Choose();
  EXPECT_EQ(choice.iterations, 0U);
  EXPECT_EQ(choice.lastStep, 1.0);
  EXPECT_DOUBLE_EQ(choice.first, 1.0);
  EXPECT_DOUBLE_EQ(choice.last, 1.0);
}

// A whole step would end below the noise, and put some of it into the image.
TEST(ArSSRDiscrepancyPrinciple, TheLastStepLandsOnTheNoise)
{
  const std::vector<std::vector<float>> residuals{ { 8.0F, 4.0F }, { 4.0F, 3.0F }, { 1.0F, -2.0F }, { 0.0F, 0.0F } };
  const double                          noise = 2.0;
  const auto                            choice = WithResiduals(residuals, noise).Choose();
  EXPECT_EQ(choice.iterations, 2U);
  EXPECT_GT(choice.lastStep, 0.0);
  EXPECT_LT(choice.lastStep, 1.0);
  double sum = 0.0;
  for (unsigned int voxel = 0; voxel < 2; ++voxel)
  {
    const double before = residuals[1][voxel];
    const double after = residuals[2][voxel];
    sum += std::pow((1.0 - choice.lastStep) * before + choice.lastStep * after, 2.0);
  }
  EXPECT_NEAR(std::sqrt(0.5 * sum), Factor * noise, 1e-12);
  EXPECT_DOUBLE_EQ(choice.first, std::sqrt(40.0));
  EXPECT_DOUBLE_EQ(choice.last, Factor * noise);
  EXPECT_TRUE(choice.isReached);
}

// Rounding must not turn the discriminant negative, or the step into NaN or more than 1.
TEST(ArSSRDiscrepancyPrinciple, TakesAWholeStepThatEndsOnTheNoise)
{
  const auto choice = WithResiduals({ { 4.0F }, { 2.0F } }, 2.0 / Factor * (1.0 + 1e-15)).Choose();
  EXPECT_EQ(choice.iterations, 1U);
  EXPECT_NEAR(choice.lastStep, 1.0, 1e-12);
}

TEST(ArSSRDiscrepancyPrinciple, RunsAllIterationsWhenTheNoiseIsNotReached)
{
  const auto choice = WithResiduals({ { 4.0F }, { 3.0F }, { 2.0F } }, 0.0).Choose();
  EXPECT_EQ(choice.iterations, 2U);
  EXPECT_EQ(choice.lastStep, 1.0);
  EXPECT_DOUBLE_EQ(choice.last, 2.0);
  EXPECT_FALSE(choice.isReached);
}

TEST(ArSSRDiscrepancyPrinciple, IgnoresVoxelsThatDoNotCount)
{
  PrincipleType principle(2, 1, 1.0);
  principle.Add(0, Slices({ 1.0F, 100.0F }), {}, { 1, 0 });
  const auto choice = principle.Choose();
  EXPECT_EQ(choice.iterations, 0U);
  EXPECT_DOUBLE_EQ(choice.first, 1.0);

  PrincipleType none(1, 1, 1.0);
  none.Add(0, Slices({ 100.0F }), {}, { 0 });
  EXPECT_EQ(none.Choose().iterations, 0U) << "nothing tells that anything is wrong";
}

// The choice must not depend on how the scan was divided into slabs, not even in its last bit.
TEST(ArSSRDiscrepancyPrinciple, DoesNotDependOnSliceOrder)
{
  const std::vector<float> before{ 3.1F, 2.7F, -4.3F };
  const std::vector<float> after{ 0.3F, -0.7F, 1.1F };
  const auto               whole = WithResiduals({ before, after }, 2.0).Choose();
  PrincipleType            principle(3, 1, 2.0);
  for (const itk::IndexValueType slice : { 2, 0, 1 })
  {
    const auto place = static_cast<std::size_t>(slice);
    EXPECT_FALSE(principle.IsReached(1)) << "slices are missing";
    principle.Add(0, Slices({ before[place] }, slice), {}, { 1 });
    principle.Add(1, Slices({ after[place] }, slice), Slices({ before[place] }, slice), { 1 });
  }
  EXPECT_FALSE(principle.IsReached(0));
  EXPECT_TRUE(principle.IsReached(1));
  const auto choice = principle.Choose();
  EXPECT_EQ(choice.iterations, whole.iterations);
  EXPECT_EQ(choice.lastStep, whole.lastStep);
  EXPECT_EQ(choice.first, whole.first);
}
