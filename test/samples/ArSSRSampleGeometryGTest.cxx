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

#include "samples/ArSSRDegradation.h"
#include "samples/ArSSROrientation.h"
#include "samples/ArSSRSampleTestHelpers.h"
#include "training/ArSSRRecipeSettings.h"

#include <gtest/gtest.h>
#include "itkBSplineInterpolateImageFunction.h"
#include "itkImage.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRTrainingRecipe;
using itk::arssr::test::MakeImage;

const GridIndex Size{ { 48, 44, 46 } };

std::int64_t
ToNumber(std::int64_t z, std::int64_t y, std::int64_t x)
{
  return (z * Size[1] + y) * Size[2] + x;
}

/** Only geometry: intensities as they are, one volume. */
ArSSRTrainingRecipe
MakeRecipe(const std::string & name)
{
  ArSSRTrainingRecipe recipe(name);
  for (const char * off : { "procedural_volumes", "noise_probability", "foreground_bias" })
  {
    recipe.SetNumber(off, 0.0);
  }
  for (const char * one : { "gain_min", "gain_max", "gamma_max", "resolution_levels" })
  {
    recipe.SetNumber(one, 1.0);
  }
  return recipe;
}

SampleSource
MakeSource(const ArSSRTrainingRecipe & recipe, const test::VoxelFunction & intensity)
{
  return {
    ReadSampleSettings(recipe), { { MakeImage("image", Size, intensity) }, {}, {} }, std::uint64_t{ 1 } << 30, nullptr
  };
}

/** What a volume with these intensities is scaled by. */
double
GetPercentile(const test::VoxelFunction & intensity)
{
  std::vector<float> voxels = test::MakeVolume(Size, intensity).voxels;
  voxels.erase(std::remove_if(voxels.begin(), voxels.end(), [](float value) { return value <= 0.0F; }), voxels.end());
  std::sort(voxels.begin(), voxels.end());
  return voxels[voxels.size() - voxels.size() / 1000 - 1];
}

float
Number(std::int64_t z, std::int64_t y, std::int64_t x)
{
  return static_cast<float>(ToNumber(z, y, x));
}

/** \brief Where a sample comes from, found from one of a volume whose intensities are the voxels' numbers. */
struct Origin
{
  std::vector<GridIndex> voxels; // of the points
  PatchGeometry          patch;  // before it was turned
  Orientation            orientation;
};

Origin
FindOrigin(const TrainingSample & sample)
{
  Origin       origin;
  const double percentile = GetPercentile(Number);
  for (const float value : sample.values)
  {
    const auto number = static_cast<std::int64_t>(std::lround(static_cast<double>(value) * percentile));
    origin.voxels.push_back({ { number / Size[2] / Size[1], number / Size[2] % Size[1], number % Size[2] } });
  }
  origin.patch.size = sample.patchSize;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    bool found = false;
    for (std::size_t old = 0; old < 3; ++old)
    {
      // Points along the axis are affine in the voxels along the old one.
      const auto [low, high] =
        std::minmax_element(origin.voxels.begin(),
                            origin.voxels.end(),
                            [old](const GridIndex & a, const GridIndex & b) { return a[old] < b[old]; });
      const auto pointOf = [&](std::size_t i) {
        return sample.points[3 * i + axis];
      };
      const auto   first = static_cast<std::size_t>(low - origin.voxels.begin());
      const auto   last = static_cast<std::size_t>(high - origin.voxels.begin());
      const double slope = (pointOf(last) - pointOf(first)) / static_cast<double>((*high)[old] - (*low)[old]);
      double       error = 0.0;
      for (std::size_t i = 0; i < origin.voxels.size(); ++i)
      {
        const double expected = pointOf(first) + slope * static_cast<double>(origin.voxels[i][old] - (*low)[old]);
        error = std::max(error, std::abs(pointOf(i) - expected));
      }
      if (error < 1e-9)
      {
        EXPECT_FALSE(found);
        found = true;
        const bool   flip = slope < 0.0;
        const double scale = 1.0 / std::abs(slope);
        const double point = flip ? static_cast<double>(sample.patchSize - 1) - pointOf(first) : pointOf(first);
        origin.orientation.axes[axis] = old;
        origin.orientation.flip[old] = flip;
        origin.patch.scale[old] = scale;
        origin.patch.start[old] = static_cast<double>((*low)[old]) + 0.5 - (point + 0.5) * scale;
        EXPECT_NEAR(sample.voxelSize[axis], 1.0 / scale, 1e-9);
      }
    }
    EXPECT_TRUE(found) << "points along axis " << axis << " follow no axis of the volume";
  }
  return origin;
}

/** HR continuous index of the centre of a voxel of the turned patch. */
GridLengths
GetCentre(const Origin & origin, const GridIndex & index)
{
  GridLengths centre{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const std::size_t  old = origin.orientation.axes[axis];
    const std::int64_t i = origin.orientation.flip[old] ? origin.patch.size - 1 - index[axis] : index[axis];
    centre[old] = origin.patch.ToHighResolution(static_cast<unsigned int>(old), static_cast<double>(i));
  }
  return centre;
}

double
Interpolate(const TrainingSample & sample, const double * point)
{
  double sum = 0.0;
  for (int corner = 0; corner < 8; ++corner)
  {
    double      weight = 1.0;
    std::size_t voxel = 0;
    for (int axis = 0; axis < 3; ++axis)
    {
      const double low = std::floor(point[axis]);
      const bool   upper = (corner >> axis & 1) != 0;
      weight *= upper ? point[axis] - low : low + 1.0 - point[axis];
      voxel = voxel * static_cast<std::size_t>(sample.patchSize) + static_cast<std::size_t>(low + (upper ? 1.0 : 0.0));
    }
    sum += weight > 0.0 ? weight * static_cast<double>(sample.lowResolution[voxel]) : 0.0;
  }
  return sum;
}

GridIndex
ToIndex(std::int64_t voxel, std::int64_t size)
{
  return { { voxel / size / size, voxel / size % size, voxel % size } };
}
} // namespace

// Ties patch, points and values of a turned sample to one place in the volume; any mismatch trains a shift.
TEST(ArSSRSampleGeometry, PatchesMatchTheDegradedVolumeAtTheirPoints)
{
  ArSSRTrainingRecipe recipe = MakeRecipe("default");
  recipe.SetNumber("patch_margin", 1);
  recipe.SetNumber("patch_size", 8);
  recipe.SetNumber("samples", 300);
  const SampleSource numbers = MakeSource(recipe, Number);
  const auto         texture = test::MakeTexture(4);
  const SampleSource textures = MakeSource(recipe, texture);
  const auto         percentile = static_cast<float>(GetPercentile(texture));
  const Volume       volume = test::MakeVolume(
    Size, [&](std::int64_t z, std::int64_t y, std::int64_t x) { return texture(z, y, x) / percentile; });
  std::set<std::array<std::size_t, 3>> permutations;
  int                                  flipped = 0;
  for (std::uint64_t sampleNumber = 0; sampleNumber < 40; ++sampleNumber)
  {
    const Origin         origin = FindOrigin(numbers.Draw(sampleNumber));
    const TrainingSample sample = textures.Draw(sampleNumber);
    permutations.insert(origin.orientation.axes);
    flipped += origin.orientation.flip[0] ? 1 : 0;
    ASSERT_EQ(sample.values.size(), 300U);
    ASSERT_EQ(sample.points.size(), 900U);
    for (std::size_t i = 0; i < 300; ++i)
    {
      const GridIndex & voxel = origin.voxels[i];
      EXPECT_NEAR(sample.values[i], volume.GetRow(voxel[0], voxel[1])[voxel[2]], 1e-7);
    }
    for (const double coordinate : sample.points)
    {
      EXPECT_GE(coordinate, 0.5); // patch_margin is 1
      EXPECT_LT(coordinate, 6.5 + 1e-9);
    }
    for (std::int64_t number = 0; number < 512; number += 17)
    {
      const GridLengths centre = GetCentre(origin, ToIndex(number, 8));
      EXPECT_NEAR(sample.lowResolution[static_cast<std::size_t>(number)],
                  test::SimulateVoxel(volume, centre, origin.patch.scale),
                  5e-6);
    }
  }
  EXPECT_EQ(permutations.size(), 6U);
  EXPECT_GT(flipped, 5);
  EXPECT_LT(flipped, 35);
}

TEST(ArSSRSampleGeometry, CentresDoNotShift)
{
  // The LR patch of a ramp, interpolated at a point, is the ramp there, turned or not.
  ArSSRTrainingRecipe recipe = MakeRecipe("default");
  recipe.SetNumber("patch_margin", 1);
  recipe.SetNumber("patch_size", 8);
  recipe.SetNumber("samples", 200);
  const SampleSource numbers = MakeSource(recipe, Number);
  std::size_t        checked = 0;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const auto ramp = [axis](std::int64_t z, std::int64_t y, std::int64_t x) {
      return static_cast<float>(std::array<std::int64_t, 3>{ { z, y, x } }[axis] + 1);
    };
    const double       percentile = GetPercentile(ramp);
    const SampleSource ramps = MakeSource(recipe, ramp);
    for (std::uint64_t number = 0; number < 40; ++number)
    {
      const Origin         origin = FindOrigin(numbers.Draw(number));
      const TrainingSample sample = ramps.Draw(number);
      const double         scale = origin.patch.scale[axis];
      for (std::size_t i = 0; i < sample.values.size(); ++i)
      {
        // The profile of the LR voxels around must not reach beyond the volume, where it is cut off.
        const double reach = 2.8 * scale;
        const auto   position = static_cast<double>(origin.voxels[i][axis]);
        if (position > reach && position < static_cast<double>(Size[axis] - 1) - reach)
        {
          ++checked;
          const double tolerance = scale < 1.5 ? 0.07 : 0.004; // of ArSSRSliceProfile, in HR voxels
          EXPECT_NEAR(Interpolate(sample, &sample.points[3 * i]) * percentile, position + 1.0, tolerance);
        }
      }
    }
  }
  EXPECT_GT(checked, 10000U);
}

TEST(ArSSRSampleGeometry, PublishedRecipeFollowsThePaper)
{
  const ArSSRTrainingRecipe recipe = MakeRecipe("published");
  const SampleSource        numbers = MakeSource(recipe, Number);
  const auto                texture = test::MakeTexture(5);
  const SampleSource        textures = MakeSource(recipe, texture);
  const double              percentile = GetPercentile(texture);
  std::set<std::int64_t>    sizes;
  for (std::uint64_t sampleNumber = 0; sampleNumber < 60; ++sampleNumber)
  {
    const TrainingSample numbered = numbers.Draw(sampleNumber);
    ASSERT_EQ(numbered.patchSize, 10);
    ASSERT_EQ(numbered.values.size(), 8000U);
    const Origin origin = FindOrigin(numbered);
    EXPECT_EQ(origin.orientation.axes, (std::array<std::size_t, 3>{ { 0, 1, 2 } }));
    EXPECT_EQ(origin.orientation.flip, (std::array<bool, 3>{ { false, false, false } }));
    EXPECT_EQ(std::set<GridIndex>(origin.voxels.begin(), origin.voxels.end()).size(), 8000U) << "none twice";
    const auto cropSize = static_cast<std::int64_t>(std::lround(10.0 * origin.patch.scale[0]));
    sizes.insert(cropSize);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      EXPECT_NEAR(10.0 * origin.patch.scale[axis], static_cast<double>(cropSize), 1e-9);
      EXPECT_NEAR(origin.patch.start[axis], std::round(origin.patch.start[axis]), 1e-9);
    }
    if (sampleNumber >= 4)
    {
      continue;
    }
    // Cubic zoom of the crop alone.
    using ImageType = itk::Image<double, 3>;
    const auto image = ImageType::New();
    image->SetRegions(ImageType::SizeType::Filled(static_cast<itk::SizeValueType>(cropSize)));
    image->Allocate();
    for (std::int64_t number = 0; number < cropSize * cropSize * cropSize; ++number)
    {
      const GridIndex index = ToIndex(number, cropSize);
      image->GetBufferPointer()[number] = texture(index[0] + std::lround(origin.patch.start[0]),
                                                  index[1] + std::lround(origin.patch.start[1]),
                                                  index[2] + std::lround(origin.patch.start[2])) /
                                          percentile;
    }
    const auto spline = itk::BSplineInterpolateImageFunction<ImageType, double, double>::New();
    spline->SetSplineOrder(3);
    spline->SetInputImage(image);
    const TrainingSample sample = textures.Draw(sampleNumber);
    for (std::int64_t number = 0; number < 1000; number += 7)
    {
      const GridIndex                 index = ToIndex(number, 10);
      itk::ContinuousIndex<double, 3> centre;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        centre[axis] =
          (static_cast<double>(index[2 - axis]) + 0.5) * static_cast<double>(cropSize) / 10.0 - 0.5; // (x, y, z)
      }
      EXPECT_NEAR(
        sample.lowResolution[static_cast<std::size_t>(number)], spline->EvaluateAtContinuousIndex(centre), 5e-6);
    }
  }
  EXPECT_GT(sizes.size(), 15U);
  EXPECT_GE(*sizes.begin(), 20);
  EXPECT_LE(*sizes.rbegin(), 40);
}
