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
#include "network/ArSSRNeighborhoodBounds.h"

#include "grid/ArSSRGridTestHelpers.h"

#include "itkIndexRange.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRImageGeometry;
using itk::ArSSRIndexMap;
using itk::arssr::NeighborhoodBounds;
using RegionType = NeighborhoodBounds::RegionType;
using IndexType = NeighborhoodBounds::IndexType;
using SizeType = NeighborhoodBounds::SizeType;

constexpr SizeType ImageSize{ { 9, 7, 8 } };
constexpr float    Margin = 0.9F; // of some ranges the width is less, of others it is more

/** Random voxels of a region of the image of ImageSize. */
struct Block
{
  RegionType         region;
  std::vector<float> voxels;

  float
  At(itk::IndexValueType x, itk::IndexValueType y, itk::IndexValueType z) const
  {
    const auto index = region.GetIndex();
    const auto size = region.GetSize();
    return voxels[((z - index[2]) * size[1] + (y - index[1])) * size[0] + (x - index[0])];
  }

  Block
  Part(const RegionType & part) const
  {
    Block result{ part, {} };
    for (const IndexType & index : itk::ImageRegionIndexRange<3>(part))
    {
      result.voxels.push_back(this->At(index[0], index[1], index[2]));
    }
    return result;
  }
};

Block
MakeImage()
{
  Randomness random;
  Block      image{ RegionType(ImageSize), {} };
  for (itk::SizeValueType voxel = 0; voxel < image.region.GetNumberOfPixels(); ++voxel)
  {
    image.voxels.push_back(static_cast<float>(random.Uniform(0.0, 1.0)));
  }
  return image;
}

struct Range
{
  double lower;
  double upper;
};

/** The range of the LR voxels within `radius` of an index, cropped to the image. */
Range
RangeAround(const Block & image, const IndexType & index, itk::IndexValueType low, itk::IndexValueType high)
{
  Range range{ std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest() };
  for (const IndexType & neighbor : itk::ImageRegionIndexRange<3>(image.region))
  {
    bool isNear = true;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      isNear = isNear && neighbor[axis] >= index[axis] - low && neighbor[axis] <= index[axis] + high;
    }
    if (isNear)
    {
      const double voxel = image.At(neighbor[0], neighbor[1], neighbor[2]);
      range = { std::min(range.lower, voxel), std::max(range.upper, voxel) };
    }
  }
  return range;
}

/** The definition: the widened ranges around the eight LR voxels, interpolated. */
Range
ReferenceRange(const Block & image, ArSSRIndexMap::ContinuousIndexType sample)
{
  Range result{ 0.0, 0.0 };
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    sample[axis] = std::clamp(sample[axis], 0.0, static_cast<double>(ImageSize[axis]) - 1.0);
  }
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    IndexType index;
    double    weight = 1.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double cell = std::floor(sample[axis]);
      const bool   isNext = (corner >> axis & 1U) != 0;
      weight *= isNext ? sample[axis] - cell : 1.0 - (sample[axis] - cell);
      index[axis] = static_cast<itk::IndexValueType>(cell) + (isNext ? 1 : 0);
    }
    if (weight > 0.0)
    {
      const Range  range = RangeAround(image, index, 1, 1);
      const double wider = std::min(range.upper - range.lower, static_cast<double>(Margin));
      result.lower += weight * (range.lower - wider);
      result.upper += weight * (range.upper + wider);
    }
  }
  return result;
}

/** Maps from outputs of several kinds to the image. */
struct Scene
{
  const char *  name;
  ArSSRIndexMap map;
  RegionType    output;
};

std::vector<Scene>
MakeScenes()
{
  ArSSRImageGeometry input;
  input.region.SetSize(ImageSize);
  input.spacing.Fill(1.0);
  input.direction.SetIdentity();
  std::vector<Scene> scenes;
  const auto         add = [&](const char * name, const ArSSRImageGeometry & output) {
    scenes.push_back({ name, ArSSRIndexMap(input, output), output.region });
  };
  for (const double scale : { 1.0, 2.0, 2.5, 0.6 })
  {
    ArSSRImageGeometry::ScaleFactorsType factors;
    factors.Fill(scale);
    factors[1] *= 1.3;
    add("scaled", input.ScaledBy(factors));
  }
  auto mirrored = input.ResizedTo({ { 20, 15, 13 } });
  mirrored.direction[0][0] = mirrored.direction[2][2] = -1.0;
  mirrored.origin[0] = 8.4;
  mirrored.origin[2] = 7.4;
  add("mirrored", mirrored);
  Randomness random(5);
  auto       rotated = input.ResizedTo({ { 17, 16, 15 } });
  rotated.direction = random.MakeDirection();
  const auto towards = rotated.direction * rotated.spacing;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    rotated.origin[axis] = 4.0 - 8.0 * towards[axis];
  }
  add("rotated", rotated);
  return scenes;
}

bool
IsInside(const ArSSRIndexMap::ContinuousIndexType & sample)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (sample[axis] < -0.5 || sample[axis] > static_cast<double>(ImageSize[axis]) - 0.5)
    {
      return false;
    }
  }
  return true;
}

NeighborhoodBounds
MakeBounds(const Block & image)
{
  return { Margin, image.region, image.voxels.data(), image.region, ImageSize };
}

/** What one value becomes at one voxel. */
float
Bounded(const NeighborhoodBounds & bounds, const Scene & scene, const IndexType & index, float value)
{
  float bounded = 0.0F;
  bounds.Apply(scene.map, index, &value, 1, &bounded);
  return bounded;
}
} // namespace

// The separable minimum and maximum, and the shortcut for rows, must not change the definition.
TEST(NeighborhoodBounds, AreTheWidenedRangesAroundTheNearestVoxelsInterpolated)
{
  const Block              image = MakeImage();
  const NeighborhoodBounds bounds = MakeBounds(image);
  for (const Scene & scene : MakeScenes())
  {
    SCOPED_TRACE(scene.name);
    int samples = 0;
    for (const IndexType & index : itk::ImageRegionIndexRange<3>(scene.output))
    {
      const auto sample = scene.map.Evaluate(index);
      if (IsInside(sample))
      {
        ++samples;
        const Range expected = ReferenceRange(image, sample);
        ASSERT_NEAR(Bounded(bounds, scene, index, -100.0F), expected.lower, 1e-6) << index;
        ASSERT_NEAR(Bounded(bounds, scene, index, 100.0F), expected.upper, 1e-6) << index;
        const auto middle = static_cast<float>(0.5 * (expected.lower + expected.upper));
        ASSERT_EQ(Bounded(bounds, scene, index, middle), middle) << index;
      }
    }
    EXPECT_GT(samples, 100);
  }
}

// Bounds from voxels farther away would let through overshoots that the scan does not support.
TEST(NeighborhoodBounds, LieInTheRangeOfTheVoxelsThatACubicInterpolationReads)
{
  const Block              image = MakeImage();
  const NeighborhoodBounds bounds = MakeBounds(image);
  for (const Scene & scene : MakeScenes())
  {
    SCOPED_TRACE(scene.name);
    for (const IndexType & index : itk::ImageRegionIndexRange<3>(scene.output))
    {
      const auto sample = scene.map.Evaluate(index);
      if (IsInside(sample))
      {
        IndexType cell;
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          cell[axis] = static_cast<itk::IndexValueType>(std::floor(sample[axis]));
        }
        const Range  range = RangeAround(image, cell, 1, 2);
        const double wider = std::min(range.upper - range.lower, static_cast<double>(Margin)) + 1e-6;
        ASSERT_GE(Bounded(bounds, scene, index, -100.0F), range.lower - wider) << index;
        ASSERT_LE(Bounded(bounds, scene, index, 100.0F), range.upper + wider) << index;
      }
    }
  }
}

// Output would depend on how the image is cut into tiles.
TEST(NeighborhoodBounds, OfAPartHaveTheBitsOfThoseOfTheWhole)
{
  const Block              image = MakeImage();
  const NeighborhoodBounds whole = MakeBounds(image);
  Randomness               random(17);
  for (const Scene & scene : MakeScenes())
  {
    SCOPED_TRACE(scene.name);
    for (int repetition = 0; repetition < 20; ++repetition)
    {
      const RegionType part = random.MakePart(image.region);
      RegionType       input = part;
      input.PadByRadius(itk::IndexValueType{ 1 + repetition % 3 });
      input.Crop(image.region);
      const Block              block = image.Part(input);
      const NeighborhoodBounds bounds(Margin, part, block.voxels.data(), input, ImageSize);
      for (const IndexType & index : itk::ImageRegionIndexRange<3>(scene.output))
      {
        // Samples between two voxels of the part, or beyond the image's outer ones.
        const auto sample = scene.map.Evaluate(index);
        bool       isOwn = IsInside(sample);
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          const double last = static_cast<double>(ImageSize[axis]) - 1.0;
          const double cell = std::clamp(std::floor(sample[axis]), 0.0, last);
          isOwn = isOwn && cell >= part.GetIndex(axis) && std::min(cell + 1.0, last) <= part.GetUpperIndex()[axis];
        }
        if (isOwn)
        {
          ASSERT_EQ(Bounded(bounds, scene, index, -100.0F), Bounded(whole, scene, index, -100.0F)) << index;
          ASSERT_EQ(Bounded(bounds, scene, index, 100.0F), Bounded(whole, scene, index, 100.0F)) << index;
        }
      }
    }
  }
}

// Output would depend on how rows are cut into spans.
TEST(NeighborhoodBounds, AreTheSameForVoxelsGivenTogetherAndOneByOne)
{
  const Block              image = MakeImage();
  const NeighborhoodBounds bounds = MakeBounds(image);
  for (const Scene & scene : MakeScenes())
  {
    SCOPED_TRACE(scene.name);
    for (const auto y : { 0, 4 })
    {
      std::vector<float> values(scene.output.GetSize(0));
      std::vector<float> together(values.size());
      const IndexType    first{ { 0, y, 2 } };
      itk::SizeValueType changed = 0;
      for (std::size_t x = 0; x < values.size(); ++x)
      {
        values[x] = x % 3 == 0 ? -1.0F : x % 3 == 1 ? 0.5F : 2.0F;
      }
      const auto count = bounds.Apply(scene.map, first, values.data(), values.size(), together.data());
      for (std::size_t x = 0; x < values.size(); ++x)
      {
        const IndexType index{ { static_cast<itk::IndexValueType>(x), y, 2 } };
        ASSERT_EQ(together[x], Bounded(bounds, scene, index, values[x])) << index;
        changed += together[x] != values[x] ? 1 : 0;
      }
      EXPECT_EQ(count, changed);
      EXPECT_GT(count, values.size() / 3);
    }
  }
}

// Rounding in the interpolation would add noise to a flat background.
TEST(NeighborhoodBounds, OfAConstantAreTheConstant)
{
  Block image = MakeImage();
  std::fill(image.voxels.begin(), image.voxels.end(), 0.7F);
  const NeighborhoodBounds bounds = MakeBounds(image);
  for (const Scene & scene : MakeScenes())
  {
    const IndexType index{ { 1, 2, 3 } };
    EXPECT_EQ(Bounded(bounds, scene, index, -100.0F), 0.7F) << scene.name;
    EXPECT_EQ(Bounded(bounds, scene, index, 100.0F), 0.7F) << scene.name;
  }
}

// A NaN must reach the output, where it is seen, and not become a plausible intensity.
TEST(NeighborhoodBounds, LeaveANaNAlone)
{
  const NeighborhoodBounds bounds = MakeBounds(MakeImage());
  constexpr float          values[] = { std::numeric_limits<float>::quiet_NaN(), 0.5F };
  float                    bounded[2];
  const Scene              scene = MakeScenes()[1];
  EXPECT_EQ(bounds.Apply(scene.map, { { 2, 2, 2 } }, values, 2, bounded), 0U);
  EXPECT_TRUE(std::isnan(bounded[0]));
  EXPECT_EQ(bounded[1], 0.5F);
}
