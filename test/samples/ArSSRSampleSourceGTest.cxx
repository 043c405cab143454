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
#include "samples/ArSSRWorkingSets.h"
#include "support/ArSSRTestHelpers.h"

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

const GridIndex         Size{ { 24, 25, 26 } };
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
  return { ReadSampleSettings(recipe), { MakeTextures(4), {}, {} }, memory, nullptr };
}
} // namespace

// Resuming, several processes and prefetching rest on this property.
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

// A cohort beyond the memory budget would otherwise be read once for each sample.
TEST(ArSSRSampleSource, ReadsACohortInRounds)
{
  std::vector<Counter> reads;
  const SampleSource source(ReadSampleSettings(MakeRecipe()), { MakeTextures(6, &reads), {}, {} }, 2 * Bytes, nullptr);
  const auto         count = [&reads] {
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

// One blank scan must neither stop a training nor give samples without contrast.
TEST(ArSSRSampleSource, ConstantImagesAreLeftOutWithOneWarning)
{
  std::vector<std::string> warnings;
  Images                   images = MakeTextures(1);
  images.insert(images.begin(), MakeConstant("blank.nii"));
  const SampleSource source(ReadSampleSettings(MakeRecipe()),
                            { images, { MakeConstant("black.nii") }, {} },
                            Ample,
                            [&](const std::string & message) { warnings.push_back(message); });
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
  const SampleSource rounds(ReadSampleSettings(MakeRecipe()), { images, {}, {} }, Bytes, nullptr);
  for (std::uint64_t number = 0; number < 7 * WorkingSets::SamplesPerImage; number += 32)
  {
    EXPECT_EQ(rounds.Draw(number).values.size(), 100U);
  }
  const SampleSource none(
    ReadSampleSettings(MakeRecipe()), { { MakeConstant("a"), MakeConstant("b") }, {}, {} }, Ample, nullptr);
  test::ExpectError([&none] { none.Draw(0); }, "nothing to train on");
}

TEST(ArSSRSampleSource, RefusesUnusableImages)
{
  const ArSSRTrainingRecipe recipe = MakeRecipe();
  test::ExpectError([&] { SampleSource(ReadSampleSettings(recipe), {}, Ample, nullptr); }, "no training image");

  // 6 LR voxels at 1.5 are 9.
  const auto small = MakeImage("small.nii", { { 30, 8, 20 } }, MakeTexture(0));
  const auto message = test::MessageOf([&] {
    SampleSource(ReadSampleSettings(recipe), { { MakeTextures(1)[0], small }, {}, {} }, Ample, nullptr);
  });
  for (const char * part : { "small.nii", "20 x 8 x 30", "needs 9", "scale_min" })
  {
    EXPECT_TRUE(test::Contains(message, part)) << message;
  }
  test::ExpectError(
    [&] {
      SampleSource(ReadSampleSettings(recipe), { MakeTextures(1), { small }, {} }, Ample, nullptr);
    },
    "small.nii");
  ArSSRTrainingRecipe procedural = recipe;
  procedural.SetNumber("procedural_volumes", 2);
  procedural.SetNumber("procedural_size", 16);
  procedural.SetNumber("patch_size", 12);
  test::ExpectError([&] { SampleSource(ReadSampleSettings(procedural), {}, Ample, nullptr); }, "procedural_size");

  const auto broken =
    MakeImage("broken.nii", Size, [](auto, auto, auto) { return std::numeric_limits<float>::quiet_NaN(); });
  const SampleSource source(ReadSampleSettings(recipe), { { broken }, {}, {} }, Ample, nullptr);
  test::ExpectError([&source] { source.Draw(0); }, "broken.nii");
}

// Figures of different epochs can be compared only on the same samples.
TEST(ArSSRSampleSource, ValidationSamplesAreTheSameEveryTime)
{
  std::vector<Counter> reads;
  Images               validation = MakeTextures(2, &reads);
  validation.insert(validation.begin() + 1, MakeConstant("blank.nii"));
  ArSSRTrainingRecipe recipe = MakeRecipe();
  recipe.SetNumber("noise_probability", 1);
  recipe.SetNumber("validation_samples", 3);
  recipe.Set("validation_scales", "2,1x1x2.5");
  const SampleSource source(ReadSampleSettings(recipe), { MakeTextures(1), validation, {} }, 0, nullptr);
  EXPECT_EQ(*reads[0] + *reads[1], 0);
  ASSERT_EQ(source.GetNumberOfValidationSamples(), 12U);

  std::vector<TrainingSample> samples;
  for (std::size_t i = 0; i < 12; ++i)
  {
    samples.push_back(source.DrawValidation(i));
    EXPECT_EQ(samples[i].values.size(), 100U);
    const bool thickSlices = i / 3 % 2 == 1;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      EXPECT_NEAR(samples[i].voxelSize[axis],
                  !thickSlices ? 0.5
                  : axis == 0  ? 0.4
                               : 1.0,
                  1e-12); // (z, y, x); the recipe is x-first
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

  const SampleSource without(ReadSampleSettings(recipe), { MakeTextures(1), {}, {} }, 0, nullptr);
  EXPECT_EQ(without.GetNumberOfValidationSamples(), 0U);
}

TEST(ArSSRSampleSource, EpochsSeeACropOfEveryPart)
{
  ArSSRTrainingRecipe recipe("published");
  const Images        images{ MakeImage("a", { { 80, 90, 121 } }, MakeTexture(0)),  // 2 x 2 x 3 crops of 40
                       MakeImage("b", { { 30, 30, 85 } }, MakeTexture(0)) }; // smaller than one along two axes: 2
  recipe.SetNumber("batch", 4);
  EXPECT_EQ(SampleSource(ReadSampleSettings(recipe), { images, {}, {} }, 0, nullptr).GetStepsPerEpoch(),
            4U); // 14 / 4, rounded up
  recipe.SetNumber("batch", 100);
  EXPECT_EQ(SampleSource(ReadSampleSettings(recipe), { images, {}, {} }, 0, nullptr).GetStepsPerEpoch(), 1U);
  recipe.SetNumber("steps_per_epoch", 77);
  EXPECT_EQ(SampleSource(ReadSampleSettings(recipe), { images, {}, {} }, 0, nullptr).GetStepsPerEpoch(), 77U);
}
