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
#include "network/ArSSRFeatureGradient.h"
#include "network/ArSSRInterpolationSkip.h"
#include "network/ArSSRNetwork.h"
#include "support/ArSSRTestHelpers.h"
#include "itkArSSRModel.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <random>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::FeatureTile;
using itk::arssr::GridIndex;
using itk::arssr::GridLengths;
using itk::arssr::InterpolateIntensities;
using itk::arssr::InterpolateIntensitiesReference;
using itk::arssr::NamedTensor;
using itk::arssr::Network;
using itk::arssr::SampleFeatures;
using itk::arssr::SampleFeaturesReference;
using itk::arssr::SamplingOptions;

constexpr double Tolerance = 2e-6;

Architecture
LocalArchitecture(std::int64_t channels = 5, std::int64_t blocks = 2)
{
  Architecture architecture{ ArSSRModelEnums::Encoder::Residual, 6, 3, 7, channels, blocks };
  architecture.SetForm(ArSSRModelEnums::Form::Local);
  return architecture;
}

std::vector<NamedTensor>
TensorsOf(const Network & network)
{
  std::vector<NamedTensor> tensors;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    tensors.push_back({ entry.name, entry.value });
  }
  return tensors;
}

class ArSSRLocalForm : public ::testing::Test
{
protected:
  at::Tensor
  Random(at::IntArrayRef shape)
  {
    at::Tensor                            tensor = at::empty(shape, at::kFloat);
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    std::generate_n(tensor.mutable_data_ptr<float>(), tensor.numel(), [&] { return uniform(m_Generator); });
    return tensor;
  }

  // Anywhere in the extent of an image, its outer half voxels included.
  at::Tensor
  Samples(const GridIndex & size, std::int64_t count)
  {
    at::Tensor samples = at::empty({ count, 3 }, at::kDouble);
    for (std::int64_t i = 0; i < samples.numel(); ++i)
    {
      const auto last = static_cast<double>(size[static_cast<std::size_t>(i % 3)]);
      samples.mutable_data_ptr<double>()[i] = std::uniform_real_distribution<double>(-0.5, last - 0.5)(m_Generator);
    }
    return samples;
  }

  FeatureTile
  WholeImage(const GridIndex & size, std::int64_t channels)
  {
    FeatureTile tile;
    tile.features = this->Random({ size[0], size[1], size[2], channels });
    tile.imageSize = size;
    tile.lowResolution = this->Random({ size[0], size[1], size[2] });
    return tile;
  }

  std::mt19937 m_Generator{ 3 };
};

double
LargestDifference(const at::Tensor & a, const at::Tensor & b)
{
  return (a - b).abs().max().item<double>();
}
} // namespace

// A model that is read back as the published form would run without its skip.
TEST_F(ArSSRLocalForm, IsInferredFromItsTensorsAndMetaData)
{
  Network network(LocalArchitecture());
  network.InitializeWeights(1);
  const Architecture inferred = Architecture::Infer(TensorsOf(network), LocalArchitecture().GetMetaData());
  EXPECT_EQ(inferred.GetForm(), ArSSRModelEnums::Form::Local);
  EXPECT_EQ(inferred.encoder, ArSSRModelEnums::Encoder::Residual);
  EXPECT_EQ(inferred.channels, 5);
  EXPECT_EQ(inferred.blocks, 2);
  EXPECT_EQ(inferred.featureDimension, 6);
  EXPECT_EQ(inferred.depth, 3);
  EXPECT_EQ(inferred.width, 7);
}

// A file of a later version would otherwise be run as another network.
TEST_F(ArSSRLocalForm, IsRefusedWithUnknownChoices)
{
  Network network(LocalArchitecture());
  network.InitializeWeights(1);
  auto metadata = LocalArchitecture().GetMetaData();
  metadata["interpolation_skip"] = "quintic";
  ExpectError([&] { Architecture::Infer(TensorsOf(network), metadata); }, "is 'quintic'; expected one of none, linear");
}

TEST_F(ArSSRLocalForm, SurvivesAFile)
{
  const TemporaryDirectory directory;
  const auto               model = itk::ArSSRModel::New();
  model->SetRandomLocalNetwork(5, 2, 6, 3, 7, 4);
  model->WriteFile(directory.File("local.safetensors"));
  const auto read = itk::ArSSRModel::New();
  read->ReadFile(directory.File("local.safetensors"));
  EXPECT_EQ(read->GetFormAsString(), "local");
  EXPECT_EQ(read->GetEncoderAsString(), "Residual");

  const at::Tensor volume = this->Random({ 4, 5, 6 });
  const at::Tensor samples = this->Samples({ 4, 5, 6 }, 50);
  const auto       decode = [&](const Network & network) {
    return network.Decode({ network.Encode(volume), {}, { 4, 5, 6 }, volume, {} }, samples, { { 0.5, 0.3, 1.0 } });
  };
  EXPECT_TRUE(decode(*read->GetNetwork()).equal(decode(*model->GetNetwork())));
}

// Training would first have to learn what interpolation gives for nothing.
TEST_F(ArSSRLocalForm, StartsAsTheInterpolationThatItsOutputIsAddedTo)
{
  for (const auto skip : { ArSSRModelEnums::Skip::Linear, ArSSRModelEnums::Skip::Cubic })
  {
    Architecture architecture = LocalArchitecture();
    architecture.skip = skip;
    Network network(architecture);
    network.InitializeWeights(2);
    const at::Tensor  volume = this->Random({ 4, 5, 6 });
    const FeatureTile tile{ network.Encode(volume), {}, { 4, 5, 6 }, volume, {} };
    const at::Tensor  samples = this->Samples({ 4, 5, 6 }, 100);
    EXPECT_TRUE(network.Decode(tile, samples).equal(InterpolateIntensities(tile, samples, skip)));
  }
}

// With a ReLU at the end, a correction could only brighten.
TEST_F(ArSSRLocalForm, GivesIntensitiesOfEitherSign)
{
  Network network(LocalArchitecture());
  network.InitializeWeights(5, Network::LastLayer::Random);
  const at::Tensor  volume = 4.0F * this->Random({ 4, 5, 6 });
  const FeatureTile tile{ network.Encode(volume), {}, { 4, 5, 6 }, volume, {} };
  const at::Tensor  values = network.Decode(tile, this->Samples({ 4, 5, 6 }, 200));
  EXPECT_LT(values.min().item<float>(), 0.0F);
  EXPECT_GT(values.max().item<float>(), 0.0F);
}

// Without blocks, two convolutions remain.
TEST_F(ArSSRLocalForm, SpreadsAnImpulseExactlyAsFarAsItsRadius)
{
  for (const std::int64_t blocks : { 0, 1, 3 })
  {
    Network    network(LocalArchitecture(2, blocks));
    const auto radius = network.GetEncoder().GetRadius();
    EXPECT_EQ(radius, 2 + 2 * blocks);
    std::vector<NamedTensor> weights;
    for (const auto & entry : network.GetParameters().GetEntries())
    {
      // Positive, so that nothing cancels and no ReLU cuts anything off.
      weights.push_back({ entry.name, at::full(entry.shape, entry.shape.size() == 5 ? 0.1 : 0.0, at::kFloat) });
    }
    network.SetWeights(weights);
    const std::int64_t centre = radius + 2;
    at::Tensor         volume = at::zeros({ 1, 1, 2 * centre + 1 });
    volume[0][0][centre] = 1.0F;
    const at::Tensor features = network.Encode(volume).amax({ 0, 1, 3 });
    for (std::int64_t x = 0; x < features.size(0); ++x)
    {
      EXPECT_EQ(features[x].item<float>() > 0.0F, std::abs(x - centre) <= radius) << x << ", " << blocks << " blocks";
    }
  }
}

// 5.5 lies halfway: the upper voxel is the nearest one, by definition.
TEST_F(ArSSRLocalForm, TellsThePerceptronWhereASampleIsBetweenVoxels)
{
  const FeatureTile tile = this->WholeImage({ 9, 9, 9 }, 2);
  SamplingOptions   options;
  options.coordinates = ArSSRModelEnums::Coordinates::Local;
  options.voxelSize = { 0.5, 0.25, 1.0 };
  const at::Tensor samples = at::tensor({ 3.0, 4.25, 5.5, 2.75, -0.25, 7.4 }, at::kDouble).reshape({ 2, 3 });
  const at::Tensor expected =
    at::tensor({ 0.0F, 0.5F, -1.0F, 0.5F, 0.25F, 1.0F, -0.5F, -0.5F, 0.8F, 0.5F, 0.25F, 1.0F }).reshape({ 2, 6 });
  for (const auto function : { SampleFeatures, SampleFeaturesReference })
  {
    EXPECT_LE(LargestDifference(function(tile, samples, options).narrow(1, 2, 6), expected), Tolerance);
  }
}

// An independent implementation: loops and reference could share an error.
TEST_F(ArSSRLocalForm, IsTorchsGridSampleWithBorderPadding)
{
  const GridIndex   size{ 4, 6, 5 };
  const FeatureTile tile = this->WholeImage(size, 3);
  const at::Tensor  samples = this->Samples(size, 500);
  const at::Tensor  volume = tile.features.permute({ 3, 0, 1, 2 }).unsqueeze(0).to(at::kDouble);
  const at::Tensor  extent = at::tensor(at::ArrayRef<std::int64_t>(size.data(), 3)).to(at::kDouble);
  const at::Tensor  grid = ((2.0 * samples + 1.0) / extent - 1.0).flip(1).reshape({ 1, -1, 1, 1, 3 });
  constexpr int     bilinear = 0;
  constexpr int     border = 1;
  const at::Tensor  expected = at::grid_sampler_3d(volume, grid, bilinear, border, false).reshape({ 3, -1 }).t();
  SamplingOptions   options;
  options.padding = ArSSRModelEnums::Padding::Border;
  for (const auto function : { SampleFeatures, SampleFeaturesReference })
  {
    EXPECT_LE(LargestDifference(function(tile, samples, options).narrow(1, 0, 3).to(at::kDouble), expected), Tolerance);
  }
}

// 20 channels are more than one block, and the last block is not full.
TEST_F(ArSSRLocalForm, HasTheSameGradientAsPlainTensorOperations)
{
  for (const auto padding : { ArSSRModelEnums::Padding::Zeros, ArSSRModelEnums::Padding::Border })
  {
    FeatureTile     tile = this->WholeImage({ 4, 5, 3 }, 20);
    SamplingOptions options;
    options.padding = padding;
    options.coordinates = ArSSRModelEnums::Coordinates::Local;
    const at::Tensor samples = this->Samples({ 4, 5, 3 }, 300);
    const at::Tensor weights = this->Random({ 300, 26 });
    const auto       gradientOf = [&](const auto & function) {
      tile.features = tile.features.detach().clone().requires_grad_();
      (function(tile, samples, options) * weights).sum().backward();
      return tile.features.grad().clone();
    };
    const at::Tensor gradient = gradientOf(SampleFeatures);
    const at::Tensor expected = gradientOf(SampleFeaturesReference);
    ASSERT_GT(expected.abs().max().item<double>(), 1.0);
    EXPECT_LE(LargestDifference(gradient, expected), 1e-5);
  }
}

// With one voxel along y, all taps along it read the same voxel.
TEST_F(ArSSRLocalForm, InterpolatesAsItsReference)
{
  const FeatureTile tile = this->WholeImage({ 4, 1, 5 }, 1);
  const at::Tensor  samples = this->Samples({ 4, 1, 5 }, 500);
  for (const auto skip : { ArSSRModelEnums::Skip::Linear, ArSSRModelEnums::Skip::Cubic })
  {
    EXPECT_LE(LargestDifference(InterpolateIntensities(tile, samples, skip),
                                InterpolateIntensitiesReference(tile, samples, skip)),
              Tolerance);
  }
}

TEST_F(ArSSRLocalForm, InterpolatesQuadraticsExactlyAndVoxelsThemselves)
{
  FeatureTile tile;
  tile.imageSize = { 8, 8, 8 };
  tile.lowResolution = at::empty({ 8, 8, 8 });
  const auto f = [](double z, double y, double x) {
    return 0.1 * z * z - 0.2 * y * x + 0.05 * x * x + z - 2.0;
  };
  for (int z = 0; z < 8; ++z)
  {
    for (int y = 0; y < 8; ++y)
    {
      for (int x = 0; x < 8; ++x)
      {
        tile.lowResolution[z][y][x] = f(z, y, x);
      }
    }
  }
  // Keys' kernel with a = -1/2 is exact for polynomials of the second degree where no tap is outside.
  const at::Tensor samples = at::tensor({ 3.3, 4.7, 2.1, 1.0, 5.5, 3.0, 2.0, 3.0, 4.0 }, at::kDouble).reshape({ 3, 3 });
  const at::Tensor values = InterpolateIntensities(tile, samples, ArSSRModelEnums::Skip::Cubic);
  for (std::int64_t k = 0; k < 3; ++k)
  {
    const auto sample = samples.accessor<double, 2>()[k];
    EXPECT_NEAR(values[k].item<double>(), f(sample[0], sample[1], sample[2]), 1e-5);
  }
}

// Tiles would have seams. Taps beyond the tile are in it or beyond the image.
TEST_F(ArSSRLocalForm, InterpolatesInATileAsInTheWhole)
{
  const FeatureTile whole = this->WholeImage({ 9, 8, 10 }, 1);
  FeatureTile       tile = whole;
  tile.lowResolutionOrigin = { 2, 0, 5 };
  tile.lowResolution = whole.lowResolution.narrow(0, 2, 6).narrow(2, 5, 5).contiguous();
  at::Tensor samples = this->Samples({ 3, 8, 2 }, 100);
  samples = samples + at::tensor({ 3.5, 0.0, 7.5 }, at::kDouble); // two taps are in the tile or outside the image
  for (const auto skip : { ArSSRModelEnums::Skip::Linear, ArSSRModelEnums::Skip::Cubic })
  {
    EXPECT_TRUE(InterpolateIntensities(tile, samples, skip).equal(InterpolateIntensities(whole, samples, skip)));
  }
}

// Training and inference are different code for the same network.
TEST_F(ArSSRLocalForm, PredictsABatchAsItDecodesEachImage)
{
  for (const bool local : { true, false })
  {
    Architecture architecture = LocalArchitecture();
    if (!local)
    {
      architecture = Architecture{ ArSSRModelEnums::Encoder::ResCNN, 6, 4, 7 };
    }
    Network network(architecture);
    network.InitializeWeights(7, Network::LastLayer::Random);
    const at::Tensor volumes = this->Random({ 3, 5, 5, 5 });
    const at::Tensor samples =
      at::stack({ this->Samples({ 5, 5, 5 }, 40), this->Samples({ 5, 5, 5 }, 40), this->Samples({ 5, 5, 5 }, 40) });
    const at::Tensor sizes =
      at::tensor({ 0.5, 0.5, 0.5, 1.0, 0.25, 1.0, 0.3, 0.4, 0.7 }, at::kDouble).reshape({ 3, 3 });
    const at::Tensor predicted = network.Predict(volumes, samples, sizes);
    for (std::int64_t n = 0; n < 3; ++n)
    {
      const auto        size = sizes.accessor<double, 2>()[n];
      const FeatureTile tile{ network.Encode(volumes[n]), {}, { 5, 5, 5 }, volumes[n], {} };
      const at::Tensor  decoded = network.Decode(tile, samples[n], { { size[0], size[1], size[2] } });
      EXPECT_LE(LargestDifference(predicted[n], decoded), Tolerance);
    }
  }
}
