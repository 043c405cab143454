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
#include "itkArSSRAcquisition.h"

#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <utility>

namespace
{
using Acquisition = itk::ArSSRAcquisition;
using Spread = itk::ArSSRPointSpread;
using itk::arssr::test::ExpectError;
} // namespace

TEST(ArSSRAcquisition, KnowsNothingByDefault)
{
  const Acquisition acquisition;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_EQ(acquisition.GetPointSpread(axis), Spread());
  }
  EXPECT_FALSE(acquisition.IsNoiseKnown());
  EXPECT_EQ(acquisition.GetNoise(), Acquisition::AutomaticNoise);
  EXPECT_EQ(acquisition.GetNoiseKind(), Acquisition::Noise::Auto);
  EXPECT_EQ(acquisition.ToText(), "auto");
  ExpectError([&] { acquisition.GetPointSpread(3); }, "axis 3");
}

TEST(ArSSRAcquisition, ReadsAxesAndNoise)
{
  const auto slices = Acquisition::FromText("z=box:4,xy=sinc,noise=12:rician");
  EXPECT_EQ(slices.GetPointSpread(0), Spread::Sinc());
  EXPECT_EQ(slices.GetPointSpread(1), Spread::Sinc());
  EXPECT_EQ(slices.GetPointSpread(2), Spread::Box(4.0));
  EXPECT_EQ(slices.GetNoise(), 12.0);
  EXPECT_EQ(slices.GetNoiseKind(), Acquisition::Noise::Rician);
  EXPECT_EQ(slices.ToText(), "xy=sinc,z=box:4,noise=12:rician");

  const auto noise = Acquisition::FromText("noise=0.5");
  EXPECT_EQ(noise.GetNoise(), 0.5);
  EXPECT_EQ(noise.GetNoiseKind(), Acquisition::Noise::Auto);
  EXPECT_EQ(noise.GetPointSpread(2), Spread());

  const auto all = Acquisition::FromText("sinc:1.5:hann");
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_EQ(all.GetPointSpread(axis), Spread::Sinc(1.5, 1.0));
  }
}

TEST(ArSSRAcquisition, RoundTripsThroughText)
{
  Acquisition acquisition;
  const auto  expect = [&acquisition](const char * text) {
    std::ostringstream printed;
    printed << acquisition;
    EXPECT_EQ(printed.str(), text);
    EXPECT_EQ(Acquisition::FromText(text), acquisition);
  };
  acquisition.SetPointSpread(Spread::Sinc(0.9));
  expect("sinc:0.9");
  acquisition.SetNoise(7.25);
  expect("xyz=sinc:0.9,noise=7.25");
  acquisition.SetPointSpread(1, Spread::Box());
  expect("xz=sinc:0.9,y=box,noise=7.25");
  acquisition.SetPointSpread(0, Spread());
  expect("y=box,z=sinc:0.9,noise=7.25");
  acquisition.SetNoise(0.0, Acquisition::Noise::Gaussian);
  expect("y=box,z=sinc:0.9,noise=0:gaussian");
  acquisition = Acquisition();
  acquisition.SetNoise(Acquisition::AutomaticNoise, Acquisition::Noise::Rician);
  expect("noise=auto:rician");
  EXPECT_EQ(Acquisition::FromText(" z = box:4 , xy = sinc , noise = auto "), Acquisition::FromText("xy=sinc,z=box:4"));
}

TEST(ArSSRAcquisition, ResolvesEachAxisSeparately)
{
  Acquisition::SpacingType spacing;
  spacing[0] = 0.5;
  spacing[1] = 0.75;
  spacing[2] = 5.0;
  const auto resolved = Acquisition::FromText("x=sinc:0.8,z=box:4,noise=3").Resolved(spacing);
  EXPECT_EQ(resolved, Acquisition::FromText("x=sinc:0.8,y=gaussian:0.75,z=box:4,noise=3"));
  EXPECT_EQ(Acquisition::FromText("z=box").Resolved(spacing).GetPointSpread(2), Spread::Box(5.0));
}

TEST(ArSSRAcquisition, RefusesInvalidTextAndValues)
{
  const std::pair<const char *, const char *> texts[] = {
    { "", "is empty" },
    { "z=box:4,sinc", "has the part 'sinc'" },
    { "z=box:4,=sinc", "has the part '=sinc'" },
    { "w=box:4", "names 'w', which are not axes x, y and z" },
    { "xy=sinc,yz=box", "gives the axis y twice" },
    { "xx=sinc", "gives the axis x twice" },
    { "noise=3,noise=4", "gives the noise twice" },
    { "noise=-3", "a noise of '-3'" },
    { "noise=loud", "a noise of 'loud'" },
    { "noise=3:poisson", "'poisson'; expected one of auto, gaussian, rician" },
    { "z=bxo", "the unknown kind 'bxo'" },
    { "box:4:5", "the unexpected part '5'" },
  };
  for (const auto & entry : texts)
  {
    ExpectError([&] { Acquisition::FromText(entry.first); }, entry.second);
  }
  ExpectError([] { Acquisition::FromText("w=box"); }, "such as z=box:4,xy=sinc,noise=12:rician");
  Acquisition acquisition;
  ExpectError([&] { acquisition.SetNoise(-2.0); }, "-2; a finite number of at least 0");
  ExpectError([&] { acquisition.SetNoise(std::numeric_limits<double>::quiet_NaN()); }, "standard deviation");
  ExpectError([&] { acquisition.SetPointSpread(4, Spread()); }, "axis 4");
  EXPECT_EQ(acquisition, Acquisition());
}
