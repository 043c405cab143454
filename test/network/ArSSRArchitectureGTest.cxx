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
#include "network/ArSSRArchitecture.h"
#include "network/ArSSRNetwork.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModelEnums;
using itk::arssr::Architecture;
using itk::arssr::NamedTensor;
using itk::arssr::Network;

// Tensors of the right names and shapes; zeros that share one element, as the values do not matter.
std::vector<NamedTensor>
StateDict(const Architecture & architecture)
{
  const Network            network(architecture);
  std::vector<NamedTensor> tensors;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    tensors.push_back({ entry.name, at::zeros({ 1 }).expand(entry.shape) });
  }
  return tensors;
}

void
Remove(std::vector<NamedTensor> & tensors, const std::string & name)
{
  const auto last =
    std::remove_if(tensors.begin(), tensors.end(), [&name](const NamedTensor & tensor) { return tensor.name == name; });
  ASSERT_NE(last, tensors.end());
  tensors.erase(last, tensors.end());
}

class ArchitectureOfEachEncoder : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{};
} // namespace

TEST_P(ArchitectureOfEachEncoder, IsInferredFromTheTensors)
{
  for (const Architecture & expected : { Architecture{ GetParam() },
                                         Architecture{ GetParam(), 1, 4, 1 },
                                         Architecture{ GetParam(), 96, 10, 33 },
                                         Architecture{ GetParam(), 7, 64, 4096 } })
  {
    const Architecture inferred = Architecture::Infer(StateDict(expected));
    EXPECT_EQ(inferred.encoder, expected.encoder);
    EXPECT_EQ(inferred.featureDimension, expected.featureDimension);
    EXPECT_EQ(inferred.depth, expected.depth);
    EXPECT_EQ(inferred.width, expected.width);
  }
}

// Files need not keep the order of the `state_dict`.
TEST_P(ArchitectureOfEachEncoder, IsInferredInAnyOrderOfTheTensors)
{
  auto tensors = StateDict({ GetParam(), 16, 6, 24 });
  std::reverse(tensors.begin(), tensors.end());
  const Architecture inferred = Architecture::Infer(tensors);
  EXPECT_EQ(inferred.encoder, GetParam());
  EXPECT_EQ(inferred.featureDimension, 16);
  EXPECT_EQ(inferred.depth, 6);
  EXPECT_EQ(inferred.width, 24);
}

// The feature dimension is read from this layer; without a check, a truncated file would fail far from its cause.
TEST_P(ArchitectureOfEachEncoder, IsNotInferredWithoutTheEncodersLastLayer)
{
  const char * const last[] = { "encoder.output.weight", "encoder.conv_end.0.weight", "encoder.features.20.0.weight" };
  auto               tensors = StateDict({ GetParam(), 16, 6, 24 });
  const std::string  name = last[static_cast<int>(GetParam())];
  Remove(tensors, name);
  ExpectError([&] { Architecture::Infer(tensors); }, name);
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ArchitectureOfEachEncoder, ::testing::ValuesIn(AllEncoders), EncoderTestName);

// Programs that set nothing would otherwise make networks that published weights do not fit.
TEST(ArSSRArchitecture, IsThePublishedOneByDefault)
{
  const Architecture architecture;
  EXPECT_EQ(architecture.encoder, ArSSRModelEnums::Encoder::RDN);
  EXPECT_EQ(architecture.featureDimension, 128);
  EXPECT_EQ(architecture.depth, 8);
  EXPECT_EQ(architecture.width, 256);
  EXPECT_EQ(architecture.GetLayersPerStage(), 4);
}

// Users recognise by it that they took another file, or one whose names have a prefix.
TEST(ArSSRArchitecture, NamesTheFirstTensorOfAnotherNetwork)
{
  const std::vector<NamedTensor> tensors{ { "conv1.weight", at::zeros({ 1 }) }, { "conv2.weight", at::zeros({ 1 }) } };
  const std::string              message = MessageOf([&] { Architecture::Infer(tensors); });
  EXPECT_TRUE(Contains(message, "None of the 2 tensors, the first named 'conv1.weight'")) << message;
  EXPECT_TRUE(Contains(message, "'encoder.sfe1.weight' (RDN)")) << message;
}

// The message names the first tensor, which must not be looked for in an empty list.
TEST(ArSSRArchitecture, IsNotInferredFromNothing)
{
  ExpectError([] { Architecture::Infer({}); }, "None of the 0 tensors");
}

TEST(ArSSRArchitecture, IsNotInferredWithoutADecoder)
{
  auto tensors = StateDict({ ArSSRModelEnums::Encoder::ResCNN, 16, 6, 24 });
  Remove(tensors, "decoder.stage_one.0.weight");
  ExpectError([&] { Architecture::Infer(tensors); }, "decoder.stage_one.0.weight");
}

// size(0) of a scalar throws an error of torch that names no tensor.
TEST(ArSSRArchitecture, IsNotInferredFromATensorWithoutDimensions)
{
  auto tensors = StateDict({ ArSSRModelEnums::Encoder::ResCNN, 16, 6, 24 });
  for (NamedTensor & tensor : tensors)
  {
    tensor.tensor = tensor.name == "encoder.conv_end.0.weight" ? at::zeros({}) : tensor.tensor;
  }
  ExpectError([&] { Architecture::Infer(tensors); }, "encoder.conv_end.0.weight");
}

// A hostile file could otherwise ask for more memory than there is.
TEST(ArSSRArchitecture, IsNotInferredFromTensorsThatAreTooWide)
{
  auto tensors = StateDict({ ArSSRModelEnums::Encoder::ResCNN, 16, 6, 24 });
  for (NamedTensor & tensor : tensors)
  {
    tensor.tensor = tensor.name == "decoder.stage_one.0.weight" ? at::zeros({ 1 }).expand({ 5000, 19 }) : tensor.tensor;
  }
  ExpectError([&] { Architecture::Infer(tensors); }, "width is 5000; expected 1 to 4096");
}

// An odd depth would lose a layer when it is halved; sizes of zero make tensors without elements.
TEST(ArSSRArchitecture, HasLimits)
{
  constexpr auto encoder = ArSSRModelEnums::Encoder::RDN;
  for (const Architecture & good : { Architecture{ encoder, 1, 4, 1 }, Architecture{ encoder, 4096, 64, 4096 } })
  {
    EXPECT_NO_THROW(good.Verify());
  }
  const auto expectError = [](const Architecture & bad, const std::string & message) {
    ExpectError([&bad] { bad.Verify(); }, message);
  };
  expectError({ encoder, 0, 8, 256 }, "feature dimension is 0; expected 1 to 4096");
  expectError({ encoder, 4097, 8, 256 }, "feature dimension is 4097");
  expectError({ encoder, 128, 2, 256 }, "depth is 2; expected 4 to 64");
  expectError({ encoder, 128, 66, 256 }, "depth is 66");
  expectError({ encoder, 128, 7, 256 }, "depth is 7; an even number is expected");
  expectError({ encoder, 128, 8, 0 }, "width is 0");
  expectError({ encoder, 128, 8, -1 }, "width is -1");
}
