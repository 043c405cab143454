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
#include "cuda/ArSSRCudaTestBackend.h"
#include "cuda/ArSSRCudaTestDecode.h"

#include "cuda/ArSSRFusedDecoderSampling.h"

#include <gtest/gtest.h>

#include <limits>

namespace
{
using namespace itk::arssr;
using Shape = CudaTestNetwork::Shape;

// Half the distance between 1 and the next number of the format.
double
GetUnitRoundoff(CudaFormat format)
{
  return format == CudaFormat::BFloat16 ? std::ldexp(1.0, -8) : std::ldexp(1.0, -11);
}

std::vector<float>
Decode(const CudaTestNetwork & network, const CudaTestScene & scene, CudaFormat format, int multiprocessors = 2)
{
  return DecodeScene(network, scene, format, GetCudaTestSharedBytes(), [&](const auto & plan, const auto & arguments) {
    return DecodeForCudaTest(plan, arguments, multiprocessors);
  });
}

/** \brief Differences in units of the expected values' root mean square. */
struct Errors
{
  double rootMeanSquare;
  double largest;
  double shareOfSmall; /**< of the voxels, where the difference is that of single precision sums */
};

Errors
GetErrors(const std::vector<float> & values, const std::vector<double> & expected)
{
  const auto count = static_cast<double>(expected.size());
  double     sum = 0.0;
  for (const double value : expected)
  {
    sum += value * value;
  }
  const double unit = std::sqrt(sum / count);
  Errors       errors{};
  for (std::size_t n = 0; n < expected.size(); ++n)
  {
    const double error = std::abs(values[n] - expected[n]) / unit;
    EXPECT_TRUE(std::isfinite(error)) << n;
    errors.rootMeanSquare += error * error / count;
    errors.largest = std::max(errors.largest, error);
    errors.shareOfSmall += error < 1e-5 ? 1.0 / count : 0.0;
  }
  errors.rootMeanSquare = std::sqrt(errors.rootMeanSquare);
  return errors;
}

/** Compares the decoder with the reference, once without any rounding and once with the kernel's.
 *
 * Without, each of L layers rounds weights and activations, by at most u and u / √3 in root mean square. The layers'
 * errors are independent and add up to u √(2 L / 3) of the output or a little more, where numbers cancel; no voxel is
 * off by more than a few times that. With them, only the sums' single precision is left, unless it turns the rounding
 * of an activation, after which those of the layers that follow differ too. That happens to one activation in some
 * thousands, and so not at all in most voxels.
 */
void
ExpectSameAsReference(const Shape & shape, const CudaTestScene & scene, CudaFormat format)
{
  const CudaTestNetwork network = MakeRandomCudaNetwork(shape, 7);
  const auto            values = Decode(network, scene, format);
  const int             layers = shape.layersPerStage * (shape.twoStages ? 2 : 1);
  const double          expectedError = GetUnitRoundoff(format) * std::sqrt(2.0 * layers / 3.0);

  const Errors exact = GetErrors(values, scene.Decode(network, [](double value) { return value; }));
  EXPECT_LT(exact.rootMeanSquare, 1.5 * expectedError);
  EXPECT_LT(exact.largest, 6.0 * expectedError);

  const Errors rounded =
    GetErrors(values, scene.Decode(network, [&](double value) { return CudaTestScene::Round(format, value); }));
  EXPECT_LT(rounded.rootMeanSquare, expectedError);
  EXPECT_GT(rounded.shareOfSmall, 0.75);
}

std::string
GetFormatName(const testing::TestParamInfo<CudaFormat> & format)
{
  switch (format.param)
  {
    case CudaFormat::BFloat16:
      return "BFloat16";
    case CudaFormat::Float16:
      return "Float16";
    default:
      return "TensorFloat32";
  }
}

class ArSSRCudaDecoder : public testing::TestWithParam<CudaFormat>
{
protected:
  void
  SetUp() override
  {
    if (const std::string problem = GetCudaTestProblem(); !problem.empty())
    {
      GTEST_SKIP() << problem;
    }
  }
};

/** Weights of -1, 0 and 1 with few in a row, so that every number of the network is an integer with few bits. */
CudaTestNetwork
MakeIntegerNetwork(const Shape & shape)
{
  std::mt19937 generator(3);
  int          layer = 0;
  return CudaTestNetwork(shape, [&](int inputs, int outputs) {
    std::vector<float> values(static_cast<std::size_t>(inputs) * outputs, 0.0F);
    const int          perOutput = inputs == 1 || layer > shape.layersPerStage ? 1 : 2;
    layer += inputs == 1 ? 1 : 0;
    for (int output = 0; output < outputs; ++output)
    {
      for (int n = 0; n < perOutput; ++n)
      {
        // Coordinates in the image are no integers.
        const unsigned int used = inputs == shape.channels + 3 ? shape.channels : inputs;
        values[static_cast<std::size_t>(output) * inputs + generator() % used] = generator() % 2 == 0 ? 1.0F : -1.0F;
      }
    }
    return values;
  });
}
} // namespace

// Nothing is rounded here, so a weight or a row in the wrong place cannot hide in a tolerance.
TEST_P(ArSSRCudaDecoder, IsExactForExactNumbers)
{
  for (const Shape & shape : { CudaTestNetwork::Published, CudaTestNetwork::Local })
  {
    CudaTestScene scene(shape.channels, GetParam(), 5);
    std::mt19937  generator(6);
    for (auto * values : { &scene.features, &scene.intensities })
    {
      std::generate(values->begin(), values->end(), [&] { return static_cast<float>(generator() % 5) - 2.0F; });
    }
    scene.matrix = { { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } };
    scene.offset = { { 0, 0, 0 } };
    scene.voxelSize = { { 1, 1, 1 } };
    scene.AddLines(140, { 0, 0, 0 }, { 9, 6, 7 });
    const auto network = MakeIntegerNetwork(shape);
    const auto values = Decode(network, scene, GetParam());
    const auto expected = scene.Decode(network, [](double value) { return value; });
    int        different = 0;
    for (std::size_t n = 0; n < values.size(); ++n)
    {
      EXPECT_EQ(static_cast<double>(values[n]), expected[n]) << n;
      different += expected[n] != expected[0] ? 1 : 0;
    }
    EXPECT_GT(different, 70); // the comparison is of something
  }
}

TEST_P(ArSSRCudaDecoder, DecodesThePublishedForm)
{
  CudaTestScene scene(128, GetParam(), 11);
  scene.AddLines(200, { 0, 0, 0 }, { 18, 15, 23 }); // all of the image and its border
  ExpectSameAsReference(CudaTestNetwork::Published, scene, GetParam());
}

TEST_P(ArSSRCudaDecoder, DecodesTheLocalForm)
{
  CudaTestScene scene(64, GetParam(), 12);
  scene.AddLines(700, { 0, 0, 0 }, { 18, 15, 23 });
  ExpectSameAsReference(CudaTestNetwork::Local, scene, GetParam());
}

TEST_P(ArSSRCudaDecoder, DecodesATileOfARotatedGrid)
{
  for (const Shape & shape : { Shape{ 64, 6, 64, 4, false, true, 4 }, Shape{ 16, 3, 32, 3, true, false, 0 } })
  {
    CudaTestScene scene(shape.channels, GetParam(), 13);
    const double  c = 0.4 * std::cos(0.3);
    const double  s = 0.4 * std::sin(0.3);
    scene.matrix = { { { c, -s, 0.02 }, { s, c, 0 }, { -0.01, 0, -0.5 } } };
    scene.offset = { { 3.1, 1.2, 5.3 } };
    scene.AddLines(300, { -2, 1, 2 }, { 9, 6, 3 });
    const Box box = FindBox(scene, 0, 1);
    EXPECT_GT(box.begin[0], 0);
    EXPECT_LT(box.end[0], scene.imageSize[0]);
    ExpectSameAsReference(shape, scene, GetParam());
  }
}

TEST_P(ArSSRCudaDecoder, DecodesOtherNetworks)
{
  const Shape shapes[] = {
    { 24, 3, 100, 2, true, true, 0 },   // the width of a kernel is 128; layers that are all first or last
    { 8, 6, 129, 2, false, false, 2 },  // one hidden layer, linear skip
    { 128, 6, 64, 5, false, true, 0 },  // more inputs than columns
    { 32, 3, 17, 6, false, false, 4 },  // columns that fill no tile
    { 256, 3, 160, 3, false, true, 2 }, // 256 channels
  };
  for (const Shape & shape : shapes)
  {
    SCOPED_TRACE(shape.width);
    CudaTestScene scene(shape.channels, GetParam(), 14);
    scene.AddLines(150, { 0, 0, 0 }, { 18, 15, 23 });
    ExpectSameAsReference(shape, scene, GetParam());
  }
}

// Seams would show where tiles, chunks and the shares of thread blocks begin.
TEST_P(ArSSRCudaDecoder, DecodesEachVoxelIndependently)
{
  const auto    network = MakeRandomCudaNetwork(CudaTestNetwork::Local, 8);
  CudaTestScene scene(64, GetParam(), 15);
  scene.AddLines(1000, { 0, 0, 0 }, { 18, 15, 23 });
  const auto values = Decode(network, scene, GetParam(), 1);
  EXPECT_EQ(values, Decode(network, scene, GetParam(), 3));
  EXPECT_EQ(values, Decode(network, scene, GetParam(), 100));

  CudaTestScene one = scene;
  one.spans.clear();
  one.voxelCount = 0;
  const CudaSpan & last = scene.spans.back();
  one.AddSpan(last.start[0] + last.count - 1, last.start[1], last.start[2], 1);
  EXPECT_EQ(values.back(), Decode(network, one, GetParam())[0]);
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         ArSSRCudaDecoder,
                         testing::Values(CudaFormat::BFloat16, CudaFormat::Float16, CudaFormat::TensorFloat32),
                         GetFormatName);

TEST(ArSSRCudaDecoderSampling, FindsTheSpanOfEveryVoxel)
{
  for (const int spanCount : { 1, 2, 3, 7, 64, 65 })
  {
    std::vector<CudaSpan> spans;
    std::vector<int>      spanOfVoxel;
    for (int span = 0; span < spanCount; ++span)
    {
      const int count = 1 + span * 3 % 5;
      spans.push_back({ { 0, span, 0 }, count, static_cast<std::int64_t>(spanOfVoxel.size()) });
      spanOfVoxel.insert(spanOfVoxel.end(), static_cast<std::size_t>(count), span);
    }
    for (std::size_t voxel = 0; voxel < spanOfVoxel.size(); ++voxel)
    {
      EXPECT_EQ(FindSpan(spans.data(), spanCount, static_cast<std::int64_t>(voxel)), spanOfVoxel[voxel]);
    }
  }
}
