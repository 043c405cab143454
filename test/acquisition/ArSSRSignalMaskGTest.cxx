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
#include "itkArSSRSignalMask.h"

#include "itkGTest.h"
#include "itkIndexRange.h"

#include <algorithm>

namespace
{
using itk::ArSSRSignalMask;
using BlockType = itk::ArSSRVoxelBlock;
using RegionType = BlockType::RegionType;
using Noise = ArSSRSignalMask::Noise;

// Bright where x < 4, dark beyond, with a little texture; constant where x > 8.
BlockType
Scan()
{
  BlockType          scan(RegionType({ { 0, 0, 0 } }, { { 13, 4, 3 } }));
  itk::SizeValueType i = 0;
  for (const auto & index : itk::ImageRegionIndexRange<3>(scan.region))
  {
    const auto texture = static_cast<float>((index[0] + 2 * index[1] + index[2]) % 3);
    scan.voxels[i++] = index[0] < 4 ? 100.0F + texture : index[0] > 8 ? 12.0F : 12.0F + texture;
  }
  return scan;
}

std::vector<unsigned char>
FirstLine(const ArSSRSignalMask & mask)
{
  return mask.Evaluate(RegionType({ { 0, 0, 0 } }, { { 13, 1, 1 } }), Scan());
}
} // namespace


TEST(ArSSRSignalMask, CountsAllVoxelsWithoutNoise)
{
  EXPECT_EQ(FirstLine(ArSSRSignalMask()), std::vector<unsigned char>(13, 1));
  EXPECT_EQ(FirstLine(ArSSRSignalMask(0.0, Noise::Rician)), std::vector<unsigned char>(13, 1));
}

// In a background Rician noise has a mean above 0, which the consistency filter would take for a signal.
TEST(ArSSRSignalMask, CountsVoxelsWithASignalInRicianNoise)
{
  // The mean around x = 4 is about 42, and around x = 5 about 13.
  const std::vector<unsigned char> expected{ 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
  EXPECT_EQ(FirstLine(ArSSRSignalMask(6.0, Noise::Rician)), expected);
  EXPECT_EQ(FirstLine(ArSSRSignalMask(6.0, Noise::Auto)), expected);
}

TEST(ArSSRSignalMask, CountsAllButConstantPartsInGaussianNoise)
{
  const std::vector<unsigned char> expected{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0 };
  EXPECT_EQ(FirstLine(ArSSRSignalMask(6.0, Noise::Gaussian)), expected);
}

// A mask that depends on the region would make seams in a streamed correction.
TEST(ArSSRSignalMask, ARegionHasTheMaskOfTheWhole)
{
  const ArSSRSignalMask mask(6.0, Noise::Rician);
  const auto            scan = Scan();
  const auto            whole = mask.Evaluate(scan.region, scan);
  for (itk::IndexValueType x = 0; x < 13; ++x)
  {
    const RegionType part({ { x, 1, 0 } }, { { 1, 2, 3 } });
    BlockType        seen(mask.GetInput(part, scan.region));
    EXPECT_LE(seen.region.GetNumberOfPixels(), 3U * 4U * 3U);
    itk::SizeValueType i = 0;
    for (const auto & index : itk::ImageRegionIndexRange<3>(seen.region))
    {
      seen.voxels[i++] = scan.voxels[scan.Offset(index)];
    }
    const auto counts = mask.Evaluate(part, seen);
    i = 0;
    for (const auto & index : itk::ImageRegionIndexRange<3>(part))
    {
      ASSERT_EQ(counts[i++], whole[scan.Offset(index)]) << index;
    }
  }
}
