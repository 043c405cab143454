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
#include "itkArSSRTrainingRecipe.h"
#include "support/ArSSRTestHelpers.h"

#include <array>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRTrainingRecipe;
} // namespace

TEST(ArSSRTrainingRecipe, HasThePublishedConstants)
{
  const ArSSRTrainingRecipe                   recipe("published");
  const std::pair<const char *, const char *> expected[] = {
    { "scale_min", "2" },
    { "scale_max", "4" },
    { "scale_step", "0.1" },
    { "patch_size", "10" },
    { "samples", "8000" },
    { "batch", "15" },
    { "loss", "l1" },
    { "learning_rate", "0.0001" },
    { "schedule", "step" },
    { "halve_every", "200" },
    { "epochs", "2500" },
    { "validation_every", "1" },
    { "degradation", "cubic" },
    { "feature_dim", "128" },
    { "depth", "8" },
    { "width", "256" },
    { "flip", "off" },
    { "gradient_clip", "0" },
    { "ema_decay", "0" },
    { "interpolation_skip", "none" },
    { "gain_min", "1" },
    { "noise_probability", "0" },
    { "procedural_volumes", "0" },
  };
  for (const auto & entry : expected)
  {
    EXPECT_EQ(recipe.Get(entry.first), entry.second) << entry.first;
  }
}

TEST(ArSSRTrainingRecipe, ScannersAreOfMoreThanOneKind)
{
  const ArSSRTrainingRecipe scanners("scanners");
  const ArSSRTrainingRecipe standard;
  scanners.Verify();
  EXPECT_EQ(scanners.Get("recipe"), "scanners");
  for (const char * name :
       { "box_share", "sinc_share", "apodized_probability", "zero_filled_probability", "noise_rician_share" })
  {
    EXPECT_GT(scanners.GetNumber(name), 0.0) << name;
    EXPECT_EQ(standard.GetNumber(name), 0.0) << name;
  }
  for (const char * name : { "channels", "blocks", "feature_dim", "depth", "width", "interpolation_skip" })
  {
    EXPECT_EQ(scanners.Get(name), standard.Get(name)) << "the network is the same: " << name;
  }
}

TEST(ArSSRTrainingRecipe, DescribesEachOfItsValues)
{
  const ArSSRTrainingRecipe recipe;
  for (const std::string & name : ArSSRTrainingRecipe::GetNames())
  {
    EXPECT_TRUE(Contains(ArSSRTrainingRecipe::GetDescription(name), "Expected: ")) << name;
    ArSSRTrainingRecipe copy;
    copy.Set(name, recipe.Get(name)); // each is accepted as it is printed
    EXPECT_EQ(copy.Get(name), recipe.Get(name)) << name;
  }
  EXPECT_EQ(recipe.GetValues().size(), ArSSRTrainingRecipe::GetNames().size());
}

// Checkpoints hold recipes as text: a digit that is lost would refuse a resumption with the same recipe.
TEST(ArSSRTrainingRecipe, RoundTripsNumbersThroughText)
{
  ArSSRTrainingRecipe recipe;
  for (const double value : { 0.1, 1.0 / 3.0, 1e-5, 0.30000000000000004 })
  {
    recipe.SetNumber("learning_rate", value);
    EXPECT_EQ(recipe.GetNumber("learning_rate"), value);
  }
  recipe.SetNumber("seed", 9007199254740991.0);
  EXPECT_EQ(recipe.Get("seed"), "9007199254740991");
  recipe.SetNumber("epochs", 100000);
  EXPECT_EQ(recipe.Get("epochs"), "100000");
}

TEST(ArSSRTrainingRecipe, TakesTheFlagsOfConfigurationFiles)
{
  ArSSRTrainingRecipe recipe;
  recipe.Set("flip", "false");
  EXPECT_FALSE(recipe.GetFlag("flip"));
  recipe.Set("flip", "True");
  EXPECT_TRUE(recipe.GetFlag("flip"));
}

TEST(ArSSRTrainingRecipe, ReadsLists)
{
  ArSSRTrainingRecipe recipe;
  recipe.Set("validation_noise", "0, 0.025,0.5");
  EXPECT_EQ(recipe.Get("validation_noise"), "0,0.025,0.5");
  EXPECT_EQ(recipe.GetNumbers("validation_noise"), (std::vector<double>{ 0.0, 0.025, 0.5 }));
}

TEST(ArSSRTrainingRecipe, ReadsScales)
{
  using Scale = ArSSRTrainingRecipe::ScaleType;
  const auto isotropic = [](double scale) {
    return itk::MakeFilled<Scale>(scale);
  };
  ArSSRTrainingRecipe recipe;
  recipe.Set("validation_scales", "2, 2.5,1 x1x 4,3x3x3");
  EXPECT_EQ(recipe.Get("validation_scales"), "2,2.5,1x1x4,3");
  EXPECT_EQ(recipe.GetScales("validation_scales"),
            (std::vector<Scale>{
              isotropic(2.0), isotropic(2.5), Scale(std::array<double, 3>{ { 1.0, 1.0, 4.0 } }), isotropic(3.0) }));
  recipe.Set("validation_scales", "1,1,4");
  EXPECT_EQ(recipe.Get("validation_scales"), "1x1x4");
  recipe.Set("validation_scales", "2,3,4");
  EXPECT_EQ(recipe.Get("validation_scales"), "2,3,4");
}

TEST(ArSSRTrainingRecipe, RefusesValuesBeyondItsLimits)
{
  ArSSRTrainingRecipe recipe;
  ExpectError([&] { recipe.Set("batch", "0"); }, "batch is '0'; expected an integer from 1");
  ExpectError([&] { recipe.Set("batch", "2.5"); }, "'2.5'; expected an integer");
  ExpectError([&] { recipe.Set("learning_rate", "fast"); }, "'fast'; expected a number");
  ExpectError([&] { recipe.Set("learning_rate", "nan"); }, "expected a number");
  ExpectError([&] { recipe.Set("loss", "l3"); }, "'l3'; expected one of l1 l2 charbonnier");
  ExpectError([&] { recipe.Set("validation_scales", ""); }, "expected a list of scales such as 2,3.5,1x1x4");
  ExpectError([&] { recipe.Set("validation_scales", "2,,3"); }, "expected a list of scales such as 2,3.5,1x1x4");
  ExpectError([&] { recipe.Set("validation_scales", "2,1x4"); }, "'2,1x4'; expected a list of scales");
  ExpectError([&] { recipe.Set("validation_scales", "1x1x65"); }, "'65'; expected a list of scales");
  ExpectError([&] { recipe.Set("validation_noise", "0,,1"); }, "expected a list of numbers");
  ExpectError([&] { recipe.Set("learningrate", "1"); }, "no value 'learningrate'; it has recipe");
  ExpectError([] { ArSSRTrainingRecipe("quick"); }, "'quick'; expected one of default published");
  EXPECT_EQ(recipe.GetValues(), ArSSRTrainingRecipe().GetValues()) << "a refused value changed something";
}

TEST(ArSSRTrainingRecipe, RefusesContradictions)
{
  ArSSRTrainingRecipe recipe;
  recipe.Set("scale_min", "5");
  ExpectError([&] { recipe.Verify(); }, "scale_min is 5, above its scale_max, which is 4.2");
  recipe = ArSSRTrainingRecipe();
  recipe.Set("patch_margin", "7");
  ExpectError([&] { recipe.Verify(); }, "leaves no room to draw coordinates in");
  recipe = ArSSRTrainingRecipe();
  recipe.Set("box_width_min", "1.5");
  ExpectError([&] { recipe.Verify(); }, "box_width_min is 1.5, above its box_width_max, which is 1");
  recipe = ArSSRTrainingRecipe();
  recipe.Set("gaussian_share", "0");
  ExpectError([&] { recipe.Verify(); }, "no point spread can be drawn");
}
