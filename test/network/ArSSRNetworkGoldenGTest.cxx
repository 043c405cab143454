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
#include "cpu/ArSSRCpuExecutor.h"
#include "network/ArSSRNetwork.h"
#include "platform/ArSSRDevice.h"
#include "platform/ArSSRPrecision.h"

#include "cpu/ArSSRCpuTestHelpers.h"
#include "network/ArSSRGoldenData.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::CpuExecutor;
using itk::arssr::CpuKernels;
using itk::arssr::EncodeJob;
using itk::arssr::FeatureTile;
using itk::arssr::GridIndex;
using itk::arssr::Network;

// Agreement that the reference asks for, relative to the range of an output's values.
constexpr double Tolerance = 1e-5;

itk::Size<3>
ToSize(const GridIndex & size)
{
  return { { static_cast<itk::SizeValueType>(size[2]),
             static_cast<itk::SizeValueType>(size[1]),
             static_cast<itk::SizeValueType>(size[0]) } };
}

class GoldenOutputs : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{
protected:
  GoldenOutputs()
    : m_Golden(GoldenData::Read(GetParam()))
    , m_Network(Architecture{ GetParam() })
  {
    m_Network.SetWeights(m_Golden.MakeWeights());
  }

  void
  ExpectParity(const Network & network) const
  {
    const FeatureTile tile{ network.Encode(m_Golden.MakeInput()), {}, m_Golden.inputSize };
    ASSERT_EQ(m_Golden.outputs.size(), 4U);
    for (const GoldenData::Output & output : m_Golden.outputs)
    {
      const at::Tensor expected = at::tensor(output.values);
      const at::Tensor values = network.Decode(tile, m_Golden.MakeSamples(output));
      ASSERT_EQ(values.sizes(), expected.sizes());
      const double range = (expected.max() - expected.min()).item<double>();
      EXPECT_LE((values - expected).abs().max().item<double>(), Tolerance * range) << "scale " << output.scale;
    }
  }

  c10::InferenceMode m_InferenceMode;
  GoldenData         m_Golden;
  Network            m_Network;
};
} // namespace

// The formula for the weights counts tensors, and optimisers of PyTorch refer to parameters by their position.
TEST_P(GoldenOutputs, HaveTheParametersInStateDictOrder)
{
  const auto & entries = m_Network.GetParameters().GetEntries();
  ASSERT_EQ(entries.size(), m_Golden.parameters.size());
  for (std::size_t k = 0; k < entries.size(); ++k)
  {
    EXPECT_EQ(entries[k].name, m_Golden.parameters[k].name);
    EXPECT_EQ(entries[k].shape, m_Golden.parameters[k].shape) << entries[k].name;
  }
}

TEST_P(GoldenOutputs, HaveThePublishedNumberOfParameters)
{
  const std::int64_t published[] = { 6283460, 2579588, 4682052 };
  EXPECT_EQ(m_Network.GetNumberOfParameters(), published[static_cast<int>(GetParam())]);
}

// Tells an error of the encoder from one of sampling or of the MLP.
TEST_P(GoldenOutputs, HaveTheFeaturesOfThePublishedEncoder)
{
  const at::Tensor features = m_Network.Encode(m_Golden.MakeInput());
  const auto &     size = m_Golden.inputSize;
  ASSERT_EQ(features.sizes(), at::IntArrayRef({ size[0], size[1], size[2], 128 }));

  const at::Tensor expected = at::tensor(m_Golden.featureFirstVoxel);
  const at::Tensor first = features[0][0][0];
  ASSERT_EQ(first.sizes(), expected.sizes());
  const double range = (expected.max() - expected.min()).item<double>();
  EXPECT_LE((first - expected).abs().max().item<double>(), Tolerance * range);
  EXPECT_NEAR(features.abs().mean().item<double>(), m_Golden.featureMeanAbs, Tolerance * m_Golden.featureMeanAbs);
}

// Published weights would give other images here than with the published code.
TEST_P(GoldenOutputs, AreReproducedAtEveryScale)
{
  this->ExpectParity(m_Network);
}

// The copy has another memory format, and so other kernels of torch.
TEST_P(GoldenOutputs, AreReproducedByTheCopyThatInferenceUses)
{
  this->ExpectParity(*m_Network.CopyTo(at::kCPU));
}

TEST_P(GoldenOutputs, AreReproducedByEachSetOfKernelsForTheCPU)
{
  for (const CpuKernels * kernels : AllCpuKernels())
  {
    const CpuExecutor executor(m_Network, *kernels);
    EncodeJob         encode;
    encode.lowResolution = m_Golden.MakeInput();
    encode.imageSize = m_Golden.inputSize;
    encode.featureBox.end = m_Golden.inputSize;
    encode.report = [](double) {
    };
    const FeatureTile tile = executor.Encode(encode);

    itk::ArSSRImageGeometry input;
    input.region.SetSize(ToSize(m_Golden.inputSize));
    input.spacing.Fill(1.0);
    input.direction.SetIdentity();
    for (const GoldenData::Output & output : m_Golden.outputs)
    {
      const auto                  size = ToSize(output.size);
      const itk::ArSSRIndexMap    map(input, input.ResizedTo(size));
      const at::Tensor            expected = at::tensor(output.values);
      at::Tensor                  values = at::full_like(expected, -1.0F);
      const itk::ArSSRTileLattice lattice(input.region.GetSize(), input.region.GetSize(), 0);
      itk::arssr::OutputSpans     spans(map, lattice, itk::ImageRegion<3>(size), { { 0, 0, 0 } });
      const auto                  all = spans.GetNext(static_cast<itk::SizeValueType>(expected.numel()) + 1);
      executor.Decode(tile,
                      { map, all, [&](const auto & first, const float * row, itk::SizeValueType count) {
                         const auto line = first[2] * output.size[1] + first[1];
                         std::copy_n(row, count, values.mutable_data_ptr<float>() + line * output.size[2] + first[0]);
                       } });
      const double range = (expected.max() - expected.min()).item<double>();
      EXPECT_LE((values - expected).abs().max().item<double>(), Tolerance * range)
        << kernels->name << ", scale " << output.scale;
    }
  }
}

TEST_P(GoldenOutputs, AreReproducedOnCUDA)
{
  const at::Device device = itk::arssr::ResolveDevice("auto");
  if (!device.is_cuda())
  {
    GTEST_SKIP() << "no CUDA device";
  }
  const itk::arssr::PrecisionScope float32(device, itk::arssr::Precision::Float32);
  const auto                       network = m_Network.CopyTo(device);
  const auto                       features = network->Encode(m_Golden.MakeInput().to(device));
  for (const GoldenData::Output & output : m_Golden.outputs)
  {
    const at::Tensor expected = at::tensor(output.values);
    const at::Tensor values = network->Decode({ features, {}, m_Golden.inputSize }, m_Golden.MakeSamples(output));
    const double     range = (expected.max() - expected.min()).item<double>();
    EXPECT_LE((values.to(at::kCPU) - expected).abs().max().item<double>(), Tolerance * range)
      << "scale " << output.scale;
  }
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder, GoldenOutputs, ::testing::ValuesIn(AllEncoders), EncoderTestName);
