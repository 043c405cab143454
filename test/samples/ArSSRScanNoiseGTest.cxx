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
#include "samples/ArSSRScanNoise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numeric>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRPointSpread;

constexpr std::int64_t Size = 24;
constexpr double       Pi = 3.14159265358979323846;

SampleAcquisition
MakeAcquisition(bool rician, const ArSSRPointSpread & alongX = ArSSRPointSpread::Gaussian(1.0))
{
  SampleAcquisition acquisition;
  acquisition.spreads.fill(ArSSRPointSpread::Gaussian(1.0));
  acquisition.spreads[2] = alongX;
  acquisition.rician = rician;
  return acquisition;
}

std::vector<float>
MakeNoisy(float signal, double deviation, const SampleAcquisition & acquisition, std::uint64_t number = 0)
{
  std::vector<float> patch(Size * Size * Size, signal);
  Random             random(5, RandomStream::Sample, number);
  AddScanNoise(patch, Size, deviation, acquisition, random);
  return patch;
}

double
Mean(const std::vector<float> & values)
{
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double
Deviation(const std::vector<float> & values)
{
  const double mean = Mean(values);
  double       sum = 0.0;
  for (const float value : values)
  {
    sum += std::pow(value - mean, 2.0);
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/** Power of the lines along x at each frequency k / Size, averaged over lines. */
std::vector<double>
SpectrumAlongX(const std::vector<float> & patch)
{
  std::vector<double> power(Size / 2 + 1);
  for (std::int64_t line = 0; line < Size * Size; ++line)
  {
    for (std::int64_t k = 0; k <= Size / 2; ++k)
    {
      std::complex<double> sum = 0.0;
      for (std::int64_t x = 0; x < Size; ++x)
      {
        sum += static_cast<double>(patch[static_cast<std::size_t>(line * Size + x)]) *
               std::polar(1.0, -2.0 * Pi * static_cast<double>(k * x) / static_cast<double>(Size));
      }
      power[static_cast<std::size_t>(k)] += std::norm(sum) / static_cast<double>(Size * Size * Size);
    }
  }
  return power;
}
} // namespace

TEST(ArSSRScanNoise, GaussianNoiseHasTheStatedDeviation)
{
  const auto noisy = MakeNoisy(0.4F, 0.05, MakeAcquisition(false));
  EXPECT_NEAR(Mean(noisy), 0.4, 4.0 * 0.05 / 117.0); // the square root of the number of voxels
  EXPECT_NEAR(Deviation(noisy), 0.05, 0.0015);
  EXPECT_EQ(MakeNoisy(0.4F, 0.05, MakeAcquisition(false)), noisy);
  EXPECT_NE(MakeNoisy(0.4F, 0.05, MakeAcquisition(false), 1), noisy);
  EXPECT_EQ(MakeNoisy(0.4F, 0.0, MakeAcquisition(false)), std::vector<float>(Size * Size * Size, 0.4F));
}

// Gaussian noise would leave the background at 0 on average, where a magnitude image is brighter.
TEST(ArSSRScanNoise, RicianNoiseIsThatOfAMagnitude)
{
  // Without a signal: Rayleigh's distribution.
  const auto background = MakeNoisy(0.0F, 0.05, MakeAcquisition(true));
  EXPECT_NEAR(Mean(background), 0.05 * std::sqrt(0.5 * Pi), 0.0012);
  EXPECT_NEAR(Deviation(background), 0.05 * std::sqrt(2.0 - 0.5 * Pi), 0.001);
  // The mean square is that of the signal and both parts, whatever the signal.
  for (const float signal : { 0.03F, 0.1F, 0.5F })
  {
    const auto noisy = MakeNoisy(signal, 0.05, MakeAcquisition(true));
    const auto square = std::inner_product(noisy.begin(), noisy.end(), noisy.begin(), 0.0) / (Size * Size * Size);
    EXPECT_NEAR(square, signal * signal + 2.0 * 0.0025, 0.02 * square);
  }
  // Far above the noise: as Gaussian noise, with signal and magnitude differing by sigma² / (2 signal).
  const auto bright = MakeNoisy(0.8F, 0.05, MakeAcquisition(true));
  EXPECT_NEAR(Mean(bright), 0.8 + 0.0025 / 1.6, 0.0017);
  EXPECT_NEAR(Deviation(bright), 0.05, 0.0016);
}

// White noise in a zero-filled scan would teach a network to smooth what a scanner has smoothed already.
TEST(ArSSRScanNoise, HasTheSpectrumOfItsKSpace)
{
  // Zero-filled by 2: nothing beyond half of Nyquist's frequency, and twice as much below.
  const auto zeroFilled = MakeNoisy(0.0F, 0.05, MakeAcquisition(false, ArSSRPointSpread::Sinc(2.0)));
  EXPECT_NEAR(Deviation(zeroFilled), 0.05, 0.002);
  const auto spectrum = SpectrumAlongX(zeroFilled);
  for (std::size_t k = 0; k < spectrum.size(); ++k)
  {
    const bool inside = k <= Size / 4;
    EXPECT_NEAR(spectrum[k], inside ? 0.0025 * Size / 13.0 : 0.0, inside ? 0.0011 : 1e-9) << "at " << k;
  }
  // Hann's window: its square.
  const auto apodized = MakeNoisy(0.0F, 0.05, MakeAcquisition(false, ArSSRPointSpread::Sinc(1.0, 1.0)));
  EXPECT_NEAR(Deviation(apodized), 0.05, 0.002);
  const auto windowed = SpectrumAlongX(apodized);
  for (std::size_t k = 0; k < windowed.size(); ++k)
  {
    const double window = 0.5 + 0.5 * std::cos(2.0 * Pi * static_cast<double>(k) / Size);
    EXPECT_NEAR(windowed[k], 0.0025 * window * window / 0.375, 0.0012) << "at " << k;
  }
  // A box or a Gaussian does not touch it.
  EXPECT_EQ(MakeNoisy(0.0F, 0.05, MakeAcquisition(false, ArSSRPointSpread::Box(1.7))),
            MakeNoisy(0.0F, 0.05, MakeAcquisition(false)));
}
