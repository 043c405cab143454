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
#include "network/ArSSRSampling.h"
#include "platform/ArSSRDevice.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <random>

namespace
{
using itk::arssr::FeatureTile;
using itk::arssr::GridIndex;
using itk::arssr::SampleFeatures;
using itk::arssr::SampleFeaturesReference;

constexpr std::int64_t Channels = 5;

// A few units in the last place of features that lie in [-1, 1].
constexpr double Tolerance = 1e-6;

class ArSSRSampling : public ::testing::Test
{
protected:
  FeatureTile
  WholeImage(const GridIndex & size)
  {
    FeatureTile                           tile{ at::empty({ size[0], size[1], size[2], Channels }), {}, size };
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    for (std::int64_t i = 0; i < tile.features.numel(); ++i)
    {
      tile.features.mutable_data_ptr<float>()[i] = uniform(m_Generator);
    }
    return tile;
  }

  // Anywhere from well before `lower` to well beyond `upper`; every fourth coordinate is a multiple of one half.
  at::Tensor
  Samples(const GridIndex & lower, const GridIndex & upper, std::int64_t count, double margin)
  {
    at::Tensor samples = at::empty({ count, 3 }, at::kDouble);
    for (std::int64_t i = 0; i < samples.numel(); ++i)
    {
      const auto axis = static_cast<std::size_t>(i % 3);
      const auto low = static_cast<double>(lower[axis]) - margin;
      const auto high = static_cast<double>(upper[axis]) + margin;
      double     value = std::uniform_real_distribution<double>(low, high)(m_Generator);
      if (m_Generator() % 4 == 0)
      {
        value = std::min(std::max(std::round(2.0 * value) / 2.0, low), high);
      }
      samples.mutable_data_ptr<double>()[i] = value;
    }
    return samples;
  }

  c10::InferenceMode m_InferenceMode;
  std::mt19937       m_Generator{ 11 };
};
} // namespace

// Loops for the CPU against plain tensor operations, samples far outside the image included.
TEST_F(ArSSRSampling, AgreesWithItsReference)
{
  const GridIndex   size{ 4, 6, 5 };
  const FeatureTile tile = this->WholeImage(size);
  const at::Tensor  samples = this->Samples({}, { 3, 5, 4 }, 2000, 1.8);
  const at::Tensor  values = SampleFeatures(tile, samples);
  const at::Tensor  expected = SampleFeaturesReference(tile, samples);
  ASSERT_EQ(values.sizes(), expected.sizes());
  EXPECT_LE((values - expected).abs().max().item<double>(), Tolerance);
}

// Published networks are trained with it: half a voxel's shift would go unnoticed but for worse images.
TEST_F(ArSSRSampling, IsTorchsGridSampleWithZeroPadding)
{
  const GridIndex   size{ 4, 6, 5 };
  const FeatureTile tile = this->WholeImage(size);
  const at::Tensor  samples = this->Samples({}, { 3, 5, 4 }, 2000, 1.8);

  const at::Tensor volume = tile.features.permute({ 3, 0, 1, 2 }).unsqueeze(0).to(at::kDouble);
  const at::Tensor extent = at::tensor(at::ArrayRef<std::int64_t>(size.data(), 3)).to(at::kDouble);
  const at::Tensor grid = ((2.0 * samples + 1.0) / extent - 1.0).flip(1).reshape({ 1, -1, 1, 1, 3 });
  constexpr int    bilinear = 0;
  constexpr int    zeros = 0;
  const at::Tensor expected = at::grid_sampler_3d(volume, grid, bilinear, zeros, false).reshape({ Channels, -1 }).t();

  for (const auto function : { SampleFeatures, SampleFeaturesReference })
  {
    const at::Tensor values = function(tile, samples, {}).narrow(1, 0, Channels).to(at::kDouble);
    EXPECT_LE((values - expected).abs().max().item<double>(), Tolerance);
  }
}

// Coordinates of the tile would make every tile look like a whole image to the MLP.
TEST_F(ArSSRSampling, AppendsCellCentredCoordinatesOfTheWholeImage)
{
  const FeatureTile tile = this->WholeImage({ 4, 1, 10 });
  const at::Tensor  samples = at::tensor({ 0.0, 0.0, -0.5, 3.5, 0.25, 9.5 }, at::kDouble).reshape({ 2, 3 });
  const at::Tensor  expected = at::tensor({ -0.75F, 0.0F, -1.0F, 1.0F, 0.5F, 1.0F }).reshape({ 2, 3 });
  for (const auto function : { SampleFeatures, SampleFeaturesReference })
  {
    const at::Tensor values = function(tile, samples, {});
    ASSERT_EQ(values.sizes(), at::IntArrayRef({ 2, Channels + 3 }));
    EXPECT_TRUE(values.narrow(1, Channels, 3).equal(expected)) << values;
  }
}

// To the bit: weights of zero must not add anything.
TEST_F(ArSSRSampling, GivesAVoxelsOwnFeaturesAtItsCentre)
{
  const FeatureTile tile = this->WholeImage({ 3, 2, 4 });
  for (std::int64_t voxel = 0; voxel < 24; ++voxel)
  {
    const std::int64_t z = voxel / 8;
    const std::int64_t y = voxel / 4 % 2;
    const std::int64_t x = voxel % 4;
    const at::Tensor   sample = at::tensor({ z, y, x }, at::kLong).to(at::kDouble).unsqueeze(0);
    EXPECT_TRUE(SampleFeatures(tile, sample)[0].narrow(0, 0, Channels).equal(tile.features[z][y][x]));
  }
}

// Published networks have learnt this fading; a border that is continued gives them other features.
TEST_F(ArSSRSampling, FadesToZeroBeyondTheOuterVoxels)
{
  const FeatureTile tile = this->WholeImage({ 2, 2, 2 });
  const at::Tensor  samples =
    at::tensor({ -0.5, 0.0, 0.0, 1.0, 1.0, 1.75, -1.0, 0.0, 0.0, 0.0, 2.0, 0.0 }, at::kDouble).reshape({ 4, 3 });
  const at::Tensor values = SampleFeatures(tile, samples).narrow(1, 0, Channels);
  EXPECT_TRUE(values[0].equal(tile.features[0][0][0] * 0.5F));
  EXPECT_TRUE(values[1].equal(tile.features[1][1][1] * 0.25F));
  EXPECT_TRUE(values[2].eq(0.0F).all().item<bool>());
  EXPECT_TRUE(values[3].eq(0.0F).all().item<bool>());
}

// Tiles would have seams.
TEST_F(ArSSRSampling, GivesTheSameBitsFromATileAsFromTheWholeImage)
{
  const GridIndex   size{ 9, 8, 7 };
  const FeatureTile whole = this->WholeImage(size);
  for (int repetition = 0; repetition < 50; ++repetition)
  {
    GridIndex  origin;
    GridIndex  last; // feature of the tile
    at::Tensor part = whole.features;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      origin[axis] = std::uniform_int_distribution<std::int64_t>(0, size[axis] - 1)(m_Generator);
      last[axis] = std::uniform_int_distribution<std::int64_t>(origin[axis], size[axis] - 1)(m_Generator);
      part = part.narrow(static_cast<std::int64_t>(axis), origin[axis], last[axis] - origin[axis] + 1);
    }
    const FeatureTile tile{ part.contiguous(), origin, size };
    const at::Tensor  samples = this->Samples(origin, last, 100, 0.0);
    EXPECT_TRUE(SampleFeatures(tile, samples).equal(SampleFeatures(whole, samples)));
    EXPECT_TRUE(SampleFeaturesReference(tile, samples).equal(SampleFeaturesReference(whole, samples)));
  }
}

// A corner with weight zero has a voxel number outside the tile: reading it is an access beyond the buffer.
TEST_F(ArSSRSampling, ReadsNothingOutsideATileAtTheImagesBorder)
{
  const GridIndex   size{ 3, 3, 3 };
  const FeatureTile whole = this->WholeImage(size);
  const FeatureTile corner{ whole.features.narrow(0, 2, 1).narrow(1, 0, 1).narrow(2, 2, 1).contiguous(),
                            { 2, 0, 2 },
                            size };
  const at::Tensor  samples = at::tensor({ 2.5, -0.5, 2.25 }, at::kDouble).unsqueeze(0);
  for (const auto function : { SampleFeatures, SampleFeaturesReference })
  {
    EXPECT_TRUE(function(corner, samples, {})[0].narrow(0, 0, Channels).equal(whole.features[2][0][2] * 0.1875F));
  }
}

// A tile may own no voxel of the output.
TEST_F(ArSSRSampling, TakesNoSamples)
{
  const FeatureTile tile = this->WholeImage({ 2, 3, 4 });
  const at::Tensor  none = at::empty({ 0, 3 }, at::kDouble);
  EXPECT_EQ(SampleFeatures(tile, none).sizes(), at::IntArrayRef({ 0, Channels + 3 }));
}

TEST_F(ArSSRSampling, AgreesOnCUDAWithTheCPU)
{
  const at::Device device = itk::arssr::ResolveDevice("auto");
  if (!device.is_cuda())
  {
    GTEST_SKIP() << "no CUDA device";
  }
  FeatureTile      tile = this->WholeImage({ 4, 6, 5 });
  const at::Tensor samples = this->Samples({}, { 3, 5, 4 }, 2000, 1.8);
  const at::Tensor expected = SampleFeatures(tile, samples);
  tile.features = tile.features.to(device);
  EXPECT_LE((SampleFeatures(tile, samples).to(at::kCPU) - expected).abs().max().item<double>(), Tolerance);
}
