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
#include "samples/ArSSRSyntheticVolume.h"

#include "samples/ArSSRSampleTestHelpers.h"
#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace
{
using namespace itk::arssr;

const GridIndex Size{ { 40, 44, 36 } };

/** A ball of label 7 with a core of label 3. */
Volume
MakeLabels()
{
  return test::MakeVolume(Size, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    const double distance = std::sqrt(std::pow(z - 20.0, 2) + std::pow(y - 22.0, 2) + std::pow(x - 18.0, 2));
    return distance < 7.0 ? 3.0F : distance < 14.0 ? 7.0F : 0.0F;
  });
}

std::vector<float>
Make(std::uint64_t seed, std::uint64_t number, const Volume & labels, std::int64_t size = 32)
{
  std::vector<float> voxels(static_cast<std::size_t>(GetNumberOfVoxels(GetSyntheticSize(labels.size, size))), -1.0F);
  MakeSyntheticVolume(seed, number, labels, "labels.nii", size, voxels.data());
  return voxels;
}
} // namespace

// A volume that was dropped from memory is made again; other bits would make samples depend on the memory budget.
TEST(ArSSRSyntheticVolume, SeedAndNumberGiveTheVolume)
{
  const Volume labels = MakeLabels();
  const auto   first = Make(1, 2, labels);
  EXPECT_EQ(first, Make(1, 2, labels));
  EXPECT_NE(first, Make(1, 3, labels));
  EXPECT_NE(first, Make(2, 2, labels));
}

TEST(ArSSRSyntheticVolume, ShowsAPartOfTheMapThatIsNotAllBackground)
{
  EXPECT_EQ(GetSyntheticSize(Size, 32), (GridIndex{ { 32, 32, 32 } }));
  EXPECT_EQ(GetSyntheticSize(Size, 40), (GridIndex{ { 40, 40, 36 } }));
  // A corner of a large map holds the only tissue.
  const Volume corner = test::MakeVolume({ { 90, 90, 90 } }, [](std::int64_t z, std::int64_t y, std::int64_t x) {
    return z < 30 && y < 30 && x < 30 ? 1.0F : 0.0F;
  });
  int          withTissue = 0;
  for (std::uint64_t number = 0; number < 10; ++number)
  {
    const auto voxels = Make(0, number, corner, 24);
    const auto range = std::minmax_element(voxels.begin(), voxels.end());
    EXPECT_GE(*range.first, 0.0F);
    EXPECT_LT(*range.second, 2.0F);
    ASSERT_TRUE(std::all_of(voxels.begin(), voxels.end(), [](float value) { return std::isfinite(value); }));
    withTissue += *range.second - *range.first > 0.1F ? 1 : 0;
  }
  EXPECT_GE(withTissue, 5);
}

// A fixed order of brightness would tie the network to one contrast.
TEST(ArSSRSyntheticVolume, TissuesHaveRandomBrightness)
{
  // In the middle of the core, of the ball and of the background, over many volumes: each is sometimes the brightest.
  const Volume labels = MakeLabels();
  int          coreIsBrightest = 0;
  int          ballIsBrightest = 0;
  for (std::uint64_t number = 0; number < 40; ++number)
  {
    const auto  voxels = Make(0, number, labels, 44); // all of the map along z and x, at most a part along none
    const float darkest = *std::min_element(voxels.begin(), voxels.end());
    const float brightest = *std::max_element(voxels.begin(), voxels.end());
    const auto  at = [&](std::int64_t z, std::int64_t y, std::int64_t x) { // relative
      return (voxels[static_cast<std::size_t>((z * 44 + y) * 36 + x)] - darkest) / (brightest - darkest);
    };
    float most = 0.0F;
    for (std::int64_t i = 10; i < 26; ++i)
    {
      most = std::max(most, at(20, 22, i));
    }
    coreIsBrightest += most > 0.9F ? 1 : 0;
    ballIsBrightest += most < 0.6F ? 1 : 0;
  }
  EXPECT_GT(coreIsBrightest, 3);
  EXPECT_GT(ballIsBrightest, 3);
}

// Sharper borders would show the map's voxels as steps.
TEST(ArSSRSyntheticVolume, BordersAreSmoothAndAboutAVoxelWide)
{
  const Volume labels = MakeLabels();
  for (std::uint64_t number = 0; number < 6; ++number)
  {
    const auto   voxels = Make(0, number, labels);
    const double ratio = test::GetSmoothness(voxels);
    EXPECT_GT(ratio, 2.15) << "volume " << number;
    EXPECT_LT(ratio, 3.4) << "volume " << number;
  }
}

TEST(ArSSRSyntheticVolume, RefusesImagesThatAreNotLabelMaps)
{
  const auto expect = [](const test::VoxelFunction & voxel, const char * part) {
    const Volume labels = test::MakeVolume({ { 20, 20, 20 } }, voxel);
    const auto   message = test::MessageOf([&] { Make(0, 0, labels, 16); });
    EXPECT_TRUE(test::Contains(message, "labels.nii")) << message;
    EXPECT_TRUE(test::Contains(message, part)) << message;
  };
  expect([](auto z, auto y, auto x) { return z + y + x == 0 ? 2.5F : 1.0F; }, "the label 2.5; whole numbers");
  expect([](auto z, auto y, auto x) { return z + y + x == 30 ? std::nanf("") : 1.0F; }, "the label nan");
  expect([](auto z, auto y, auto x) { return static_cast<float>((z * 20 + y) * 20 + x); },
         "more than a thousand labels");
}
