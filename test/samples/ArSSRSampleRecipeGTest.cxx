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
#include "samples/ArSSRSampleSource.h"
#include "training/ArSSRRecipeSettings.h"

#include "samples/ArSSRSampleTestHelpers.h"
#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRTrainingImage;
using itk::ArSSRTrainingRecipe;
using itk::arssr::test::MakeImage;
using itk::arssr::test::MakeTexture;

using Images = std::vector<ArSSRTrainingImage>;

constexpr std::uint64_t Ample = std::uint64_t{ 1 } << 30;

/** Small patches of real images at one level, all augmentation on. */
ArSSRTrainingRecipe
MakeRecipe()
{
  ArSSRTrainingRecipe recipe;
  recipe.SetNumber("patch_size", 6);
  recipe.SetNumber("samples", 100);
  recipe.SetNumber("procedural_volumes", 0);
  recipe.SetNumber("resolution_levels", 1);
  return recipe;
}

SampleSource
MakeSource(const ArSSRTrainingRecipe & recipe)
{
  Images images;
  for (std::uint64_t i = 0; i < 4; ++i)
  {
    images.push_back(MakeImage("texture", { { 24, 25, 26 } }, MakeTexture(i)));
  }
  return { ReadSampleSettings(recipe), { images, {}, {} }, Ample, nullptr };
}
} // namespace

// Noise in the truth would be learnt; a gain on one of both would train a change of brightness.
TEST(ArSSRSampleRecipe, GainIsOnBothNoiseOnTheLowResolutionAlone)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("gain_min", 1);
  recipe.SetNumber("gain_max", 1);
  recipe.SetNumber("noise_probability", 0);
  const SampleSource plain = MakeSource(recipe);
  recipe.SetNumber("noise_probability", 1);
  const SampleSource noisy = MakeSource(recipe);
  recipe.SetNumber("noise_probability", 0);
  recipe.SetNumber("gain_min", 0.5);
  recipe.SetNumber("gain_max", 0.5);
  const SampleSource dim = MakeSource(recipe);

  double largest = 0.0;
  for (std::uint64_t number = 0; number < 50; ++number)
  {
    const TrainingSample sample = plain.Draw(number);
    const TrainingSample withNoise = noisy.Draw(number);
    EXPECT_EQ(sample.values, withNoise.values);
    EXPECT_EQ(sample.points, withNoise.points);
    double sum = 0.0;
    for (std::size_t i = 0; i < sample.lowResolution.size(); ++i)
    {
      sum += std::pow(withNoise.lowResolution[i] - sample.lowResolution[i], 2.0);
    }
    const double deviation = std::sqrt(sum / static_cast<double>(sample.lowResolution.size()));
    EXPECT_GT(deviation, 0.0);
    EXPECT_LT(deviation, 0.025); // noise_max is 0.02, of 216 voxels
    largest = std::max(largest, deviation);

    const TrainingSample half = dim.Draw(number);
    for (std::size_t i = 0; i < sample.values.size(); ++i)
    {
      EXPECT_EQ(half.values[i], 0.5F * sample.values[i]);
    }
    for (std::size_t i = 0; i < sample.lowResolution.size(); ++i)
    {
      EXPECT_EQ(half.lowResolution[i], 0.5F * sample.lowResolution[i]);
    }
  }
  EXPECT_GT(largest, 0.014);
}

// Two intensities for one would give a tissue two values within a sample.
TEST(ArSSRSampleRecipe, ContrastIsAFunctionOfTheIntensityAlone)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  for (const char * fixed : { "gain_min", "gain_max", "gamma_max" })
  {
    recipe.SetNumber(fixed, 1);
  }
  recipe.Set("flip", "off");
  recipe.Set("permute", "off");
  recipe.SetNumber("noise_probability", 0);
  const SampleSource plain = MakeSource(recipe);
  recipe.SetNumber("contrast_probability", 1);
  const SampleSource changed = MakeSource(recipe);

  bool reversed = false;
  for (std::uint64_t number = 0; number < 50; ++number)
  {
    const TrainingSample before = plain.Draw(number);
    const TrainingSample after = changed.Draw(number);
    EXPECT_EQ(before.points, after.points);
    EXPECT_NE(before.lowResolution, after.lowResolution);
    std::map<float, float> curve;
    for (std::size_t i = 0; i < before.values.size(); ++i)
    {
      const auto known = curve.emplace(before.values[i], after.values[i]);
      EXPECT_EQ(known.first->second, after.values[i]) << "one intensity became two";
    }
    for (auto point = curve.begin(), next = std::next(point); next != curve.end(); ++point, ++next)
    {
      EXPECT_LE(std::abs(next->second - point->second), 6.0F * (next->first - point->first) + 1e-6F);
      reversed = reversed || next->second < point->second;
    }
  }
  EXPECT_TRUE(reversed);
}

// Patch and values on different curves would train a change of contrast.
TEST(ArSSRSampleRecipe, GammaIsThatOfTheSample)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("gain_min", 1);
  recipe.SetNumber("gain_max", 1);
  const SampleSource curved = MakeSource(recipe);
  // The same numbers are drawn, but the power is 1 to within 1e-9.
  recipe.SetNumber("gamma_max", 1.000000001);
  const SampleSource straight = MakeSource(recipe);
  double             least = 10.0;
  double             most = 0.1;
  for (std::uint64_t number = 0; number < 100; ++number)
  {
    const TrainingSample sample = straight.Draw(number);
    const TrainingSample power = curved.Draw(number);
    const double         gamma = std::log(power.values[0]) / std::log(sample.values[0]);
    least = std::min(least, gamma);
    most = std::max(most, gamma);
    for (std::size_t i = 0; i < sample.values.size(); ++i)
    {
      EXPECT_NEAR(power.values[i], std::pow(sample.values[i], gamma), 0.005);
    }
  }
  EXPECT_GT(least, 1.0 / 1.32);
  EXPECT_LT(least, 0.85);
  EXPECT_GT(most, 1.2);
  EXPECT_LT(most, 1.32);
}

TEST(ArSSRSampleRecipe, ForegroundBiasIsTheShareOfPatchesThatMustHaveForeground)
{
  const auto          ball = MakeImage("ball", { { 60, 60, 60 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return std::pow(z - 20, 2) + std::pow(y - 25, 2) + std::pow(x - 30, 2) < 16 * 16 ? 1.0F : 0.0F;
  });
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.Set("permute", "off");
  recipe.SetNumber("patch_margin", 0);
  const auto countBright = [&](double bias) {
    recipe.SetNumber("foreground_bias", bias);
    const SampleSource source(ReadSampleSettings(recipe), { { ball }, {}, {} }, Ample, nullptr);
    int                bright = 0;
    for (std::uint64_t number = 0; number < 300; ++number)
    {
      const std::vector<float> values = source.Draw(number).values;
      // A quarter of the patch's voxels; fewer may be among the points.
      bright += std::count_if(values.begin(), values.end(), [](float value) { return value > 0.0F; }) >= 12 ? 1 : 0;
    }
    return bright;
  };
  const int never = countBright(0.0);
  const int always = countBright(1.0);
  EXPECT_LT(never, 150);
  EXPECT_GT(always, 290);
  EXPECT_NEAR(countBright(0.5), 0.5 * (never + always), 35.0); // four standard deviations
}

TEST(ArSSRSampleRecipe, ProceduralVolumesGiveTheirShare)
{
  // Training images are zero but for one corner, so that their samples can be told from others.
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("foreground_bias", 0);
  recipe.SetNumber("procedural_volumes", 2);
  recipe.SetNumber("procedural_size", 16);
  recipe.SetNumber("procedural_probability", 0.4);
  const auto         dark = MakeImage("dark", { { 60, 60, 60 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return z + y + x == 0 ? 1.0F : 0.0F;
  });
  const SampleSource source(ReadSampleSettings(recipe), { { dark }, {}, {} }, Ample, nullptr);
  int                bright = 0;
  for (std::uint64_t number = 0; number < 500; ++number)
  {
    const TrainingSample sample = source.Draw(number);
    bright += std::accumulate(sample.values.begin(), sample.values.end(), 0.0) > 0.0 ? 1 : 0;
  }
  EXPECT_NEAR(bright, 200, 44); // four standard deviations

  const SampleSource alone(ReadSampleSettings(recipe), {}, Ample, nullptr);
  for (std::uint64_t number = 0; number < 20; ++number)
  {
    const TrainingSample sample = alone.Draw(number);
    EXPECT_GT(std::accumulate(sample.values.begin(), sample.values.end(), 0.0), 0.0);
  }
}

TEST(ArSSRSampleRecipe, LabelMapsGiveTheirShare)
{
  // As above; label maps of two tissues make volumes that are never dark as a whole.
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("foreground_bias", 0);
  recipe.SetNumber("synthetic_volumes", 4);
  recipe.SetNumber("synthetic_size", 16);
  recipe.SetNumber("synthetic_probability", 0.4);
  const auto dark = MakeImage("dark", { { 60, 60, 60 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return z + y + x == 0 ? 1.0F : 0.0F;
  });
  const auto labels = MakeImage(
    "labels", { { 20, 20, 20 } }, [](std::int64_t z, std::int64_t, std::int64_t) { return z < 10 ? 5.0F : 2.0F; });
  const SampleSource source(ReadSampleSettings(recipe), { { dark }, {}, { labels } }, Ample, nullptr);
  int                bright = 0;
  for (std::uint64_t number = 0; number < 500; ++number)
  {
    const TrainingSample sample = source.Draw(number);
    bright += std::accumulate(sample.values.begin(), sample.values.end(), 0.0) > 0.0 ? 1 : 0;
  }
  EXPECT_NEAR(bright, 200, 44); // four standard deviations

  const SampleSource alone(ReadSampleSettings(recipe), { {}, {}, { labels } }, Ample, nullptr);
  for (std::uint64_t number = 0; number < 20; ++number)
  {
    const TrainingSample sample = alone.Draw(number);
    EXPECT_GT(std::accumulate(sample.values.begin(), sample.values.end(), 0.0), 0.0);
  }
  recipe.SetNumber("synthetic_probability", 0);
  test::ExpectError(
    [&] {
      SampleSource(ReadSampleSettings(recipe), { { dark }, {}, { labels } }, Ample, nullptr);
    },
    "synthetic_probability");
  recipe.SetNumber("synthetic_probability", 1);
  recipe.SetNumber("patch_size", 12);
  test::ExpectError(
    [&] {
      SampleSource(ReadSampleSettings(recipe), { {}, {}, { labels } }, Ample, nullptr);
    },
    "synthetic_size");
  recipe = MakeRecipe();
  const auto         image = MakeImage("image", { { 20, 20, 20 } }, MakeTexture(1));
  const SampleSource wrong(ReadSampleSettings(recipe), { {}, {}, { image } }, Ample, nullptr);
  test::ExpectError([&] { wrong.Draw(0); }, "label map 'image'");
}

// Recipes that differ in their scans alone are compared on the same places and truth.
TEST(ArSSRSampleRecipe, PointSpreadsChangeTheScanAlone)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("noise_probability", 0);
  const SampleSource gaussian = MakeSource(recipe);
  recipe.SetNumber("gaussian_share", 0);
  recipe.SetNumber("sinc_share", 1);
  const SampleSource sinc = MakeSource(recipe);
  for (std::uint64_t number = 0; number < 20; ++number)
  {
    const TrainingSample one = gaussian.Draw(number);
    const TrainingSample other = sinc.Draw(number);
    EXPECT_EQ(one.values, other.values);
    EXPECT_EQ(one.points, other.points);
    EXPECT_EQ(one.voxelSize, other.voxelSize);
    EXPECT_NE(one.lowResolution, other.lowResolution);
  }
}

// A resumed training draws in another order and memory state; its samples must have the same bits.
TEST(ArSSRSampleRecipe, ScansAreReproducible)
{
  ArSSRTrainingRecipe recipe("scanners");
  recipe.SetNumber("patch_size", 6);
  recipe.SetNumber("samples", 50);
  recipe.SetNumber("procedural_volumes", 0);
  recipe.SetNumber("synthetic_size", 16);
  recipe.Set("resolution_levels", "1,1.3");
  const auto labels = MakeImage("labels", { { 20, 20, 20 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return static_cast<float>((z / 7 + y / 8 + x / 9) % 4);
  });
  const auto image = MakeImage("image", { { 24, 25, 26 } }, MakeTexture(1));
  constexpr std::uint64_t     little = 150000; // images come and go
  const SampleSource          one(ReadSampleSettings(recipe), { { image }, { image }, { labels } }, little, nullptr);
  const SampleSource          other(ReadSampleSettings(recipe), { { image }, { image }, { labels } }, little, nullptr);
  std::vector<TrainingSample> samples;
  for (std::uint64_t number = 0; number < 150; ++number)
  {
    samples.push_back(one.Draw(number));
  }
  for (std::uint64_t number = 150; number-- > 0;)
  {
    const TrainingSample again = other.Draw(number);
    EXPECT_TRUE(samples[number].lowResolution == again.lowResolution) << number;
    EXPECT_TRUE(samples[number].values == again.values) << number;
  }
  for (std::size_t number = 0; number < one.GetNumberOfValidationSamples(); ++number)
  {
    EXPECT_TRUE(one.DrawValidation(number).lowResolution == other.DrawValidation(number).lowResolution) << number;
  }
}

TEST(ArSSRSampleRecipe, ValidationHasTheRecipesNoiseInTurns)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.Set("validation_scales", "2");
  recipe.SetNumber("validation_samples", 6);
  const auto         image = MakeImage("image", { { 24, 25, 26 } }, MakeTexture(1));
  const SampleSource clean(ReadSampleSettings(recipe), { { image }, { image }, {} }, Ample, nullptr);
  recipe.Set("validation_noise", "0,0.02,0.1");
  const SampleSource noisy(ReadSampleSettings(recipe), { { image }, { image }, {} }, Ample, nullptr);
  ASSERT_EQ(noisy.GetNumberOfValidationSamples(), 6U);
  for (std::size_t number = 0; number < 6; ++number)
  {
    const TrainingSample one = clean.DrawValidation(number);
    const TrainingSample other = noisy.DrawValidation(number);
    EXPECT_EQ(one.values, other.values);
    double sum = 0.0;
    for (std::size_t i = 0; i < one.lowResolution.size(); ++i)
    {
      sum += std::pow(one.lowResolution[i] - other.lowResolution[i], 2.0);
    }
    const double expected = std::vector<double>{ 0.0, 0.02, 0.1 }[number % 3];
    EXPECT_NEAR(std::sqrt(sum / static_cast<double>(one.lowResolution.size())), expected, 0.2 * expected);
  }
}

TEST(ArSSRSampleRecipe, LevelsThatDoNotFitAreLeftOut)
{
  // At 1.3 and 2 the image has 19 and 12 voxels along its shortest axis; patches take 18 at least.
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("patch_size", 12);
  recipe.Set("resolution_levels", "1,1.3,2");
  const auto   reads = std::make_shared<std::atomic<int>>(0);
  const Images images{ MakeImage("texture", { { 24, 40, 40 } }, MakeTexture(1), reads) };
  // The texture's contrast is much smaller at 1.3, so that samples of that level can be told.
  recipe.SetNumber("gain_min", 1);
  recipe.SetNumber("gain_max", 1);
  recipe.SetNumber("gamma_max", 1);
  const SampleSource source(ReadSampleSettings(recipe), { images, {}, {} }, Ample, nullptr);
  int                own = 0;
  int                coarse = 0;
  for (std::uint64_t number = 0; number < 200; ++number)
  {
    const std::vector<float> values = source.Draw(number).values;
    const auto               count = static_cast<double>(values.size());
    const double             mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    const double variance = std::accumulate(values.begin(), values.end(), 0.0, [&](double sum, float value) {
      return sum + (value - mean) * (value - mean) / count;
    });
    own += std::sqrt(variance) > 0.22 ? 1 : 0; // 0.29 for uniform numbers
    coarse += std::sqrt(variance) < 0.16 ? 1 : 0;
  }
  EXPECT_EQ(own + coarse, 200);
  EXPECT_NEAR(own, 119, 28); // square roots of 38400 and 18259 voxels
  EXPECT_EQ(*reads, 1);
}
