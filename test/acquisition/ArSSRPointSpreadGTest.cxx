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
#include "itkArSSRPointSpread.h"

#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numeric>
#include <sstream>
#include <vector>

namespace
{
using itk::ArSSRAxisWeights;
using itk::arssr::test::ExpectError;
using Spread = itk::ArSSRPointSpread;

constexpr double             Pi = 3.14159265358979323846;
constexpr itk::SizeValueType Size = 401;
constexpr double             Middle = 200.0;

double
Sum(const ArSSRAxisWeights & row)
{
  return std::accumulate(row.weights.begin(), row.weights.end(), 0.0);
}

/** What the voxel sees of an image whose voxels have these intensities. */
double
See(const ArSSRAxisWeights & row, const std::function<double(double)> & intensity)
{
  double seen = 0.0;
  for (std::size_t i = 0; i < row.weights.size(); ++i)
  {
    seen += row.weights[i] * intensity(static_cast<double>(row.first) + static_cast<double>(i));
  }
  return seen;
}

double
WeightOf(const ArSSRAxisWeights & row, itk::IndexValueType voxel)
{
  const auto position = voxel - row.first;
  return position >= 0 && position < static_cast<itk::IndexValueType>(row.weights.size())
           ? row.weights[static_cast<std::size_t>(position)]
           : 0.0;
}

double
SincOf(double x)
{
  return x == 0.0 ? 1.0 : std::sin(Pi * x) / (Pi * x);
}

/** The mean of what voxels with their centres evenly between two HR voxels see of a wave with a crest there: of HR
 * voxels that are samples of the wave, as sums over samples tell frequencies apart by a multiple of 1 only on average.
 */
double
MeanModulation(const Spread & spread, double frequency)
{
  constexpr int offsets = 64;
  double        mean = 0.0;
  for (int i = 0; i < offsets; ++i)
  {
    const double centre = Middle + (i + 0.5) / offsets;
    mean +=
      See(spread.GetWeights(centre, Size), [&](double x) { return std::cos(2.0 * Pi * frequency * (x - centre)); });
  }
  return mean / offsets;
}

/** Samples of a Gaussian with a standard deviation of 1. */
Spread
MeasuredGaussian(double step)
{
  std::vector<double> samples;
  const auto          half = static_cast<int>(std::round(5.0 / step));
  for (int i = -half; i <= half; ++i)
  {
    samples.push_back(7.0 * std::exp(-0.5 * std::pow(i * step, 2.0)));
  }
  return Spread::Measured(samples, step);
}

std::vector<Spread>
AllKinds()
{
  return { Spread::Gaussian(2.4),
           Spread::Box(3.0),
           Spread::Box(2.3),
           Spread::Sinc(2.6),
           Spread::Sinc(2.0, 1.0),
           Spread::Sinc(4.1, 0.4),
           Spread::Sinc(0.7, 0.6),
           Spread::Measured({ 0.1, 0.8, 1.0, 0.7, 0.2 }, 0.9),
           Spread::Measured({ 1.0 }, 2) };
}
} // namespace


// A FWHM and a Gaussian point spread of that width are the same setting, and must give the same scan.
TEST(ArSSRPointSpread, AGaussianHasTheBitsOfTheSliceProfile)
{
  for (const double fwhm : { 0.4, 1.0, 1.3, 2.0, 4.7 })
  {
    const Spread spread = Spread::Gaussian(fwhm);
    EXPECT_EQ(spread.IsPointSample(), itk::ArSSRSliceProfile::IsPointSample(fwhm));
    EXPECT_EQ(spread.GetSupportRadius(), itk::ArSSRSliceProfile::GetSupportRadius(fwhm));
    for (double centre = -3.0; centre < 12.0; centre += 0.17)
    {
      const auto row = spread.GetWeights(centre, 9);
      const auto expected = itk::ArSSRSliceProfile::GetWeights(centre, fwhm, 9);
      EXPECT_EQ(row.first, expected.first);
      EXPECT_EQ(row.weights, expected.weights);
      EXPECT_EQ(spread.Evaluate(centre), itk::ArSSRSliceProfile::Evaluate(centre, fwhm));
    }
  }
}

TEST(ArSSRPointSpread, APointIsSeenUnderTheProfile)
{
  // A HR voxel of 1 among zeros, seen from voxels all around it.
  constexpr itk::IndexValueType point = 200;
  for (double centre = 190.0; centre < 210.0; centre += 0.31)
  {
    const double distance = Middle - centre;
    const auto   seen = [&](const Spread & spread) {
      return WeightOf(spread.GetWeights(centre, Size), point);
    };

    // A box: the part of the voxel that lies in the slice.
    const double inside = std::max(std::min(distance + 0.5, 1.6) - std::max(distance - 0.5, -1.6), 0.0);
    EXPECT_NEAR(seen(Spread::Box(3.2)), inside / 3.2, 1e-12);

    // k-space up to 1 / (2 · 2.5): sin(pi u / 2.5) / (pi u), less towards the end of the support.
    const double taper = SincOf(distance / (2.5 * Spread::SincSupport));
    EXPECT_NEAR(seen(Spread::Sinc(2.5)), taper * SincOf(distance / 2.5) / 2.5, 2e-3);
    // With Hann's window: half of it, and a quarter from one acquired voxel to either side.
    const double hann =
      0.5 * SincOf(distance / 2.5) + 0.25 * SincOf(distance / 2.5 - 1.0) + 0.25 * SincOf(distance / 2.5 + 1.0);
    EXPECT_NEAR(seen(Spread::Sinc(2.5, 1.0)), taper * hann / 2.5, 8e-4);

    // A measured Gaussian: its integral over the voxel.
    const auto integral = [](double x) {
      return 0.5 * std::erf(x / std::sqrt(2.0));
    };
    const double expected = integral(distance + 0.5) - integral(distance - 0.5);
    EXPECT_NEAR(seen(MeasuredGaussian(0.05)), expected, 3e-4);
  }
}

// A flipped profile moves the whole scan by its asymmetry, and still looks plausible.
TEST(ArSSRPointSpread, AMeasuredProfileIsNotMirrored)
{
  // Brighter at greater indices: the voxel sees more of what lies there.
  const auto row = Spread::Measured({ 1.0, 3.0 }, 4.0).GetWeights(Middle, Size);
  EXPECT_GT(See(row, [](double x) { return x; }), Middle + 0.5);
  // Triangles of 4 voxels on either side of -2 and 2: a mean of (3 - 1) / 4 · 2.
  EXPECT_NEAR(See(row, [](double x) { return x; }), Middle + 1.0, 1e-9);
}

TEST(ArSSRPointSpread, AnEdgeIsSeenUnderTheProfilesIntegral)
{
  // HR voxels hold their share of what lies beyond an edge at 200.3, which no face of a voxel is at.
  constexpr double place = 200.3;
  const auto       edge = [](double x) {
    return std::min(std::max(x + 0.5 - place, 0.0), 1.0);
  };
  const auto integrated = [](double to) { // of sin(pi x) / (pi x) from 0
    double        sum = 0.0;
    constexpr int steps = 4000;
    for (int i = 0; i < steps; ++i)
    {
      sum += SincOf(to * (i + 0.5) / steps) * to / steps;
    }
    return sum;
  };
  for (double centre = 185.0; centre < 216.0; centre += 0.43)
  {
    const double distance = centre - place; // positive: most of the profile is beyond the edge
    const auto   seen = [&](const Spread & spread) {
      return See(spread.GetWeights(centre, Size), edge);
    };
    for (const double width : { 2.0, 3.4, 8.0 })
    {
      // The voxels at the slice's faces are taken for uniform: off by at most a quarter of a voxel's share.
      const double expected = std::min(std::max(0.5 + distance / width, 0.0), 1.0);
      EXPECT_NEAR(seen(Spread::Box(width)), expected, 0.25 / width + 1e-12);
    }
    EXPECT_NEAR(seen(Spread::Gaussian(5.0)), 0.5 * std::erfc(-distance / (5.0 / 2.35482) / std::sqrt(2.0)), 5e-3);
    // Overshoots of 9 % and all; HR voxels hold the edge's share, hence the edge itself is blurred by a voxel.
    EXPECT_NEAR(seen(Spread::Sinc(6.0)), 0.5 + integrated(distance / 6.0), 1e-2);
    EXPECT_NEAR(seen(MeasuredGaussian(0.1)), 0.5 * std::erfc(-distance / std::sqrt(2.0)), 4e-2);
  }
  EXPECT_GT(See(Spread::Sinc(6.0).GetWeights(place + 6.0, Size), edge), 1.08) << "no overshoot";
}

TEST(ArSSRPointSpread, ABoxSeesAnEdgeOnAVoxelFaceExactly)
{
  const auto edge = [](double x) {
    return x > 199.5 ? 1.0 : 0.0;
  };
  for (double centre = 195.0; centre < 206.0; centre += 0.13)
  {
    const double expected = std::min(std::max(0.5 + (centre - 199.5) / 3.7, 0.0), 1.0);
    EXPECT_NEAR(See(Spread::Box(3.7).GetWeights(centre, Size), edge), expected, 1e-12);
  }
}

TEST(ArSSRPointSpread, AWaveIsModulatedByTheProfilesTransform)
{
  // What there is of a voxel's own uniformity, for the kinds that take voxels for uniform.
  const auto ofVoxel = [](double frequency) {
    return SincOf(frequency);
  };
  for (double frequency = 0.0; frequency < 0.5; frequency += 0.0137)
  {
    for (const double width : { 2.0, 2.5, 3.0, 6.1 })
    {
      const Spread box = Spread::Box(width);
      EXPECT_NEAR(box.GetModulation(frequency), SincOf(width * frequency), 1e-12);
      EXPECT_NEAR(MeanModulation(box, frequency), box.GetModulation(frequency) * ofVoxel(frequency), 1e-4);
      const double sigma = width / 2.354820045;
      const Spread gaussian = Spread::Gaussian(width);
      EXPECT_NEAR(gaussian.GetModulation(frequency), std::exp(-2.0 * std::pow(Pi * sigma * frequency, 2.0)), 1e-9);
      EXPECT_NEAR(MeanModulation(gaussian, frequency), gaussian.GetModulation(frequency), 2e-4);
    }
    const Spread measured = MeasuredGaussian(0.1);
    EXPECT_NEAR(measured.GetModulation(frequency), std::exp(-2.0 * std::pow(Pi * frequency, 2.0)), 4e-3);
    EXPECT_NEAR(MeanModulation(measured, frequency), measured.GetModulation(frequency) * ofVoxel(frequency), 1e-4);
  }
  // Voxels that are small beside the profile hardly matter.
  for (double frequency = 0.0; frequency < 0.05; frequency += 0.0013)
  {
    EXPECT_NEAR(MeanModulation(Spread::Box(20.0), frequency), SincOf(20.0 * frequency), 1e-3);
  }
}

TEST(ArSSRPointSpread, KSpaceKeepsFrequenciesInItsWindow)
{
  struct Case
  {
    double width;
    double taper;
  };
  for (const Case & one : { Case{ 2.0, 0.0 }, Case{ 3.3, 0.0 }, Case{ 2.0, 1.0 }, Case{ 3.3, 1.0 }, Case{ 5.0, 0.3 } })
  {
    const Spread spread = Spread::Sinc(one.width, one.taper);
    for (double share = 0.0; share < 2.0 && share < one.width; share += 0.021)
    {
      const double frequency = 0.5 * share / one.width;
      const double window = share > 1.0 ? 0.0
                            : share <= 1.0 - one.taper
                              ? 1.0
                              : 0.5 + 0.5 * std::cos(Pi * (share - 1.0 + one.taper) / one.taper);
      EXPECT_NEAR(spread.GetModulation(frequency), window, 1e-12);
      if (std::abs(share - 1.0) < 0.2 && one.taper == 0.0)
      {
        continue; // a finite sum does not jump
      }
      for (const double centre : { 200.0, 200.25, 200.61 }) // each voxel's, not only their mean
      {
        const auto wave = [&](double x) {
          return std::cos(2.0 * Pi * frequency * (x - centre));
        };
        EXPECT_NEAR(See(spread.GetWeights(centre, Size), wave), window, 0.004)
          << "width " << one.width << ", taper " << one.taper << ", at " << share << " of the largest frequency";
      }
    }
  }
}

// A reference that knows nothing of kernels: a discrete Fourier transform, cut and windowed.
TEST(ArSSRPointSpread, SincAgreesWithATruncatedFourierTransform)
{
  // 160 HR voxels, an object in their middle: the discrete Fourier transform's 39 lowest frequencies, windowed.
  constexpr int       size = 160;
  constexpr int       half = 19;
  constexpr double    width = size / (2.0 * half + 1.0);
  std::vector<double> object(size, 0.0);
  for (int x = 50; x < 110; ++x)
  {
    object[static_cast<std::size_t>(x)] = x < 65 ? 0.4 : x < 71 ? 1.0 : x < 98 ? 0.6 + 0.01 * (x - 71) : 0.3;
  }
  for (const double taper : { 0.0, 0.5, 1.0 })
  {
    const Spread spread = Spread::Sinc(width, taper);
    for (double centre = 0.5 * width - 0.5; centre < size - 0.5; centre += width)
    {
      std::complex<double> scanned = 0.0;
      for (int k = -half; k <= half; ++k)
      {
        std::complex<double> coefficient = 0.0;
        for (int x = 0; x < size; ++x)
        {
          coefficient += object[static_cast<std::size_t>(x)] * std::polar(1.0, -2.0 * Pi * k * x / size);
        }
        scanned += spread.GetModulation(static_cast<double>(k) / size) * coefficient *
                   std::polar(1.0 / size, 2.0 * Pi * k * centre / size);
      }
      const double seen = See(spread.GetWeights(centre, size),
                              [&](double x) { return object[static_cast<std::size_t>(std::lround(x))]; });
      const bool   isNearEnds = centre < 30.0 || centre > size - 30.0; // where the DFT's image repeats itself
      EXPECT_NEAR(seen, scanned.real(), isNearEnds ? 0.03 : 0.012) << "taper " << taper << ", at " << centre;
    }
  }
}

TEST(ArSSRPointSpread, ASliceThatEndsAtVoxelsFacesIsTheirMean)
{
  const auto row = Spread::Box(3.0).GetWeights(10.0, Size);
  ASSERT_EQ(row.weights.size(), 3U);
  EXPECT_EQ(row.first, 9);
  const auto pair = Spread::Box(2.0).GetWeights(10.5, Size);
  ASSERT_EQ(pair.weights.size(), 2U);
  EXPECT_EQ(pair.first, 10);
  for (const double weight : { row.weights[0], row.weights[1], row.weights[2], 2.0 / 3.0 * pair.weights[0] })
  {
    EXPECT_NEAR(weight, 1.0 / 3.0, 1e-15);
  }
  // Half a voxel on: the outer ones count half.
  const auto between = Spread::Box(2.0).GetWeights(10.0, Size);
  ASSERT_EQ(between.weights.size(), 3U);
  EXPECT_NEAR(between.weights[0], 0.25, 1e-15);
  EXPECT_NEAR(between.weights[1], 0.5, 1e-15);
}

TEST(ArSSRPointSpread, ProfilesNarrowerThanAVoxelArePointSamples)
{
  for (const Spread & spread : { Spread::Box(0.2), Spread::Box(1.0), Spread::Measured({ 1.0, 2.0, 1.0 }, 0.3) })
  {
    EXPECT_TRUE(spread.IsPointSample());
    const auto row = spread.GetWeights(7.25, Size);
    ASSERT_EQ(row.weights.size(), 2U);
    EXPECT_EQ(row.first, 7);
    EXPECT_DOUBLE_EQ(row.weights[0], 0.75);
  }
  EXPECT_FALSE(Spread::Box(1.02).IsPointSample());
  EXPECT_FALSE(Spread::Measured({ 1.0, 1.0, 1.0 }, 0.5).IsPointSample()); // 1.5 wide
}

// Frequencies beyond the HR Nyquist frequency would alias, and blur voxels that nothing should touch.
TEST(ArSSRPointSpread, ASincFinerThanTheVoxelsLeavesThemAsTheyAre)
{
  for (const double width : { 0.3, 1.0, 1.005 })
  {
    const auto row = Spread::Sinc(width).GetWeights(7.0, Size);
    ASSERT_EQ(row.weights.size(), 1U) << width;
    EXPECT_EQ(row.first, 7);
    EXPECT_EQ(row.weights[0], 1.0);
    // and between them it interpolates all that they hold
    const auto wave = [](double x) {
      return std::cos(2.0 * Pi * 0.43 * (x - 200.4));
    };
    EXPECT_NEAR(See(Spread::Sinc(width).GetWeights(200.4, Size), wave), 1.0, 0.005);
  }
  // Its window is felt all the same.
  const auto wave = [](double x) {
    return std::cos(2.0 * Pi * 0.25 * (x - 200.0));
  };
  EXPECT_NEAR(See(Spread::Sinc(1.0, 1.0).GetWeights(200.0, Size), wave), 0.5, 1e-4);
  EXPECT_NEAR(See(Spread::Sinc(0.5, 1.0).GetWeights(200.0, Size), wave), 0.5 + 0.5 * std::cos(0.25 * Pi), 1e-3);
}

TEST(ArSSRPointSpread, RowsSumToOneAlsoAtTheImagesEnds)
{
  for (const Spread & spread : AllKinds())
  {
    for (const itk::SizeValueType size : { 1U, 2U, 9U, 60U })
    {
      for (double centre = -0.5; centre <= static_cast<double>(size) - 0.5; centre += 0.125)
      {
        const auto row = spread.GetWeights(centre, size);
        ASSERT_FALSE(row.weights.empty()) << spread << ", centre " << centre << " of " << size;
        EXPECT_NEAR(Sum(row), 1.0, 1e-13);
        EXPECT_GE(row.first, 0);
        EXPECT_LE(row.first + static_cast<itk::IndexValueType>(row.weights.size()),
                  static_cast<itk::IndexValueType>(size));
        for (const double weight : row.weights)
        {
          EXPECT_LT(std::abs(weight), 1.5) << spread << ", centre " << centre << " of " << size;
        }
      }
    }
  }
}

// Side lobes alone, normalised to a sum of 1, would give huge weights of both signs.
TEST(ArSSRPointSpread, IsEmptyWhereTheImageGivesNoAnswer)
{
  for (const Spread & spread : AllKinds())
  {
    EXPECT_TRUE(spread.GetWeights(-100.0, 50).weights.empty()) << spread;
    EXPECT_TRUE(spread.GetWeights(150.0, 50).weights.empty()) << spread;
  }
  for (double centre = -30.0; centre < -1.0; centre += 0.1)
  {
    const auto row = Spread::Sinc(2.0).GetWeights(centre, 50);
    for (const double weight : row.weights)
    {
      EXPECT_LT(std::abs(weight), 2.5) << "side lobes are blown up at " << centre;
    }
  }
}

TEST(ArSSRPointSpread, DoesNotShiftCentres)
{
  for (double centre = Middle; centre < Middle + 1.0; centre += 0.05)
  {
    const auto ramp = [](double x) {
      return x;
    };
    EXPECT_NEAR(See(Spread::Sinc(2.3, 0.5).GetWeights(centre, Size), ramp), centre, 5e-3);
    EXPECT_NEAR(See(Spread::Box(3.0).GetWeights(centre, Size), ramp), centre, 1e-12); // whole voxels
    EXPECT_NEAR(See(Spread::Box(1.5).GetWeights(centre, Size), ramp), centre, 0.09);
    EXPECT_NEAR(See(MeasuredGaussian(0.2).GetWeights(centre, Size), ramp), centre, 2e-3);
  }
}

// Regions for streaming are planned with this radius: weights beyond it would read voxels that are not there.
TEST(ArSSRPointSpread, EndsAtItsSupportRadius)
{
  for (const Spread & spread : AllKinds())
  {
    const double radius = spread.GetSupportRadius();
    EXPECT_NEAR(spread.Evaluate(1.001 * radius), 0.0, 1e-15) << spread;
    EXPECT_NEAR(spread.Evaluate(-1.001 * radius), 0.0, 1e-15) << spread;
    const auto row = spread.GetWeights(Middle, Size);
    EXPECT_GE(static_cast<double>(row.first), Middle - radius);
    EXPECT_LE(static_cast<double>(row.weights.size()), 2.0 * radius + 1.0);
  }
}

TEST(ArSSRPointSpread, UsesTheSpacingAsDefaultWidth)
{
  EXPECT_EQ(Spread().Resolved(2.5), Spread::Gaussian(2.5));
  EXPECT_EQ(Spread::Box().Resolved(2.5), Spread::Box(2.5));
  EXPECT_EQ(Spread::Box(4.0).Resolved(2.5), Spread::Box(4.0));
  EXPECT_EQ(Spread::Sinc(Spread::AutomaticWidth, 0.3).Resolved(0.8), Spread::Sinc(0.8, 0.3));
  EXPECT_EQ(Spread::Measured({ 1.0 }, 2.0).Resolved(0.8), Spread::Measured({ 1.0 }, 2.0));
  for (const Spread & open : { Spread(), Spread::Box(), Spread::Gaussian(), Spread::Sinc() })
  {
    EXPECT_FALSE(open.IsResolved());
    ExpectError([&] { open.GetWeights(3.0, 9); }, "Call Resolved()");
    ExpectError([&] { open.GetModulation(0.1); }, "Call Resolved()");
    EXPECT_TRUE(open.Resolved(1.0).IsResolved());
  }
  ExpectError([] { Spread().Resolved(0.0); }, "spacing is 0");
}

TEST(ArSSRPointSpread, MirrorsItsDistances)
{
  const auto measured = itk::ArSSRPointSpread::Measured({ 0.1, 1.0, 0.6, 0.2 }, 0.8);
  for (const double distance : { -2.0, -1.1, -0.4, 0.0, 0.3, 1.7 })
  {
    EXPECT_DOUBLE_EQ(measured.Mirrored().Evaluate(distance), measured.Evaluate(-distance));
  }
  EXPECT_EQ(measured.Mirrored().Mirrored(), measured);
  EXPECT_EQ(itk::ArSSRPointSpread::Sinc(2.0, 0.5).Mirrored(), itk::ArSSRPointSpread::Sinc(2.0, 0.5));
}

TEST(ArSSRPointSpread, ScalesItsLengths)
{
  for (const Spread & spread : AllKinds())
  {
    const Spread scaled = spread.Scaled(2.0);
    EXPECT_NEAR(scaled.GetWidth(), 2.0 * spread.GetWidth(), 1e-12);
    for (const double frequency : { 0.03, 0.1, 0.2 })
    {
      EXPECT_NEAR(scaled.GetModulation(frequency), spread.GetModulation(2.0 * frequency), 1e-12) << spread;
    }
  }
  EXPECT_EQ(Spread().Scaled(3.0), Spread());
  EXPECT_EQ(Spread::Box().Scaled(3.0), Spread::Box()) << "a width that is not given stays so";
  ExpectError([] { Spread().Scaled(-1.0); }, "scaled by -1");
}

TEST(ArSSRPointSpread, RoundTripsThroughText)
{
  const std::pair<const char *, Spread> texts[] = {
    { "auto", Spread() },
    { "gaussian", Spread::Gaussian() },
    { "gaussian:2.5", Spread::Gaussian(2.5) },
    { "box:4", Spread::Box(4.0) },
    { "sinc", Spread::Sinc() },
    { "sinc:1.2", Spread::Sinc(1.2) },
    { "sinc:hann", Spread::Sinc(0.0, 1.0) },
    { "sinc:1.2:tukey:0.25", Spread::Sinc(1.2, 0.25) },
    { "measured:0.5:0/0.4/1/0.4/-0.01", Spread::Measured({ 0.0, 0.4, 1.0, 0.4, -0.01 }, 0.5) },
  };
  for (const auto & entry : texts)
  {
    EXPECT_EQ(Spread::FromText(entry.first), entry.second) << entry.first;
    std::ostringstream printed;
    printed << entry.second;
    EXPECT_EQ(printed.str(), entry.first);
  }
  EXPECT_EQ(Spread::FromText("sinc:tukey:0"), Spread::Sinc());
  EXPECT_EQ(Spread::FromText("sinc:tukey:1"), Spread::FromText("sinc:hann"));
}

TEST(ArSSRPointSpread, RefusesInvalidTextAndValues)
{
  const std::pair<const char *, const char *> texts[] = {
    { "", "has the unknown kind ''" },
    { "bxo:4", "'bxo:4' has the unknown kind 'bxo'" },
    { "box:-1", "a width of -1, which is not above 0" },
    { "box:0", "a width of 0" },
    { "box:4:5", "has the unexpected part '5'" },
    { "box:", "has the unexpected part ''" },
    { "box:wide", "has the unexpected part 'wide'" },
    { "auto:3", "has the unexpected part '3'" },
    { "sinc:1.2:hamming", "'hamming' in place of a width or a window" },
    { "sinc:tukey", "without a taper" },
    { "sinc:tukey:1.5", "without a taper from 0 to 1" },
    { "measured", "has no step" },
    { "measured:1:", "has no samples" },
    { "measured:1:1/x", "the sample 'x', which is not a number" },
    { "measured:1:0/0", "a sum of 0" },
  };
  for (const auto & entry : texts)
  {
    ExpectError([&] { Spread::FromText(entry.first); }, entry.second);
  }
  ExpectError([] { Spread::FromText("slab"); }, "Expected: auto, gaussian[:FWHM]");
  const double infinity = std::numeric_limits<double>::infinity();
  ExpectError([&] { Spread::Gaussian(infinity); }, "width of a gaussian point spread is inf");
  ExpectError([] { Spread::Box(-2.0); }, "-2; a finite number above 0");
  ExpectError([] { Spread::Sinc(1.0, std::nan("")); }, "taper");
  ExpectError([] { Spread::Measured({}, 1.0); }, "0 samples");
  ExpectError([] { Spread::Measured({ 1.0, -1.5, 1.0 }, 1.0); }, "sum of magnitudes");
  ExpectError([] { Spread::Measured({ 1.0 }, 0.0); }, "0 apart");
  ExpectError([] { Spread::Box(2.0).GetWeights(std::nan(""), 9); }, "finite centre");
}
