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
#include "ArSSRSampleSource.h"

#include "ArSSRSampleTestHelpers.h"
#include "ArSSRTestHelpers.h"
#include "ArSSRWorkingSets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRTrainingImage;
using itk::ArSSRTrainingRecipe;
using itk::arssr::test::MakeImage;
using itk::arssr::test::MakeTexture;

using Counter = std::shared_ptr<std::atomic<int>>;
using Images = std::vector<ArSSRTrainingImage>;

const VolumeIndex       Size{ { 24, 25, 26 } };
constexpr std::uint64_t Bytes = 24 * 25 * 26 * sizeof(float);
constexpr std::uint64_t Ample = std::uint64_t{ 1 } << 30;

/** Small patches of one volume at one level, all augmentation on; no procedural volumes. */
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

Images
MakeTextures(std::size_t count, std::vector<Counter> * reads = nullptr)
{
  Images images;
  for (std::size_t i = 0; i < count; ++i)
  {
    const auto counter = std::make_shared<std::atomic<int>>(0);
    images.push_back(MakeImage("texture " + std::to_string(i), Size, MakeTexture(i), counter));
    if (reads)
    {
      reads->push_back(counter);
    }
  }
  return images;
}

ArSSRTrainingImage
MakeConstant(const std::string & name)
{
  return MakeImage(name, Size, [](auto, auto, auto) { return 0.0F; });
}

/** Whether all of two samples is the same, bit for bit. */
bool
AreSame(const TrainingSample & a, const TrainingSample & b)
{
  return a.patchSize == b.patchSize && a.lowResolution == b.lowResolution && a.points == b.points &&
         a.values == b.values && a.voxelSize == b.voxelSize;
}

SampleSource
MakeSource(const ArSSRTrainingRecipe & recipe, std::uint64_t memory = Ample)
{
  return { recipe, MakeTextures(4), {}, memory, nullptr };
}
} // namespace

TEST(ArSSRSampleSource, SamplesDependOnTheirNumberAlone)
{
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.Set("resolution_levels", "1,1.3");
  recipe.SetNumber("procedural_volumes", 3);
  recipe.SetNumber("procedural_size", 16);
  recipe.SetNumber("procedural_probability", 0.3);
  const SampleSource          source = MakeSource(recipe, 4 * Bytes);
  std::vector<TrainingSample> samples;
  for (std::uint64_t number = 0; number < 600; ++number)
  {
    samples.push_back(source.Draw(number));
  }
  EXPECT_FALSE(AreSame(samples[0], samples[1]));

  // From several threads, in another order, with images coming and going.
  const SampleSource       other = MakeSource(recipe, 4 * Bytes);
  std::atomic<int>         different{ 0 };
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < 3; ++thread)
  {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < 40; ++i)
      {
        const std::uint64_t number = (i * 97 + thread * 31) % 600;
        different += AreSame(other.Draw(number), samples[number]) ? 0 : 1;
      }
    });
  }
  for (std::thread & thread : threads)
  {
    thread.join();
  }
  EXPECT_EQ(different, 0);

  recipe.SetNumber("seed", 1);
  EXPECT_FALSE(AreSame(MakeSource(recipe).Draw(0), samples[0]));
}

TEST(ArSSRSampleSource, GainIsOnBothNoiseOnTheLowResolutionAlone)
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

TEST(ArSSRSampleSource, GammaIsThatOfTheSample)
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

TEST(ArSSRSampleSource, ReadsACohortInRounds)
{
  std::vector<Counter> reads;
  const SampleSource   source(MakeRecipe(), MakeTextures(6, &reads), {}, 2 * Bytes, nullptr);
  const auto           count = [&reads] {
    return std::accumulate(
      reads.begin(), reads.end(), 0, [](int sum, const Counter & counter) { return sum + *counter; });
  };
  EXPECT_EQ(count(), 0);
  for (std::uint64_t number = 0; number < 6 * WorkingSets::SamplesPerImage; ++number)
  {
    source.Draw(number);
  }
  EXPECT_EQ(count(), 6) << "each image is read once in a round of all";
}

TEST(ArSSRSampleSource, ConstantImagesAreLeftOutWithOneWarning)
{
  std::vector<std::string> warnings;
  Images                   images = MakeTextures(1);
  images.insert(images.begin(), MakeConstant("blank.nii"));
  const SampleSource source(
    MakeRecipe(), images, { MakeConstant("black.nii") }, Ample, [&](const std::string & message) {
      warnings.push_back(message);
    });
  EXPECT_TRUE(warnings.empty());
  for (std::uint64_t number = 0; number < 30; ++number)
  {
    const TrainingSample sample = source.Draw(number);
    EXPECT_NE(*std::max_element(sample.values.begin(), sample.values.end()), 0.0F);
  }
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(test::Contains(warnings[0], "blank.nii")) << warnings[0];
  EXPECT_EQ(source.GetNumberOfValidationSamples(), 0U);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_TRUE(test::Contains(warnings[1], "black.nii")) << warnings[1];

  // Also when the images of a round are all constant; not when all are.
  images.insert(images.begin(), 5, MakeConstant("blank.nii"));
  const SampleSource rounds(MakeRecipe(), images, {}, Bytes, nullptr);
  for (std::uint64_t number = 0; number < 7 * WorkingSets::SamplesPerImage; number += 32)
  {
    EXPECT_EQ(rounds.Draw(number).values.size(), 100U);
  }
  const SampleSource none(MakeRecipe(), { MakeConstant("a"), MakeConstant("b") }, {}, Ample, nullptr);
  test::ExpectError([&none] { none.Draw(0); }, "nothing to train on");
}

TEST(ArSSRSampleSource, RefusesWhatItCannotUse)
{
  const ArSSRTrainingRecipe recipe = MakeRecipe();
  test::ExpectError([&] { SampleSource(recipe, {}, {}, Ample, nullptr); }, "no training image");

  // 6 LR voxels at 1.5 are 9.
  const auto small = MakeImage("small.nii", { { 30, 8, 20 } }, MakeTexture(0));
  const auto message = test::MessageOf([&] {
    SampleSource(recipe, { MakeTextures(1)[0], small }, {}, Ample, nullptr);
  });
  for (const char * part : { "small.nii", "20 x 8 x 30", "needs 9", "scale_min" })
  {
    EXPECT_TRUE(test::Contains(message, part)) << message;
  }
  test::ExpectError([&] { SampleSource(recipe, MakeTextures(1), { small }, Ample, nullptr); }, "small.nii");
  ArSSRTrainingRecipe procedural = recipe;
  procedural.SetNumber("procedural_volumes", 2);
  procedural.SetNumber("procedural_size", 16);
  procedural.SetNumber("patch_size", 12);
  test::ExpectError([&] { SampleSource(procedural, {}, {}, Ample, nullptr); }, "procedural_size");

  const auto broken =
    MakeImage("broken.nii", Size, [](auto, auto, auto) { return std::numeric_limits<float>::quiet_NaN(); });
  const SampleSource source(recipe, { broken }, {}, Ample, nullptr);
  test::ExpectError([&source] { source.Draw(0); }, "broken.nii");
}

TEST(ArSSRSampleSource, ValidationSamplesAreTheSameEveryTime)
{
  std::vector<Counter> reads;
  Images               validation = MakeTextures(2, &reads);
  validation.insert(validation.begin() + 1, MakeConstant("blank.nii"));
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("noise_probability", 1);
  recipe.SetNumber("validation_samples", 3);
  recipe.Set("validation_scales", "2,2.5");
  const SampleSource source(recipe, MakeTextures(1), validation, 0, nullptr);
  EXPECT_EQ(*reads[0] + *reads[1], 0);
  ASSERT_EQ(source.GetNumberOfValidationSamples(), 12U);

  std::vector<TrainingSample> samples;
  for (std::size_t i = 0; i < 12; ++i)
  {
    samples.push_back(source.DrawValidation(i));
    EXPECT_EQ(samples[i].values.size(), 100U);
    const double voxelSize = i / 3 % 2 == 0 ? 0.5 : 0.4;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      EXPECT_NEAR(samples[i].voxelSize[axis], voxelSize, 1e-12);
    }
    // Not augmented: intensities are those of the image.
    const Volume       volume = test::MakeVolume(Size, MakeTexture(i / 6));
    std::vector<float> sorted = volume.voxels;
    std::sort(sorted.begin(), sorted.end());
    for (const float value : samples[i].values)
    {
      const float intensity = value * sorted[sorted.size() - sorted.size() / 1000 - 1];
      const auto  above = std::lower_bound(sorted.begin(), sorted.end(), intensity - 1e-6F);
      ASSERT_NE(above, sorted.end());
      EXPECT_NEAR(*above, intensity, 2e-6);
    }
  }
  EXPECT_FALSE(AreSame(samples[0], samples[1]));
  source.Draw(0);
  for (std::size_t i = 12; i-- > 0;)
  {
    EXPECT_TRUE(AreSame(source.DrawValidation(i), samples[i]));
  }
  EXPECT_EQ(*reads[0], 1) << "images are read once";
  EXPECT_EQ(*reads[1], 1);
  test::ExpectError([&source] { source.DrawValidation(12); }, "12");

  const SampleSource without(recipe, MakeTextures(1), {}, 0, nullptr);
  EXPECT_EQ(without.GetNumberOfValidationSamples(), 0U);
}

TEST(ArSSRSampleSource, ProceduralVolumesGiveTheirShare)
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
  const SampleSource source(recipe, { dark }, {}, Ample, nullptr);
  int                bright = 0;
  for (std::uint64_t number = 0; number < 500; ++number)
  {
    const TrainingSample sample = source.Draw(number);
    bright += std::accumulate(sample.values.begin(), sample.values.end(), 0.0) > 0.0 ? 1 : 0;
  }
  EXPECT_NEAR(bright, 200, 44); // four standard deviations

  const SampleSource alone(recipe, {}, {}, Ample, nullptr);
  for (std::uint64_t number = 0; number < 20; ++number)
  {
    const TrainingSample sample = alone.Draw(number);
    EXPECT_GT(std::accumulate(sample.values.begin(), sample.values.end(), 0.0), 0.0);
  }
}

TEST(ArSSRSampleSource, ForegroundBiasIsTheShareOfPatchesThatMustHaveForeground)
{
  const auto          ball = MakeImage("ball", { { 60, 60, 60 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return std::pow(z - 20, 2) + std::pow(y - 25, 2) + std::pow(x - 30, 2) < 16 * 16 ? 1.0F : 0.0F;
  });
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.Set("permute", "off");
  recipe.SetNumber("patch_margin", 0);
  const auto countBright = [&](double bias) {
    recipe.SetNumber("foreground_bias", bias);
    const SampleSource source(recipe, { ball }, {}, Ample, nullptr);
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

TEST(ArSSRSampleSource, EpochsSeeACropOfEveryPart)
{
  ArSSRTrainingRecipe recipe("published");
  const Images        images{ MakeImage("a", { { 80, 90, 121 } }, MakeTexture(0)),  // 2 x 2 x 3 crops of 40
                       MakeImage("b", { { 30, 30, 85 } }, MakeTexture(0)) }; // smaller than one along two axes: 2
  recipe.SetNumber("batch", 4);
  EXPECT_EQ(SampleSource(recipe, images, {}, 0, nullptr).GetStepsPerEpoch(), 4U); // 14 / 4, rounded up
  recipe.SetNumber("batch", 100);
  EXPECT_EQ(SampleSource(recipe, images, {}, 0, nullptr).GetStepsPerEpoch(), 1U);
  recipe.SetNumber("steps_per_epoch", 77);
  EXPECT_EQ(SampleSource(recipe, images, {}, 0, nullptr).GetStepsPerEpoch(), 77U);
}

TEST(ArSSRSampleSource, LevelsThatDoNotFitAreLeftOut)
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
  const SampleSource source(recipe, images, {}, Ample, nullptr);
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
