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
#include "engine/ArSSRPassAverage.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

namespace
{
using itk::ArSSREngine;
using itk::SizeValueType;
using itk::arssr::OutputSpan;
using itk::arssr::PassAverage;

/** What was handed out, by the voxel's x, y and z. */
class Collected
{
public:
  ArSSREngine::WriteFunction
  GetFunction()
  {
    return [this](ArSSREngine::IndexType index, const float * values, SizeValueType count) {
      const std::lock_guard<std::mutex> lock(m_Mutex);
      for (SizeValueType n = 0; n < count; ++n, ++index[0])
      {
        EXPECT_TRUE(m_Values.insert({ { index[0], index[1], index[2] }, values[n] }).second) << "twice " << index;
      }
    };
  }
  float
  At(itk::IndexValueType x, itk::IndexValueType y, itk::IndexValueType z) const
  {
    return m_Values.at({ x, y, z });
  }
  std::size_t
  GetSize() const
  {
    return m_Values.size();
  }

private:
  std::mutex                                          m_Mutex;
  std::map<std::array<itk::IndexValueType, 3>, float> m_Values;
};

/** Mean and deviation of one voxel. */
std::array<float, 2>
Average(const std::vector<float> & passes)
{
  const std::vector<OutputSpan> spans{ { { { 0, 0, 0 } }, 1 } };
  PassAverage                   average(spans, 2);
  for (const float value : passes)
  {
    average.Write({ { 0, 0, 0 } }, &value, 1);
    average.EndPass();
  }
  Collected mean;
  Collected deviation;
  average.HandOut(mean.GetFunction(), deviation.GetFunction());
  return { mean.At(0, 0, 0), deviation.At(0, 0, 0) };
}
} // namespace

TEST(ArSSRPassAverage, GivesTheMeanAndTheSampleDeviation)
{
  EXPECT_EQ(Average({ 1.0F, 3.0F }), (std::array<float, 2>{ 2.0F, static_cast<float>(std::sqrt(2.0)) }));
  EXPECT_EQ(Average({ 1.0F, 2.0F, 3.0F, 6.0F }),
            (std::array<float, 2>{ 3.0F, static_cast<float>(std::sqrt(14.0 / 3)) }));
  EXPECT_EQ(Average({ 4, 4, 4, 4, 4, 4, 4, 12 }), (std::array<float, 2>{ 5.0F, static_cast<float>(std::sqrt(8.0)) }));
}

TEST(ArSSRPassAverage, RoundsTheMeanOnce)
{
  const float small = std::ldexp(1.0F, -24); // half of the last digit of 1
  EXPECT_EQ(Average({ 1.0F, small, small, small })[0], 0.25F + 0.75F * small) << "sums of floats would lose it";
}

// Constant parts of an image would otherwise get a deviation made of rounding errors.
TEST(ArSSRPassAverage, KeepsValuesThatAllPassesAgreeOn)
{
  for (const float value : { 0.1F, -1.0F / 3.0F, 1234.567F, 1e-30F })
  {
    EXPECT_EQ(Average(std::vector<float>(8, value)), (std::array<float, 2>{ value, 0.0F }));
  }
}

// std::max() with its arguments exchanged would turn the deviation into zero.
TEST(ArSSRPassAverage, PropagatesNaN)
{
  const auto result = Average({ 1.0F, std::numeric_limits<float>::quiet_NaN() });
  EXPECT_TRUE(std::isnan(result[0]));
  EXPECT_TRUE(std::isnan(result[1]));
}

// Executors write parts of spans, and some voxels again after memory ran out: added at once, these would count twice.
TEST(ArSSRPassAverage, TakesLinesInPiecesAndTheLastOfSeveralValues)
{
  const std::vector<OutputSpan> spans{
    { { { 5, -2, -1 } }, 3 }, { { { 4, -1, -1 } }, 2 }, { { { -7, -9, 0 } }, 4 }, { { { 0, 3, 0 } }, 1 }
  };
  PassAverage average(spans, 2);
  const auto  writeAll = [&](float pass) {
    for (const OutputSpan & span : spans)
    {
      auto index = span.start;
      for (SizeValueType n = 0; n < span.count; ++n, ++index[0])
      {
        const auto value = static_cast<float>(index[0] + 100 * index[1] + 10000 * index[2]) + pass;
        average.Write(index, &value, 1);
      }
    }
  };
  writeAll(50.0F); // by an executor whose memory then ran out
  writeAll(-1.0F);
  average.EndPass();
  writeAll(3.0F);
  average.EndPass();
  Collected mean;
  Collected deviation;
  average.HandOut(mean.GetFunction(), deviation.GetFunction());
  EXPECT_EQ(mean.GetSize(), 10U);
  EXPECT_EQ(deviation.GetSize(), 10U);
  EXPECT_EQ(mean.At(7, -2, -1), 7.0F - 200.0F - 10000.0F + 1.0F);
  EXPECT_EQ(mean.At(4, -1, -1), 4.0F - 100.0F - 10000.0F + 1.0F);
  EXPECT_EQ(mean.At(-4, -9, 0), -4.0F - 900.0F + 1.0F);
  EXPECT_EQ(mean.At(0, 3, 0), 301.0F);
  EXPECT_FLOAT_EQ(deviation.At(5, -1, -1), static_cast<float>(std::sqrt(8.0)));
}

TEST(ArSSRPassAverage, WorksWithoutADeviationCallback)
{
  const std::vector<OutputSpan> spans{ { { { 0, 0, 0 } }, 1 } };
  PassAverage                   average(spans, 2);
  const float                   value = 2.0F;
  average.Write({ { 0, 0, 0 } }, &value, 1);
  average.EndPass();
  Collected mean;
  average.HandOut(mean.GetFunction(), {});
  EXPECT_EQ(mean.At(0, 0, 0), 2.0F);
}
