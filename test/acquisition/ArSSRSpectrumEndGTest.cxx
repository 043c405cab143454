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
#include "acquisition/ArSSRSpectrumEnd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace
{
using itk::arssr::FindSpectrumEnd;

/** Power by level in dB. */
template <typename TFunction>
std::vector<double>
Power(const TFunction & level, int bins = 33)
{
  std::vector<double> power;
  for (int bin = 0; bin < bins; ++bin)
  {
    power.push_back(std::pow(10.0, 0.1 * level(bin)));
  }
  return power;
}
} // namespace


TEST(ArSSRSpectrumEnd, LiesWhereHalfThePowerIsLeft)
{
  // Falls by 30 dB from bin 15 on, to half at bin 16.
  const auto end = FindSpectrumEnd(Power([](int bin) {
    return bin <= 15 ? 20.0 : bin == 16 ? 20.0 - 3.0103 : bin == 17 ? 0.0 : -10.0;
  }));
  EXPECT_NEAR(end.position, 0.5, 1e-6);
  EXPECT_NEAR(end.drop, 30.0, 1e-6);
}

TEST(ArSSRSpectrumEnd, IsFoundOnASlope)
{
  const auto end = FindSpectrumEnd(Power([](int bin) { return (bin <= 24 ? 30.0 : 0.0) - 0.5 * bin; }));
  EXPECT_NEAR(end.position, 0.76, 0.02);
  EXPECT_NEAR(end.drop, 30.0, 1.0);
}

// A smooth point spread may fall by 80 dB without any end; noise bends the fall, and that is no end either.
TEST(ArSSRSpectrumEnd, IsNotFoundUnderBlur)
{
  for (const double fall : { 5.0, 30.0, 80.0 })
  {
    const auto gaussian = [fall](int bin) {
      return -fall * bin * bin / 1024.0;
    };
    EXPECT_LT(FindSpectrumEnd(Power(gaussian)).drop, 3.5) << fall;
    const auto withNoise = [&](int bin) {
      return 10.0 * std::log10(std::pow(10.0, 0.1 * gaussian(bin)) + 0.01);
    };
    EXPECT_LT(FindSpectrumEnd(Power(withNoise)).drop, 3.5) << fall;
  }
  EXPECT_EQ(FindSpectrumEnd(Power([](int) { return 3.0; })).position, 1.0);
  EXPECT_EQ(FindSpectrumEnd(std::vector<double>(17, 0.0)).drop, 0.0);
}
