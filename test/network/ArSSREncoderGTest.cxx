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
#include "network/ArSSRNetwork.h"

#include "itkArSSRTileLattice.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::NamedTensor;
using itk::arssr::Network;

constexpr std::int64_t FeatureDimension = 5;

// The halo radius that the notes on the published networks give.
std::int64_t
PublishedRadius(ArSSRModelEnums::Encoder encoder)
{
  const std::int64_t radii[] = { 28, 20, 39 };
  return radii[static_cast<int>(encoder)];
}

// Volumes are long along one axis and a little thick along the others.
constexpr std::int64_t BarThickness = 2;

std::vector<std::int64_t>
BarShape(int axis, std::int64_t length)
{
  std::vector<std::int64_t> shape(3, BarThickness);
  shape[axis] = length;
  return shape;
}

// Weights and input are positive and biases zero: no ReLU cuts anything off and nothing cancels, so that a feature is
// zero exactly where the network does not see the impulse. The weights have a layer pass on the mean over its input
// channels and the bar's cross section, which keeps the outermost feature of the order of the impulse.
void
SetPositiveWeights(Network & network)
{
  std::vector<NamedTensor> weights;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    const double inputs =
      entry.shape.size() == 5 ? static_cast<double>(entry.shape[1] * BarThickness * BarThickness) : 0.0;
    weights.push_back({ entry.name, at::full(entry.shape, inputs > 0.0 ? 1.0 / inputs : 0.0, at::kFloat) });
  }
  network.SetWeights(weights);
}

class EncoderOfEachKind : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{
protected:
  EncoderOfEachKind()
    : m_Network(Architecture{ GetParam(), FeatureDimension, 4, 6 })
    , m_Radius(m_Network.GetEncoder().GetRadius())
  {}

  at::Tensor
  RandomVolume(const std::vector<std::int64_t> & shape) const
  {
    at::Tensor volume = at::empty(shape, at::kFloat);
    float *    values = volume.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < volume.numel(); ++i)
    {
      values[i] = static_cast<float>(i * 7919 % 1009) / 1009.0F;
    }
    return volume;
  }

  c10::InferenceMode m_InferenceMode;
  Network            m_Network;
  const std::int64_t m_Radius;
};
} // namespace

// It is the halo of tiles: seams appear if it is too small, and time is lost if it is too large.
TEST_P(EncoderOfEachKind, HasThePublishedRadius)
{
  EXPECT_EQ(m_Radius, PublishedRadius(GetParam()));
}

// The radius is a sum over layers; this measures it on the network itself.
TEST_P(EncoderOfEachKind, SpreadsAnImpulseExactlyAsFarAsItsRadius)
{
  SetPositiveWeights(m_Network);
  const std::int64_t centre = m_Radius + 2;
  for (int axis = 0; axis < 3; ++axis)
  {
    at::Tensor volume = at::zeros(BarShape(axis, 2 * centre + 1));
    volume.select(axis, centre)[0][0] = 1.0F;
    const at::Tensor features = m_Network.Encode(volume);
    ASSERT_TRUE(features.isfinite().all().item<bool>());
    for (std::int64_t position = 0; position <= 2 * centre; ++position)
    {
      const at::Tensor here = features.select(axis, position);
      if (std::abs(position - centre) <= m_Radius)
      {
        EXPECT_TRUE(here.gt(0.0).all().item<bool>()) << "axis " << axis << ", " << position - centre << " voxels away";
      }
      else
      {
        EXPECT_TRUE(here.eq(0.0).all().item<bool>()) << "axis " << axis << ", " << position - centre << " voxels away";
      }
    }
  }
}

// Features that are computed again could differ from those in the cache although nothing near them has changed.
TEST_P(EncoderOfEachKind, GivesTheSameBitsBeyondItsRadiusWhenAVoxelChanges)
{
  m_Network.InitializeWeights(7);
  const std::int64_t centre = m_Radius + 2;
  const at::Tensor   volume = this->RandomVolume(BarShape(2, 2 * centre + 1));
  const at::Tensor   before = m_Network.Encode(volume);
  at::Tensor         changed = volume.clone();
  changed[0][0][centre] += 100.0F;
  const at::Tensor after = m_Network.Encode(changed);

  EXPECT_FALSE(after.select(2, centre).equal(before.select(2, centre)));
  for (const std::int64_t distance : { m_Radius + 1, m_Radius + 2 })
  {
    EXPECT_TRUE(after.select(2, centre - distance).equal(before.select(2, centre - distance)));
    EXPECT_TRUE(after.select(2, centre + distance).equal(before.select(2, centre + distance)));
  }
}

// Tiles would have seams.
TEST_P(EncoderOfEachKind, GivesATileWithItsHaloTheFeaturesOfTheWholeImage)
{
  constexpr std::int64_t tileSize = 6;
  const std::int64_t     length = 2 * m_Radius + 4 * tileSize;
  m_Network.InitializeWeights(3);
  const at::Tensor volume = this->RandomVolume({ 3, 2, length });
  const at::Tensor whole = m_Network.Encode(volume);
  const double     largest = whole.abs().max().item<double>();

  const itk::SizeValueType    lengthAlongX = static_cast<itk::SizeValueType>(length);
  const itk::ArSSRTileLattice lattice(
    { { lengthAlongX, 2, 3 } }, { { tileSize, 2, 3 } }, static_cast<itk::SizeValueType>(m_Radius));
  const auto differenceOfTile = [&](itk::IndexValueType number, std::int64_t haloLeftOut) {
    const auto input = lattice.GetInputRegion({ { number, 0, 0 } });
    const auto feature = lattice.GetFeatureRegion({ { number, 0, 0 } });
    // Less than the halo: only on the sides where it is not the image that ends.
    const auto         atLow = input.GetIndex(0) == 0 ? 0 : haloLeftOut;
    const bool         reachesEnd = input.GetUpperIndex()[0] + 1 == length;
    const std::int64_t begin = input.GetIndex(0) + atLow;
    const std::int64_t end = input.GetUpperIndex()[0] + 1 - (reachesEnd ? 0 : haloLeftOut);
    const at::Tensor   features = m_Network.Encode(volume.narrow(2, begin, end - begin).contiguous());
    const auto         size = static_cast<std::int64_t>(feature.GetSize(0));
    const at::Tensor   ofTile = features.narrow(2, feature.GetIndex(0) - begin, size);
    return (ofTile - whole.narrow(2, feature.GetIndex(0), size)).abs().max().item<double>() / largest;
  };
  const auto tiles = static_cast<itk::IndexValueType>(lattice.GetNumberOfTiles()[0]);
  for (itk::IndexValueType tile = 0; tile < tiles; ++tile)
  {
    EXPECT_LE(differenceOfTile(tile, 0), 1e-5) << "tile " << tile << " of " << tiles;
  }
  EXPECT_GT(differenceOfTile(tiles / 2, m_Radius), 1e-4) << "the halo makes no difference: nothing is tested";
}

TEST_P(EncoderOfEachKind, LeavesItsInputAndItsWeightsAsTheyAre)
{
  // Its arithmetic is in place where it can be; the voxels are kept to find the features again.
  m_Network.InitializeWeights(3);
  const auto       network = m_Network.CopyTo(at::kCPU);
  const at::Tensor volume = this->RandomVolume({ 3, 4, 5 });
  const at::Tensor copy = volume.clone();
  const at::Tensor features = network->Encode(volume);
  EXPECT_TRUE(volume.equal(copy));
  EXPECT_TRUE(network->Encode(volume).equal(features));
}

// Progress is weighted by these costs: it would run unevenly.
TEST_P(EncoderOfEachKind, CostsOneMultiplicationForEachWeight)
{
  std::int64_t encoder = 0;
  std::int64_t decoder = 0;
  for (const auto & entry : m_Network.GetParameters().GetEntries())
  {
    const at::Tensor shape = at::tensor(at::ArrayRef<std::int64_t>(entry.shape));
    encoder += entry.shape.size() == 5 ? shape.prod().item<std::int64_t>() : 0;
    decoder += entry.shape.size() == 2 ? shape.prod().item<std::int64_t>() : 0;
  }
  EXPECT_EQ(m_Network.GetEncoder().GetCost(), encoder);
  EXPECT_EQ(m_Network.GetDecoder().GetCost(), decoder);
}

INSTANTIATE_TEST_SUITE_P(ArSSR, EncoderOfEachKind, ::testing::ValuesIn(AllEncoders), EncoderTestName);
