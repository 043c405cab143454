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
#include "itkArSSRModel.h"

#include "model/ArSSRTensorFile.h"
#include "network/ArSSRNetwork.h"
#include "support/ArSSRTestHelpers.h"

#include "itkMetaDataObject.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModel;
using itk::ArSSRModelEnums;
using itk::arssr::TensorFile;

ArSSRModel::Pointer
SmallModel(ArSSRModelEnums::Encoder encoder = ArSSRModelEnums::Encoder::ResCNN, unsigned int seed = 1)
{
  auto model = ArSSRModel::New();
  model->SetRandomNetwork(encoder, 6, 4, 10, seed);
  return model;
}

// The weights as a file has them.
TensorFile
FileOf(const ArSSRModel & model)
{
  TensorFile file;
  for (const auto & entry : model.GetNetwork()->GetParameters().GetEntries())
  {
    file.tensors.push_back({ entry.name, entry.value });
  }
  return file;
}

void
ExpectSameWeights(const ArSSRModel & left, const ArSSRModel & right)
{
  const TensorFile a = FileOf(left);
  const TensorFile b = FileOf(right);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
  {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_TRUE(a.tensors[i].tensor.equal(b.tensors[i].tensor)) << a.tensors[i].name;
  }
}

std::map<std::string, std::string>
MetaDataOf(const ArSSRModel & model)
{
  std::map<std::string, std::string> entries;
  const auto &                       dictionary = model.GetMetaDataDictionary();
  for (const std::string & key : dictionary.GetKeys())
  {
    itk::ExposeMetaData(dictionary, key, entries[key]);
  }
  return entries;
}

void
SetEntry(ArSSRModel & model, const std::string & key, const std::string & value)
{
  itk::EncapsulateMetaData<std::string>(model.GetMetaDataDictionary(), key, value);
}

std::string
BytesOf(const std::string & fileName)
{
  std::ifstream file(fileName, std::ios::binary);
  return { std::istreambuf_iterator<char>(file), {} };
}

class FileOfEachEncoder : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{};
} // namespace

TEST_P(FileOfEachEncoder, KeepsEveryBitAndTheMetaData)
{
  const TemporaryDirectory directory;
  const std::string        name = directory.File("model.safetensors");
  const auto               written = SmallModel(GetParam());
  SetEntry(*written, "trained_scale_max", "4.2");
  SetEntry(*written, "licence", "CC BY 4.0 \"attribution\" \xC3\xA9");
  written->WriteFile(name);

  const auto read = ArSSRModel::New();
  read->ReadFile(name);
  EXPECT_EQ(read->GetEncoder(), GetParam());
  EXPECT_EQ(read->GetFeatureDimension(), 6U);
  EXPECT_EQ(read->GetDepth(), 4U);
  EXPECT_EQ(read->GetWidth(), 10U);
  ExpectSameWeights(*read, *written);

  auto expected = MetaDataOf(*written);
  expected["format"] = "ArSSR";
  expected["form"] = "published";
  expected["encoder"] = NameOf(GetParam());
  expected["feature_dim"] = "6";
  expected["depth"] = "4";
  expected["width"] = "10";
  expected["interpolation_skip"] = "none";
  expected["coordinates"] = "image";
  expected["feature_padding"] = "zeros";
  expected["perceptron"] = "two-stage";
  EXPECT_EQ(MetaDataOf(*read), expected);
}

// Otherwise copies of a model could not be told to be equal by their checksums.
TEST_P(FileOfEachEncoder, IsTheSameByteForByteWhenWrittenAgain)
{
  const TemporaryDirectory directory;
  SmallModel(GetParam())->WriteFile(directory.File("first"));
  const auto model = ArSSRModel::New();
  model->ReadFile(directory.File("first"));
  model->WriteFile(directory.File("second"));
  EXPECT_FALSE(BytesOf(directory.File("first")).empty());
  EXPECT_EQ(BytesOf(directory.File("first")), BytesOf(directory.File("second")));
}

INSTANTIATE_TEST_SUITE_P(ArSSR, FileOfEachEncoder, ::testing::ValuesIn(AllEncoders), EncoderTestName);

// Otherwise a training run could not be repeated from its seed.
TEST(ArSSRModelFile, HasTheWeightsOfTheSeed)
{
  ExpectSameWeights(*SmallModel(ArSSRModelEnums::Encoder::ResCNN, 5), *SmallModel(ArSSRModelEnums::Encoder::ResCNN, 5));
  const auto first = FileOf(*SmallModel(ArSSRModelEnums::Encoder::ResCNN, 5));
  const auto other = FileOf(*SmallModel(ArSSRModelEnums::Encoder::ResCNN, 6));
  EXPECT_FALSE(first.tensors[0].tensor.equal(other.tensors[0].tensor));
}

TEST(ArSSRModelFile, MayHaveThePrefixOfTrainingOnSeveralGPUs)
{
  const TemporaryDirectory directory;
  const auto               model = SmallModel();
  TensorFile               file = FileOf(*model);
  for (auto & tensor : file.tensors)
  {
    tensor.name = "module." + tensor.name;
  }
  itk::arssr::WriteTensorFile(directory.File("model"), file);
  const auto read = ArSSRModel::New();
  read->ReadFile(directory.File("model"));
  ExpectSameWeights(*read, *model);
}

TEST(ArSSRModelFile, IsRefusedWhenTwoTensorsShareANameWithoutThePrefix)
{
  const TemporaryDirectory directory;
  const auto               model = SmallModel();
  TensorFile               file = FileOf(*model);
  for (auto & tensor : FileOf(*SmallModel(ArSSRModelEnums::Encoder::ResCNN, 9)).tensors)
  {
    tensor.name = "module." + tensor.name;
    file.tensors.push_back(tensor);
  }
  itk::arssr::WriteTensorFile(directory.File("model"), file);
  const auto        read = SmallModel(ArSSRModelEnums::Encoder::ResCNN, 5);
  const std::string message = MessageOf([&] { read->ReadFile(directory.File("model")); });
  for (const std::string & part :
       std::vector<std::string>{ directory.File("model"), "two tensors '" + file.tensors[0].name, "'module.'", "Save" })
  {
    EXPECT_TRUE(Contains(message, part)) << "'" << part << "' is not in: " << message;
  }
  ExpectSameWeights(*read, *SmallModel(ArSSRModelEnums::Encoder::ResCNN, 5));
}

// The published files have none. Entries of the model read before must not pass for those of the new one.
TEST(ArSSRModelFile, NeedsNoMetaData)
{
  const TemporaryDirectory directory;
  const auto               model = SmallModel();
  itk::arssr::WriteTensorFile(directory.File("model"), FileOf(*model));
  const auto read = SmallModel(ArSSRModelEnums::Encoder::RDN);
  SetEntry(*read, "description", "of another model");
  read->ReadFile(directory.File("model"));
  ExpectSameWeights(*read, *model);
  EXPECT_TRUE(MetaDataOf(*read).empty());
}

// Believed, such entries would make the reader expect other tensors, or allocate gigabytes.
TEST(ArSSRModelFile, IsReadByItsTensorsAndNotItsMetaData)
{
  const TemporaryDirectory directory;
  TensorFile               file = FileOf(*SmallModel());
  file.metadata["encoder"] = "RDN";
  file.metadata["width"] = "4000000000";
  itk::arssr::WriteTensorFile(directory.File("model"), file);
  const auto read = ArSSRModel::New();
  read->ReadFile(directory.File("model"));
  EXPECT_EQ(read->GetEncoder(), ArSSRModelEnums::Encoder::ResCNN);
  EXPECT_EQ(read->GetWidth(), 10U);

  read->WriteFile(directory.File("again"));
  read->ReadFile(directory.File("again"));
  EXPECT_EQ(MetaDataOf(*read)["encoder"], "ResCNN");
  EXPECT_EQ(MetaDataOf(*read)["width"], "10");
}

// Read as a known form, it would give plausible but wrong images.
TEST(ArSSRModelFile, IsRefusedWhenItsNetworkHasAFormOfALaterVersion)
{
  const TemporaryDirectory directory;
  TensorFile               file = FileOf(*SmallModel());
  file.metadata["form"] = "from the future";
  itk::arssr::WriteTensorFile(directory.File("model"), file);
  const auto        model = ArSSRModel::New();
  const std::string message = MessageOf([&] { model->ReadFile(directory.File("model")); });
  EXPECT_TRUE(Contains(message, directory.File("model"))) << message;
  EXPECT_TRUE(Contains(message, "form is 'from the future'")) << message;
  EXPECT_TRUE(Contains(message, "newer version of the module")) << message;
  EXPECT_TRUE(model->IsEmpty());
}

// A filter that shares the model could otherwise meet a network with the metadata of another.
TEST(ArSSRModelFile, LeavesTheModelAsItWasWhenItCannotBeRead)
{
  const TemporaryDirectory directory;
  const std::string        name = directory.File("model");
  const auto               model = SmallModel();
  SetEntry(*model, "description", "a small one");
  const auto network = model->GetNetwork();
  const auto metaData = MetaDataOf(*model);
  const auto time = model->GetMTime();
  const auto expectRefusal = [&](const std::string & part) {
    ExpectError([&] { model->ReadFile(name); }, part);
    ExpectError([&] { model->ReadFile(name); }, name);
    EXPECT_EQ(model->GetNetwork(), network);
    EXPECT_EQ(MetaDataOf(*model), metaData);
    EXPECT_EQ(model->GetMTime(), time);
  };
  expectRefusal(""); // no such file
  std::ofstream(name) << "not a model at all";
  expectRefusal("");

  TensorFile file = FileOf(*SmallModel(ArSSRModelEnums::Encoder::RDN));
  file.tensors.pop_back();
  itk::arssr::WriteTensorFile(name, file);
  expectRefusal("missing: decoder.stage_two.2.bias [1]");

  file.tensors.push_back({ "decoder.stage_two.2.bias", at::zeros({ 2 }) });
  itk::arssr::WriteTensorFile(name, file);
  expectRefusal("wrong shape: decoder.stage_two.2.bias is [2], expected [1]");

  file.tensors = { { "conv1.weight", at::zeros({ 2 }) } };
  itk::arssr::WriteTensorFile(name, file);
  expectRefusal("'conv1.weight'");
}

TEST(ArSSRModelFile, IsRefusedWhenTruncatedAnywhere)
{
  const TemporaryDirectory directory;
  SmallModel()->WriteFile(directory.File("whole"));
  const std::string bytes = BytesOf(directory.File("whole"));
  const auto        model = ArSSRModel::New();
  for (const double fraction : { 0.0, 0.00001, 0.001, 0.5, 0.999999 })
  {
    const auto length = static_cast<std::streamsize>(fraction * static_cast<double>(bytes.size()));
    std::ofstream(directory.File("part"), std::ios::binary).write(bytes.data(), length);
    EXPECT_THROW(model->ReadFile(directory.File("part")), itk::ExceptionObject) << length << " bytes";
    EXPECT_TRUE(model->IsEmpty());
  }
}

TEST(ArSSRModelFile, CannotBeWrittenFromAnEmptyModel)
{
  const TemporaryDirectory directory;
  const auto               model = ArSSRModel::New();
  ExpectError([&] { model->WriteFile(directory.File("model")); }, "The model is empty");
  EXPECT_TRUE(std::filesystem::is_empty(directory.GetPath()));
}

TEST(ArSSRModelFile, CannotBeWrittenToAMissingFolder)
{
  const TemporaryDirectory directory;
  const std::string        name = directory.File("missing/model");
  ExpectError([&] { SmallModel()->WriteFile(name); }, name);
}

TEST(ArSSRModelFile, ReplacesAnotherOneAndLeavesNothingElseBehind)
{
  const TemporaryDirectory directory;
  const std::string        name = directory.File("model");
  SmallModel(ArSSRModelEnums::Encoder::SRResnet)->WriteFile(name);
  SmallModel(ArSSRModelEnums::Encoder::ResCNN)->WriteFile(name);
  const auto read = ArSSRModel::New();
  read->ReadFile(name);
  EXPECT_EQ(read->GetEncoder(), ArSSRModelEnums::Encoder::ResCNN);
  const std::filesystem::directory_iterator files(directory.GetPath());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

// safetensors holds strings only; ITK readers put numbers and matrices into the dictionary, too.
TEST(ArSSRModelFile, LeavesOutMetaDataThatAreNotText)
{
  const TemporaryDirectory directory;
  const auto               model = SmallModel();
  itk::EncapsulateMetaData<double>(model->GetMetaDataDictionary(), "number", 1.5);
  model->WriteFile(directory.File("model"));
  model->ReadFile(directory.File("model"));
  EXPECT_FALSE(model->GetMetaDataDictionary().HasKey("number"));
}
