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
#include "itkArSSRTrainingIntensities.h"

#include "samples/ArSSRSampleTestHelpers.h"
#include "samples/ArSSRVolumeStore.h"
#include "support/ArSSRTestHelpers.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace
{
using itk::ArSSRTrainingIntensities;
using itk::arssr::GridIndex;
using itk::arssr::VolumeStore;
using itk::arssr::test::ExpectError;
using itk::arssr::test::MakeImage;
using ImageType = ArSSRTrainingIntensities::ImageType;

ImageType::Pointer
MakeItkImage(const ImageType::SizeType & size, const std::vector<float> & voxels)
{
  const auto image = ImageType::New();
  image->SetRegions(size);
  image->Allocate();
  std::copy(voxels.begin(), voxels.end(), image->GetBufferPointer());
  return image;
}

// Negative ones, zeros, and a few that are clipped.
float
Intensity(std::int64_t z, std::int64_t y, std::int64_t x)
{
  const auto number = (z * 11 + y) * 13 + x;
  return number % 997 == 5 ? 4000.0F + static_cast<float>(number) : static_cast<float>(number % 613) * 0.37F - 21.0F;
}
} // namespace

// Evaluation in other intensities than those of the training would measure something else.
TEST(ArSSRTrainingIntensities, AgreeWithTheTrainersVoxels)
{
  const GridIndex    size{ { 17, 11, 13 } };
  std::vector<float> voxels;
  for (std::int64_t z = 0; z < size[0]; ++z)
  {
    for (std::int64_t y = 0; y < size[1]; ++y)
    {
      for (std::int64_t x = 0; x < size[2]; ++x)
      {
        voxels.push_back(Intensity(z, y, x));
      }
    }
  }
  const auto image = MakeItkImage({ { 13, 11, 17 } }, voxels);
  const auto before = image->GetMTime();
  ASSERT_TRUE(ArSSRTrainingIntensities::ScaleImage(image));
  EXPECT_GT(image->GetMTime(), before);

  const VolumeStore store({ { MakeImage("scan", size, &Intensity), { 1.0 } } }, 1 << 20, nullptr);
  const auto        volume = store.Get(0, 0);
  const auto *      scaled = image->GetBufferPointer();
  EXPECT_EQ(std::vector<float>(scaled, scaled + voxels.size()), volume->voxels);
  const auto ends = std::minmax_element(volume->voxels.begin(), volume->voxels.end());
  EXPECT_EQ(*ends.first, 0.0F);
  EXPECT_EQ(*ends.second, ArSSRTrainingIntensities::Maximum);
  EXPECT_EQ(ArSSRTrainingIntensities::GetMaximum(), 1.2F);
}

TEST(ArSSRTrainingIntensities, AreUnchangedWhenAllAreTheSame)
{
  const auto image = MakeItkImage({ { 2, 1, 2 } }, std::vector<float>(4, 7.0F));
  EXPECT_FALSE(ArSSRTrainingIntensities::ScaleImage(image));
  EXPECT_EQ(image->GetPixel({ { 1, 0, 1 } }), 7.0F);
}

TEST(ArSSRTrainingIntensities, AreFinite)
{
  for (const float bad : { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() })
  {
    const auto image = MakeItkImage({ { 2, 1, 2 } }, { 1.0F, 2.0F, bad, 3.0F });
    ExpectError([&] { ArSSRTrainingIntensities::ScaleImage(image); }, "The voxel at index [0, 0, 1] is ");
    EXPECT_EQ(image->GetPixel({ { 1, 0, 0 } }), 2.0F) << "nothing is changed";
  }
}

TEST(ArSSRTrainingIntensities, NeedAnImageInMemory)
{
  ExpectError([] { ArSSRTrainingIntensities::ScaleImage(nullptr); }, "There are no voxels");
  ExpectError([] { ArSSRTrainingIntensities::ScaleImage(ImageType::New()); }, "There are no voxels");
}
