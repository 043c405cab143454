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
#include "itkArSSRAcquisitionNoise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace
{
using itk::ArSSRAcquisition;
using itk::ArSSRAcquisitionNoise;
using Block = itk::ArSSRVoxelBlock;

Block
Constant(const Block::RegionType & region, float value)
{
  Block block(region);
  std::fill(block.voxels.begin(), block.voxels.end(), value);
  return block;
}

Block
Noisy(const std::string & acquisition, const Block::RegionType & region, float value, uint64_t seed = 0)
{
  ArSSRAcquisition::SpacingType spacing;
  spacing.Fill(2.0);
  Block block = Constant(region, value);
  ArSSRAcquisitionNoise(ArSSRAcquisition::FromText(acquisition), spacing, seed).AddTo(block);
  return block;
}

const Block::RegionType Cube({ { 0, 0, 0 } }, { { 40, 40, 40 } });

double
MeanOf(const Block & block)
{
  double sum = 0.0;
  for (const float voxel : block.voxels)
  {
    sum += static_cast<double>(voxel);
  }
  return sum / static_cast<double>(block.voxels.size());
}

// Mean product of the deviations of voxels and of those `distance` further along x.
double
CovarianceOf(const Block & block, itk::SizeValueType distance)
{
  const double             mean = MeanOf(block);
  const itk::SizeValueType length = block.region.GetSize(0);
  double                   sum = 0.0;
  itk::SizeValueType       count = 0;
  for (itk::SizeValueType i = 0; i < block.voxels.size(); ++i)
  {
    if (i % length + distance < length)
    {
      sum += (static_cast<double>(block.voxels[i]) - mean) * (static_cast<double>(block.voxels[i + distance]) - mean);
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}
} // namespace


TEST(ArSSRAcquisitionNoise, AddsNothingWhenUnknown)
{
  for (const char * acquisition : { "auto", "box:3", "noise=0", "noise=auto:rician" })
  {
    EXPECT_EQ(Noisy(acquisition, Cube, 7.0F).voxels, Constant(Cube, 7.0F).voxels) << acquisition;
  }
}

// A kernel that is not normalised by its squares would make filtered noise weaker than what was asked for.
TEST(ArSSRAcquisitionNoise, HasTheStatedDeviationForAnyPointSpread)
{
  for (const char * spread : { "gaussian:3", "box", "sinc", "sinc:hann", "sinc:4", "x=sinc:3,yz=box" })
  {
    const std::string name = spread;
    const auto        text = (name.find('=') == std::string::npos ? "xyz=" + name : name) + ",noise=5:gaussian";
    const Block       noisy = Noisy(text, Cube, 100.0F);
    EXPECT_NEAR(MeanOf(noisy), 100.0, 0.4) << text;
    EXPECT_NEAR(std::sqrt(CovarianceOf(noisy, 0)), 5.0, 0.25) << text;
  }
}

// Filtering where k-space reaches the Nyquist frequency would blur the noise of every ordinary scan.
TEST(ArSSRAcquisitionNoise, IsWhiteUnlessKSpaceEndsBeforeTheGrids)
{
  for (const char * acquisition : { "noise=5", "x=box:4,noise=5", "x=sinc,noise=5", "y=sinc:4,noise=5" })
  {
    const Block noisy = Noisy(acquisition, Cube, 0.0F);
    EXPECT_NEAR(CovarianceOf(noisy, 1) / CovarianceOf(noisy, 0), 0.0, 0.02) << acquisition;
  }
  // Half of k-space is empty: the correlation is sinc(1 / 2) of neighbours, and none of every second voxel.
  const Block filled = Noisy("x=sinc:4,noise=5", Cube, 0.0F);
  EXPECT_NEAR(CovarianceOf(filled, 1) / CovarianceOf(filled, 0), 2.0 / 3.14159265, 0.03);
  EXPECT_NEAR(CovarianceOf(filled, 2) / CovarianceOf(filled, 0), 0.0, 0.03);
  EXPECT_GT(CovarianceOf(Noisy("x=sinc:hann,noise=5", Cube, 0.0F), 1), 5.0);
}

TEST(ArSSRAcquisitionNoise, IsRicianOnRequest)
{
  // Without signal, Rayleigh's distribution.
  const Block background = Noisy("noise=5:rician", Cube, 0.0F);
  EXPECT_NEAR(MeanOf(background), 5.0 * std::sqrt(3.14159265 / 2.0), 0.05);
  EXPECT_NEAR(std::sqrt(CovarianceOf(background, 0)), 5.0 * std::sqrt(2.0 - 3.14159265 / 2.0), 0.05);
  for (const float voxel : background.voxels)
  {
    ASSERT_GE(voxel, 0.0F);
  }
  // With much of it, a normal one around sqrt(signal² + σ²).
  const Block bright = Noisy("noise=5:rician", Cube, 200.0F);
  EXPECT_NEAR(MeanOf(bright), std::sqrt(200.0 * 200.0 + 25.0), 0.1);
  EXPECT_NEAR(std::sqrt(CovarianceOf(bright, 0)), 5.0, 0.08);
}

// Otherwise a streamed simulation has seams in its noise.
TEST(ArSSRAcquisitionNoise, DependsOnSeedAndPosition)
{
  const char *            acquisition = "x=sinc:hann,z=sinc:3,noise=5:rician";
  const Block             whole = Noisy(acquisition, Cube, 50.0F);
  const Block::RegionType part({ { 3, 17, 9 } }, { { 12, 2, 20 } });
  const Block             alone = Noisy(acquisition, part, 50.0F);
  itk::SizeValueType      i = 0;
  for (itk::IndexValueType z = 9; z < 29; ++z)
  {
    for (itk::IndexValueType y = 17; y < 19; ++y)
    {
      for (itk::IndexValueType x = 3; x < 15; ++x)
      {
        ASSERT_EQ(alone.voxels[i++], whole.voxels[whole.Offset({ { x, y, z } })]);
      }
    }
  }
  EXPECT_NE(Noisy(acquisition, part, 50.0F, 1).voxels, alone.voxels);
}

// NaN marks voxels that see nothing: as a number they would not get the default value any more.
TEST(ArSSRAcquisitionNoise, KeepsNaN)
{
  Block                         block = Constant(Cube, std::numeric_limits<float>::quiet_NaN());
  ArSSRAcquisition::SpacingType spacing;
  spacing.Fill(1.0);
  ArSSRAcquisitionNoise(ArSSRAcquisition::FromText("noise=5:rician"), spacing, 0).AddTo(block);
  EXPECT_TRUE(std::isnan(block.voxels.front()));
}
