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
#include "itkArSSRImageQuality.h"

#include "support/ArSSRTestHelpers.h"

#include "itkMultiThreaderBase.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace
{
using itk::ArSSRImageQuality;
using itk::arssr::test::ExpectError;
using SizeType = ArSSRImageQuality::SizeType;

struct Volumes
{
  SizeType           size;
  std::vector<float> truth; // [z, y, x]
  std::vector<float> image;

  ArSSRImageQuality
  Quality() const
  {
    return { size, truth.data(), image.data() };
  }
};

// Independent noise in both, so that no local sum is like another one.
Volumes
RandomVolumes(const SizeType & size, unsigned int seed = 7)
{
  std::mt19937                          generator(seed);
  std::uniform_real_distribution<float> uniform(0.0F, 200.0F);
  std::normal_distribution<float>       noise(0.0F, 40.0F);
  Volumes                               volumes{ size, {}, {} };
  for (std::size_t i = 0; i < size.CalculateProductOfElements(); ++i)
  {
    volumes.truth.push_back(uniform(generator));
    volumes.image.push_back(volumes.truth.back() + noise(generator));
  }
  return volumes;
}

Volumes
ConstantVolumes(const SizeType & size, float truth, float image)
{
  const auto count = size.CalculateProductOfElements();
  return { size, std::vector<float>(count, truth), std::vector<float>(count, image) };
}

// Wang et al., Eqs. 13 to 16, one window at a time, as they are written; corner is the window's first voxel.
double
ReferenceSimilarityOfWindow(const Volumes & volumes, const SizeType & corner, double range)
{
  double total = 0.0;
  double meanTruth = 0.0;
  double meanImage = 0.0;
  struct Sample
  {
    double weight;
    double truth;
    double image;
  };
  std::vector<Sample> samples;
  for (std::size_t z = 0; z < 11; ++z)
  {
    for (std::size_t y = 0; y < 11; ++y)
    {
      for (std::size_t x = 0; x < 11; ++x)
      {
        const double dx = static_cast<double>(x) - 5.0;
        const double dy = static_cast<double>(y) - 5.0;
        const double dz = static_cast<double>(z) - 5.0;
        const double weight = std::exp(-(dx * dx + dy * dy + dz * dz) / (2.0 * 1.5 * 1.5));
        const auto   voxel = ((corner[2] + z) * volumes.size[1] + corner[1] + y) * volumes.size[0] + corner[0] + x;
        samples.push_back({ weight, volumes.truth[voxel], volumes.image[voxel] });
        total += weight;
        meanTruth += weight * samples.back().truth;
        meanImage += weight * samples.back().image;
      }
    }
  }
  meanTruth /= total;
  meanImage /= total;
  double varianceTruth = 0.0;
  double varianceImage = 0.0;
  double covariance = 0.0;
  for (const Sample & sample : samples)
  {
    varianceTruth += sample.weight / total * (sample.truth - meanTruth) * (sample.truth - meanTruth);
    varianceImage += sample.weight / total * (sample.image - meanImage) * (sample.image - meanImage);
    covariance += sample.weight / total * (sample.truth - meanTruth) * (sample.image - meanImage);
  }
  const double c1 = 0.01 * range * 0.01 * range;
  const double c2 = 0.03 * range * 0.03 * range;
  return (2.0 * meanTruth * meanImage + c1) * (2.0 * covariance + c2) /
         ((meanTruth * meanTruth + meanImage * meanImage + c1) * (varianceTruth + varianceImage + c2));
}

double
ReferenceSimilarity(const Volumes & volumes, double range)
{
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t z = 0; z + 11 <= volumes.size[2]; ++z)
  {
    for (std::size_t y = 0; y + 11 <= volumes.size[1]; ++y)
    {
      for (std::size_t x = 0; x + 11 <= volumes.size[0]; ++x)
      {
        sum += ReferenceSimilarityOfWindow(volumes, { { x, y, z } }, range);
        count += 1.0;
      }
    }
  }
  return sum / count;
}
} // namespace

TEST(ArSSRImageQuality, ErrorsAreThoseWorkedOutByHand)
{
  const Volumes volumes{ { { 2, 1, 2 } }, { 1.0F, -3.0F, 5.0F, 2.0F }, { 1.5F, -3.0F, 4.0F, 4.0F } };
  const auto    errors = volumes.Quality().ComputeErrors();
  EXPECT_DOUBLE_EQ(errors.meanSquaredError, (0.25 + 0.0 + 1.0 + 4.0) / 4.0);
  EXPECT_EQ(errors.truthMinimum, -3.0);
  EXPECT_EQ(errors.truthMaximum, 5.0);
}

TEST(ArSSRImageQuality, PeakSignalToNoiseRatioIsInDecibelsOfTheRange)
{
  EXPECT_DOUBLE_EQ(ArSSRImageQuality::PeakSignalToNoiseRatio(100.0, 100.0), 20.0);
  EXPECT_DOUBLE_EQ(ArSSRImageQuality::PeakSignalToNoiseRatio(1e-3, 1.0), 30.0);
  EXPECT_EQ(ArSSRImageQuality::PeakSignalToNoiseRatio(0.0, 1.0), std::numeric_limits<double>::infinity());
}

TEST(ArSSRImageQuality, SimilarityOfConstantsIsThatOfTheirMeans)
{
  // No variance: Eq. 13 becomes (2 a b + C1) / (a² + b² + C1).
  const double c1 = 0.01 * 50.0 * 0.01 * 50.0;
  EXPECT_NEAR(ConstantVolumes({ { 11, 12, 13 } }, 30.0F, 40.0F).Quality().ComputeStructuralSimilarity(50.0),
              (2.0 * 30.0 * 40.0 + c1) / (30.0 * 30.0 + 40.0 * 40.0 + c1),
              1e-10);
}

// Windows at the seams of blocks must be counted once, and the ring of planes must begin anew in each block.
TEST(ArSSRImageQuality, SimilarityIsThatOfTheReferenceAlsoAcrossBlocks)
{
  // One window; any size; more rows and more planes than a block has.
  for (const SizeType & size : { SizeType{ { 11, 11, 11 } },
                                 SizeType{ { 14, 13, 12 } },
                                 SizeType{ { 11, 45, 12 } },
                                 SizeType{ { 12, 11, 77 } },
                                 SizeType{ { 11, 43, 75 } } })
  {
    const Volumes volumes = RandomVolumes(size);
    const double  expected = ReferenceSimilarity(volumes, 200.0);
    EXPECT_LT(expected, 0.99) << "nothing to tell apart";
    // Local variances are differences of sums of squares, some 1e4 times the smallest terms that count.
    EXPECT_NEAR(volumes.Quality().ComputeStructuralSimilarity(200.0), expected, 1e-11) << size;
  }
}

TEST(ArSSRImageQuality, EqualVolumesArePerfect)
{
  Volumes volumes = RandomVolumes({ { 13, 14, 15 } });
  volumes.image = volumes.truth;
  EXPECT_EQ(volumes.Quality().ComputeErrors().meanSquaredError, 0.0);
  EXPECT_NEAR(volumes.Quality().ComputeStructuralSimilarity(1.0), 1.0, 1e-9);
}

// Evaluations on different machines must be comparable to the last digit.
TEST(ArSSRImageQuality, ResultsDoNotDependOnTheNumberOfThreads)
{
  const Volumes volumes = RandomVolumes({ { 12, 80, 90 } });
  const auto    usual = itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads();
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1);
  const double oneError = volumes.Quality().ComputeErrors().meanSquaredError;
  const double oneSimilarity = volumes.Quality().ComputeStructuralSimilarity(200.0);
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(5);
  EXPECT_EQ(volumes.Quality().ComputeErrors().meanSquaredError, oneError);
  EXPECT_EQ(volumes.Quality().ComputeStructuralSimilarity(200.0), oneSimilarity);
  itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(usual);
}

// Comparisons with NaN are false: without a check it would pass for a good value.
TEST(ArSSRImageQuality, RefusesVoxelsThatAreNotFinite)
{
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    Volumes inImage = RandomVolumes({ { 11, 11, 11 } });
    Volumes inTruth = inImage;
    inImage.image[1000] = bad;
    inTruth.truth[1330] = bad;
    ExpectError([&] { inImage.Quality().ComputeErrors(); }, "NaN or infinite");
    ExpectError([&] { inTruth.Quality().ComputeErrors(); }, "NaN or infinite");
  }
}

TEST(ArSSRImageQuality, RefusesTooFewVoxelsAndInvalidRanges)
{
  const auto small = RandomVolumes({ { 11, 10, 11 } });
  ExpectError([&] { small.Quality().ComputeStructuralSimilarity(1.0); }, "SSIM needs 11 voxels along each axis");
  EXPECT_GT(small.Quality().ComputeErrors().meanSquaredError, 0.0);
  ExpectError([&] { RandomVolumes({ { 11, 0, 11 } }).Quality(); }, "at least one along each axis");
  const auto large = RandomVolumes({ { 11, 11, 11 } });
  for (const double range : { 0.0, -1.0, std::numeric_limits<double>::quiet_NaN() })
  {
    ExpectError([&] { large.Quality().ComputeStructuralSimilarity(range); }, "value range is");
    ExpectError([&] { ArSSRImageQuality::PeakSignalToNoiseRatio(1.0, range); }, "value range is");
  }
}
