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
#include "samples/ArSSRAcquisitionSampler.h"
#include "training/ArSSRRecipeSettings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace
{
using namespace itk::arssr;
using itk::ArSSRPointSpread;
using itk::ArSSRTrainingRecipe;
using Kind = ArSSRPointSpread::Kind;

const GridLengths Isotropic{ { 2.5, 2.5, 2.5 } };
const GridLengths ThickSlices{ { 1.0, 4.0, 1.0 } };

std::vector<SampleAcquisition>
DrawMany(const ArSSRTrainingRecipe & recipe, const GridLengths & scale, std::uint64_t count = 1000)
{
  const AcquisitionSampler       sampler{ ReadSampleSettings(recipe) };
  std::vector<SampleAcquisition> drawn;
  for (std::uint64_t number = 0; number < count; ++number)
  {
    Random random(3, RandomStream::Acquisition, number);
    drawn.push_back(sampler.Draw(random, scale));
  }
  return drawn;
}

bool
AreAlike(const PatchSpreads & spreads)
{
  return spreads[0] == spreads[1] && spreads[1] == spreads[2];
}
} // namespace

// Models of these recipes were trained with this point spread: another one would change what the recipes train.
TEST(ArSSRAcquisitionSampler, TheDefaultRecipeHasGaussiansOfTheSpacing)
{
  for (const char * name : { "default", "published" })
  {
    for (const GridLengths & scale : { Isotropic, ThickSlices })
    {
      for (const SampleAcquisition & acquisition : DrawMany(ArSSRTrainingRecipe(name), scale, 50))
      {
        for (const ArSSRPointSpread & spread : acquisition.spreads)
        {
          EXPECT_EQ(spread, ArSSRPointSpread::Gaussian(1.0));
        }
        EXPECT_FALSE(acquisition.rician);
      }
    }
  }
}

TEST(ArSSRAcquisitionSampler, KindsHaveTheirSharesAndWidthsTheirRanges)
{
  ArSSRTrainingRecipe recipe;
  recipe.SetNumber("gaussian_share", 0.5);
  recipe.SetNumber("box_share", 0.25);
  recipe.SetNumber("sinc_share", 0.25);
  recipe.SetNumber("gaussian_width_min", 0.6);
  recipe.SetNumber("gaussian_width_max", 1.2);
  recipe.SetNumber("box_width_min", 0.7);
  recipe.SetNumber("box_width_max", 1.1);
  recipe.SetNumber("apodized_probability", 0.4);
  recipe.SetNumber("noise_rician_share", 0.3);
  recipe.SetNumber("alike_probability", 0.5);
  std::map<Kind, int>                       counts;
  std::map<Kind, std::pair<double, double>> ranges;
  int                                       apodized = 0;
  int                                       rician = 0;
  int                                       alike = 0;
  for (const SampleAcquisition & acquisition : DrawMany(recipe, Isotropic))
  {
    const ArSSRPointSpread & spread = acquisition.spreads[0];
    ++counts[spread.GetKind()];
    auto & range = ranges.emplace(spread.GetKind(), std::make_pair(9.0, 0.0)).first->second;
    range.first = std::min(range.first, spread.GetWidth());
    range.second = std::max(range.second, spread.GetWidth());
    apodized += spread.GetTaper() > 0.0 ? 1 : 0;
    rician += acquisition.rician ? 1 : 0;
    alike += AreAlike(acquisition.spreads) ? 1 : 0;
  }
  EXPECT_NEAR(counts[Kind::Gaussian], 500, 64); // four standard deviations
  EXPECT_NEAR(counts[Kind::Box], 250, 55);
  EXPECT_NEAR(counts[Kind::Sinc], 250, 55);
  EXPECT_NEAR(apodized, 100, 38);
  EXPECT_NEAR(rician, 300, 58);
  EXPECT_NEAR(alike, 508, 64); // sincs without a window can be alike by chance
  EXPECT_NEAR(ranges[Kind::Gaussian].first, 0.6, 0.02);
  EXPECT_NEAR(ranges[Kind::Gaussian].second, 1.2, 0.02);
  EXPECT_NEAR(ranges[Kind::Box].first, 0.7, 0.02);
  EXPECT_NEAR(ranges[Kind::Box].second, 1.1, 0.02);
  EXPECT_EQ(ranges[Kind::Sinc].first, 1.0);
  EXPECT_EQ(ranges[Kind::Sinc].second, 1.0);
}

// Without it gaps and overlaps of slices would never be trained, or would show within the slices.
TEST(ArSSRAcquisitionSampler, ThickSlicesHaveAThicknessOfTheirOwn)
{
  ArSSRTrainingRecipe recipe;
  recipe.SetNumber("slice_thickness_min", 0.5);
  recipe.SetNumber("slice_thickness_max", 0.8);
  for (const SampleAcquisition & acquisition : DrawMany(recipe, ThickSlices, 100))
  {
    EXPECT_EQ(acquisition.spreads[0], ArSSRPointSpread::Gaussian(1.0));
    EXPECT_EQ(acquisition.spreads[2], ArSSRPointSpread::Gaussian(1.0));
    EXPECT_GE(acquisition.spreads[1].GetWidth(), 0.5);
    EXPECT_LE(acquisition.spreads[1].GetWidth(), 0.8);
  }
  for (const SampleAcquisition & acquisition : DrawMany(recipe, { { 2.0, 3.0, 1.0 } }, 20))
  {
    EXPECT_TRUE(AreAlike(acquisition.spreads)) << "no slices there";
  }
}

// Scanners fill in zeros along two axes by one factor; a third axis would make scans that do not exist.
TEST(ArSSRAcquisitionSampler, ScannersInterpolateWithinSlices)
{
  ArSSRTrainingRecipe recipe;
  recipe.SetNumber("zero_filled_probability", 1.0);
  recipe.SetNumber("zero_filled_max", 1.8);
  double largest = 0.0;
  for (const SampleAcquisition & acquisition : DrawMany(recipe, ThickSlices, 200))
  {
    EXPECT_EQ(acquisition.spreads[1], ArSSRPointSpread::Gaussian(1.0));
    EXPECT_EQ(acquisition.spreads[0].GetKind(), Kind::Sinc);
    EXPECT_EQ(acquisition.spreads[0], acquisition.spreads[2]);
    EXPECT_GE(acquisition.spreads[0].GetWidth(), 1.0);
    largest = std::max(largest, acquisition.spreads[0].GetWidth());
  }
  EXPECT_NEAR(largest, 1.8, 0.03);
  std::array<int, 3> through{};
  for (const SampleAcquisition & acquisition : DrawMany(recipe, Isotropic, 300))
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      through[axis] += acquisition.spreads[axis].GetKind() == Kind::Gaussian ? 1 : 0;
    }
  }
  EXPECT_EQ(through[0] + through[1] + through[2], 300) << "one axis of each is not interpolated";
  EXPECT_GT(*std::min_element(through.begin(), through.end()), 65);
}
