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
#include "samples/ArSSRVolumeStore.h"

#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRSampleTestHelpers.h"
#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace
{
using namespace itk::arssr;
using itk::arssr::test::MakeImage;
using itk::arssr::test::MakeTexture;

using Counter = std::shared_ptr<std::atomic<int>>;

const GridIndex         Size{ { 8, 9, 10 } };
constexpr std::uint64_t Bytes = 8 * 9 * 10 * sizeof(float);

/** Textures, and how often each was read. */
std::vector<StoredImage>
MakeTextures(std::size_t count, std::vector<Counter> & reads)
{
  std::vector<StoredImage> images;
  for (std::size_t i = 0; i < count; ++i)
  {
    reads.push_back(std::make_shared<std::atomic<int>>(0));
    images.push_back({ MakeImage("texture " + std::to_string(i), Size, MakeTexture(i), reads.back()), { 1.0 } });
  }
  return images;
}
} // namespace

TEST(ArSSRVolumeStore, ReadsOnlyRequestedImages)
{
  std::vector<Counter> reads;
  const VolumeStore    store(MakeTextures(3, reads), 3 * Bytes, nullptr);
  EXPECT_EQ(*reads[0] + *reads[1] + *reads[2], 0);
  const auto volume = store.Get(1, 0);
  EXPECT_EQ(volume->size, Size);
  store.Get(1, 0);
  EXPECT_EQ(*reads[0], 0);
  EXPECT_EQ(*reads[1], 1);
  EXPECT_EQ(*reads[2], 0);
}

// Another order would drop the images of the current working set.
TEST(ArSSRVolumeStore, DropsTheLeastRecentlyUsedImage)
{
  std::vector<Counter> reads;
  const VolumeStore    store(MakeTextures(3, reads), 2 * Bytes + Bytes / 2, nullptr);
  store.Get(0, 0);
  const std::weak_ptr<const Volume> dropped = store.Get(1, 0);
  store.Get(0, 0);
  EXPECT_FALSE(dropped.expired());
  store.Get(2, 0); // in place of 1
  EXPECT_TRUE(dropped.expired());
  store.Get(0, 0);
  store.Get(2, 0);
  EXPECT_EQ(*reads[0], 1);
  EXPECT_EQ(*reads[2], 1);
  store.Get(1, 0); // in place of 0
  EXPECT_EQ(*reads[1], 2);
  store.Get(2, 0);
  EXPECT_EQ(*reads[2], 1);
}

// A budget below one image must slow a training down, not stop it.
TEST(ArSSRVolumeStore, HoldsOneImageWithAnyBudget)
{
  std::vector<Counter> reads;
  const VolumeStore    store(MakeTextures(2, reads), 0, nullptr);
  for (int i = 0; i < 3; ++i)
  {
    EXPECT_TRUE(store.Get(0, 0));
  }
  EXPECT_EQ(*reads[0], 1);
  const auto kept = store.Get(0, 0);
  store.Get(1, 0);
  EXPECT_EQ(kept->voxels.size(), Bytes / sizeof(float)) << "a volume in use stays";
}

// A model sees scaled intensities when it is applied: training on others would shift its results.
TEST(ArSSRVolumeStore, ScalesIntensitiesAsTheFilterDoes)
{
  // 2000 voxels above the lower end, -50: the 99.9th percentile is the third highest, 1998 above it.
  const GridIndex   size{ { 3, 23, 29 } }; // 2001 voxels
  const auto        image = MakeImage("ramp", size, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    const auto number = (z * 23 + y) * 29 + x;
    return static_cast<float>(number == 2000 ? 5000 : number) - 50.0F;
  });
  const VolumeStore store({ { image, { 1.0 } } }, Bytes, nullptr);
  const auto        volume = store.Get(0, 0);
  EXPECT_EQ(volume->voxels[0], 0.0F);
  EXPECT_NEAR(volume->voxels[999], 999.0 / 1998.0, 1e-6);
  EXPECT_NEAR(volume->voxels[1998], 1.0, 1e-6);
  EXPECT_EQ(volume->voxels[2000], 1.2F) << "far above the percentile";

  // A small positive minimum is not taken away.
  const VolumeStore positive(
    { { MakeImage("positive", { { 1, 1, 4 } }, [](auto, auto, std::int64_t x) { return x == 0 ? 1.0F : 8.0F; }),
        { 1.0 } } },
    Bytes,
    nullptr);
  EXPECT_EQ(positive.Get(0, 0)->voxels, (std::vector<float>{ 0.125F, 1.0F, 1.0F, 1.0F }));

  // Unless zero is far below it.
  const VolumeStore offset(
    { { MakeImage("offset", { { 1, 1, 4 } }, [](auto, auto, std::int64_t x) { return x == 0 ? 32768.0F : 32772.0F; }),
        { 1.0 } } },
    Bytes,
    nullptr);
  EXPECT_EQ(offset.Get(0, 0)->voxels, (std::vector<float>{ 0.0F, 1.0F, 1.0F, 1.0F }));
}

TEST(ArSSRVolumeStore, MakesLevelsOfAnImageTogether)
{
  const auto        reads = std::make_shared<std::atomic<int>>(0);
  const StoredImage stored{ MakeImage("texture", Size, MakeTexture(1), reads), { 1.0, 1.4, 2.0 } };
  EXPECT_EQ(stored.GetBytes(), Bytes + (6 * 6 * 7 + 4 * 5 * 5) * sizeof(float)); // halves are rounded up
  const VolumeStore store({ stored }, 0, nullptr);
  const auto        own = store.Get(0, 0);
  EXPECT_EQ(store.Get(0, 1)->size, (GridIndex{ { 6, 6, 7 } }));
  EXPECT_EQ(store.Get(0, 1)->voxels, DegradeVolume(*own, 1.4).voxels);
  EXPECT_EQ(store.Get(0, 2)->voxels, DegradeVolume(*own, 2.0).voxels);
  EXPECT_EQ(*reads, 1);
}

TEST(ArSSRVolumeStore, LeavesOutConstantImagesWithOneWarning)
{
  std::vector<std::string> warnings;
  const auto               reads = std::make_shared<std::atomic<int>>(0);
  const auto               constant = MakeImage(
    "blank.nii", Size, [](auto, auto, auto) { return 7.0F; }, reads);
  const VolumeStore store(
    { { constant, { 1.0, 1.4 } } }, Bytes, [&warnings](const std::string & message) { warnings.push_back(message); });
  EXPECT_TRUE(warnings.empty()) << "before anything was read";
  EXPECT_FALSE(store.Get(0, 0));
  EXPECT_FALSE(store.Get(0, 1));
  EXPECT_EQ(*reads, 1);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(test::Contains(warnings[0], "blank.nii"));
}

TEST(ArSSRVolumeStore, RefusesVoxelsThatAreNotFinite)
{
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    const auto        image = MakeImage("broken.nii", Size, [bad](std::int64_t z, std::int64_t y, std::int64_t x) {
      return z == 2 && y == 3 && x == 4 ? bad : 1.0F;
    });
    const VolumeStore store({ { image, { 1.0 } } }, Bytes, nullptr);
    const std::string message = test::MessageOf([&store] { store.Get(0, 0); });
    EXPECT_TRUE(test::Contains(message, "broken.nii")) << message;
    EXPECT_TRUE(test::Contains(message, "(4, 3, 2)")) << message;
  }
}

// Parallel reading would exceed the budget by an image for each thread.
TEST(ArSSRVolumeStore, ServesManyThreadsReadingOneImageAtATime)
{
  std::atomic<int>         reading{ 0 };
  std::atomic<bool>        overlapped{ false };
  std::vector<StoredImage> images;
  for (std::uint64_t i = 0; i < 4; ++i)
  {
    StoredImage stored{ MakeImage("texture", Size, MakeTexture(i)), { 1.0 } };
    stored.image.read = [&, read = stored.image.read](float * buffer) {
      overlapped = overlapped || ++reading > 1;
      std::this_thread::yield();
      read(buffer);
      --reading;
    };
    images.push_back(stored);
  }
  const VolumeStore        store(images, 2 * Bytes, nullptr);
  std::atomic<bool>        wrong{ false };
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread)
  {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < 100; ++i)
      {
        const std::size_t image = (i * 7 + thread) % 4;
        const auto        volume = store.Get(image, 0);
        std::this_thread::yield();
        // Its highest voxel is the percentile of so few, so that others tell images apart.
        const float factor = volume->voxels[5] / MakeTexture(image)(0, 0, 5);
        wrong = wrong || std::abs(volume->voxels[77] - factor * MakeTexture(image)(0, 7, 7)) > 1e-5;
      }
    });
  }
  for (std::thread & thread : threads)
  {
    thread.join();
  }
  EXPECT_FALSE(wrong);
  EXPECT_FALSE(overlapped);
}
