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
#include "itkArSSRNoiseStatistics.h"

#include "platform/ArSSRRandom.h"
#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace
{
using itk::ArSSRNoiseStatistics;
using itk::arssr::Random;
using itk::arssr::RandomStream;
using itk::arssr::test::ExpectError;
using Noise = itk::ArSSRAcquisitionEnums::Noise;

constexpr int          NumberOfAnatomies = 5;
constexpr itk::Size<3> Size = { { 99, 105, 93 } };
constexpr double       VoxelSize = 2.0 / 3.0; // in the unit that the heads are described in
constexpr double       Outside = -1.0;

/** Intensity at a place in one of five heads; below 0 where it is air. Tissues lie in shells, the inner ones folded,
 * with an intensity that drifts, and with steps between them. */
double
GetIntensity(int anatomy, double x, double y, double z)
{
  const double shape = 1.0 + 0.07 * anatomy;
  const double radius =
    std::sqrt(std::pow((x - 33.0) / shape, 2.0) + std::pow(y - 35.0, 2.0) + std::pow((z - 31.0) * shape, 2.0));
  if (radius > 30.0)
  {
    return Outside;
  }
  const double period = 2.5 + 0.5 * anatomy;
  const double fold = 2.0 * std::sin(x / period) + 2.0 * std::sin(y / period + z / 7.0) + 1.5 * std::sin(z / period);
  const double drift = 0.06 * std::sin(x / 21.0 + anatomy);
  if (radius > 27.0)
  {
    return 0.9 + drift;
  }
  if (radius > 24.0)
  {
    return 0.08;
  }
  const double depth = 24.0 - radius;
  return (depth + fold < 5.0 ? 0.25 : depth + 0.8 * fold < 9.0 ? 0.45 + 0.05 * anatomy : 0.7 + drift) + drift;
}

/** Voxels that hold the mean of 8 places each, so that borders have partial volumes. */
std::vector<float>
MakeAnatomy(int anatomy)
{
  std::vector<float> voxels;
  for (itk::SizeValueType z = 0; z < Size[2]; ++z)
  {
    for (itk::SizeValueType y = 0; y < Size[1]; ++y)
    {
      for (itk::SizeValueType x = 0; x < Size[0]; ++x)
      {
        double sum = 0.0;
        for (int place = 0; place < 8; ++place)
        {
          const double intensity = GetIntensity(anatomy,
                                                VoxelSize * (static_cast<double>(x) + place % 2 * 0.5 - 0.25),
                                                VoxelSize * (static_cast<double>(y) + place / 2 % 2 * 0.5 - 0.25),
                                                VoxelSize * (static_cast<double>(z) + place / 4 * 0.5 - 0.25));
          sum += std::max(intensity, 0.0) / 8.0;
        }
        voxels.push_back(static_cast<float>(sum));
      }
    }
  }
  return voxels;
}

enum class Kind
{
  Rician,
  Gaussian,
  SkullStripped, // Rician, with exact zeros where there is no tissue
};

std::vector<float>
AddNoise(std::vector<float> voxels, double deviation, Kind kind, std::uint64_t number)
{
  Random random(11, RandomStream::Sample, number);
  for (float & voxel : voxels)
  {
    const double real = voxel + deviation * random.Normal();
    const double imaginary = kind == Kind::Gaussian ? 0.0 : deviation * random.Normal();
    if (kind != Kind::SkullStripped || voxel > 0.0F)
    {
      voxel = static_cast<float>(kind == Kind::Gaussian ? real : std::sqrt(real * real + imaginary * imaginary));
    }
  }
  return voxels;
}

double
Estimate(const std::vector<float> & voxels, Noise kind = Noise::Auto, const std::vector<unsigned char> & mask = {})
{
  ArSSRNoiseStatistics statistics(Size, kind);
  statistics.AddSlices(voxels.data(), mask.empty() ? nullptr : mask.data(), Size[2]);
  return statistics.GetDeviation();
}

class ArSSRNoiseStatisticsOf : public ::testing::TestWithParam<int>
{
protected:
  std::vector<float> m_Anatomy{ MakeAnatomy(GetParam()) };

  double
  EstimateWith(double deviation, Kind kind) const
  {
    return Estimate(AddNoise(m_Anatomy, deviation, kind, static_cast<std::uint64_t>(GetParam())));
  }
};
} // namespace

TEST_P(ArSSRNoiseStatisticsOf, FindsRicianNoise)
{
  for (const double deviation : { 0.01, 0.02, 0.04, 0.06, 0.08 })
  {
    EXPECT_NEAR(this->EstimateWith(deviation, Kind::Rician), deviation, 0.15 * deviation);
  }
}

// Exact zeros outside the brain are most windows: without being left out, they would be the mode.
TEST_P(ArSSRNoiseStatisticsOf, FindsRicianNoiseWithoutABackground)
{
  for (const double deviation : { 0.01, 0.02, 0.04, 0.06, 0.08 })
  {
    EXPECT_NEAR(this->EstimateWith(deviation, Kind::SkullStripped), deviation, 0.15 * deviation);
  }
}

TEST_P(ArSSRNoiseStatisticsOf, FindsGaussianNoise)
{
  for (const double deviation : { 0.01, 0.03, 0.08 })
  {
    const auto noisy = AddNoise(m_Anatomy, deviation, Kind::Gaussian, 3);
    EXPECT_NEAR(Estimate(noisy), deviation, 0.15 * deviation) << "intensities below 0 tell that it is Gaussian";
  }
}

// The finest details of an anatomy must not pass for noise.
TEST_P(ArSSRNoiseStatisticsOf, FindsNoNoiseInANoiselessScan)
{
  EXPECT_LT(Estimate(m_Anatomy), 0.005);
}

TEST_P(ArSSRNoiseStatisticsOf, UsesOnlyMaskedVoxels)
{
  // Noise is 4 times as strong outside of the mask.
  std::vector<unsigned char> mask;
  std::vector<float>         voxels = AddNoise(m_Anatomy, 0.02, Kind::Rician, 1);
  const std::vector<float>   noisier = AddNoise(m_Anatomy, 0.08, Kind::Rician, 2);
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    mask.push_back(i % Size[0] < 50 ? 1 : 0);
    voxels[i] = mask.back() ? voxels[i] : noisier[i];
  }
  EXPECT_NEAR(Estimate(voxels, Noise::Auto, mask), 0.02, 0.003);
  for (unsigned char & inside : mask)
  {
    inside = inside ? 0 : 1;
  }
  EXPECT_NEAR(Estimate(voxels, Noise::Auto, mask), 0.08, 0.012);
}

// Rounding adds a variance of its own, which is not the scan's.
TEST_P(ArSSRNoiseStatisticsOf, HandlesWholeNumbers)
{
  for (const double deviation : { 1.0, 2.0, 20.0 })
  {
    std::vector<float> voxels = m_Anatomy;
    for (float & voxel : voxels)
    {
      voxel *= 255.0F;
    }
    voxels = AddNoise(voxels, deviation, Kind::Rician, 5);
    for (float & voxel : voxels)
    {
      voxel = std::round(voxel);
    }
    EXPECT_NEAR(Estimate(voxels), deviation, 0.15 * deviation);
  }
}

INSTANTIATE_TEST_SUITE_P(Five, ArSSRNoiseStatisticsOf, ::testing::Range(0, NumberOfAnatomies));

TEST(ArSSRNoiseStatistics, DoesNotDependOnHowSlicesAreGiven)
{
  const auto voxels = AddNoise(MakeAnatomy(0), 0.03, Kind::Rician, 0);
  const auto whole = Estimate(voxels);
  for (const itk::SizeValueType count : { 1U, 2U, 7U, 31U })
  {
    ArSSRNoiseStatistics statistics(Size);
    for (itk::SizeValueType slice = 0; slice < Size[2]; slice += count)
    {
      ExpectError([&] { statistics.GetDeviation(); }, "of 93 slices");
      statistics.AddSlices(voxels.data() + slice * Size[0] * Size[1], nullptr, std::min(count, Size[2] - slice));
    }
    EXPECT_EQ(statistics.GetDeviation(), whole);
    ExpectError([&] { statistics.AddSlices(voxels.data(), nullptr, 1); }, "94 slices were given for a volume of 93");
  }
}

TEST(ArSSRNoiseStatistics, IsNearlyUnbiasedOnNoiseAlone)
{
  const std::vector<float> signal(Size.CalculateProductOfElements(), 0.5F);
  EXPECT_NEAR(Estimate(AddNoise(signal, 0.02, Kind::Rician, 0)), 0.02, 0.001);
  const std::vector<float> nothing(signal.size(), 0.0F);
  EXPECT_NEAR(Estimate(AddNoise(nothing, 0.02, Kind::Rician, 0)), 0.02, 0.002) << "a background and nothing else";
  EXPECT_NEAR(Estimate(AddNoise(nothing, 0.02, Kind::Gaussian, 0)), 0.02, 0.001);
}

// Constant windows at the smallest intensity are padding, those elsewhere are windows without noise.
TEST(ArSSRNoiseStatistics, IgnoresPadding)
{
  // Zeros on three quarters of the volume, as around a head that was turned; the noise is that of the rest.
  std::vector<float> voxels =
    AddNoise(std::vector<float>(Size.CalculateProductOfElements(), 0.5F), 0.02, Kind::Rician, 0);
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    if (i % Size[0] > 24)
    {
      voxels[i] = 0.0F;
    }
  }
  EXPECT_NEAR(Estimate(voxels), 0.02, 0.002);
  for (float & voxel : voxels)
  {
    voxel -= voxel == 0.0F ? 1024.0F : 0.0F; // the value of air in CT
  }
  EXPECT_NEAR(Estimate(voxels), 0.02, 0.002);

  // Constant regions of other intensities are without noise.
  std::vector<float> blocks;
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    blocks.push_back(static_cast<float>(i % Size[0] / 33 + i / Size[0] / Size[1] / 31));
  }
  EXPECT_EQ(Estimate(blocks), 0.0);
  EXPECT_EQ(Estimate(std::vector<float>(voxels.size(), 0.0F)), 0.0);
  EXPECT_EQ(Estimate(std::vector<float>(voxels.size(), 7.0F)), 0.0);
}

// Axes that are too short for differences must not spoil those along the others.
TEST(ArSSRNoiseStatistics, AcceptsFlatVolumes)
{
  for (const itk::Size<3> & size : { itk::Size<3>{ { 120, 110, 1 } },
                                     itk::Size<3>{ { 80, 70, 3 } },
                                     itk::Size<3>{ { 60, 50, 5 } },
                                     itk::Size<3>{ { 5, 90, 80 } } })
  {
    ArSSRNoiseStatistics     statistics(size);
    const std::vector<float> signal(size.CalculateProductOfElements(), 0.5F);
    const auto               noisy = AddNoise(signal, 0.02, Kind::Rician, 1);
    statistics.AddSlices(noisy.data(), nullptr, size[2]);
    EXPECT_NEAR(statistics.GetDeviation(), 0.02, 0.002) << size;
    EXPECT_GT(statistics.GetNumberOfWindows(), 50U) << size;
  }
  ExpectError([] { ArSSRNoiseStatistics(itk::Size<3>{ { 3, 3, 3 } }); }, "[3, 3, 3] voxels");
  ExpectError([] { ArSSRNoiseStatistics(itk::Size<3>{ { 30, 0, 3 } }); }, "along at least one axis");
}

TEST(ArSSRNoiseStatistics, FindsTheKind)
{
  const auto kindOf = [](float shift, Noise kind) {
    const itk::Size<3>       size{ { 20, 20, 20 } };
    ArSSRNoiseStatistics     statistics(size, kind);
    const std::vector<float> voxels(size.CalculateProductOfElements(), shift);
    statistics.AddSlices(voxels.data(), nullptr, size[2]);
    return statistics.GetKind();
  };
  EXPECT_EQ(kindOf(1.0F, Noise::Auto), Noise::Rician);
  EXPECT_EQ(kindOf(-1.0F, Noise::Auto), Noise::Gaussian);
  EXPECT_EQ(kindOf(-1.0F, Noise::Rician), Noise::Rician);
  EXPECT_EQ(kindOf(1.0F, Noise::Gaussian), Noise::Gaussian);
}
