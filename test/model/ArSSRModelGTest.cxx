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

#include "support/ArSSRTestHelpers.h"

#include "itkImage.h"
#include "itkMetaDataObject.h"

#include "itksys/SystemTools.hxx"

#include <filesystem>
#include <fstream>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRModel;
using itk::ArSSRModelEnums;

/** \brief Sets an environment variable, or removes it for an empty value, until the end of the scope. */
class EnvironmentVariable
{
public:
  EnvironmentVariable(std::string name, const std::string & value)
    : m_Name(std::move(name))
  {
    m_WasSet = itksys::SystemTools::GetEnv(m_Name, m_Previous);
    Set(value, !value.empty());
  }
  ~EnvironmentVariable()
  {
    Set(m_Previous, m_WasSet);
  }
  EnvironmentVariable(const EnvironmentVariable &) = delete;
  EnvironmentVariable &
  operator=(const EnvironmentVariable &) = delete;

private:
  void
  Set(const std::string & value, bool isSet) const
  {
    if (isSet)
    {
      itksys::SystemTools::PutEnv(m_Name + '=' + value);
    }
    else
    {
      itksys::SystemTools::UnPutEnv(m_Name);
    }
  }

  std::string m_Name;
  std::string m_Previous;
  bool        m_WasSet;
};

ArSSRModel::Pointer
SmallModel(unsigned int seed = 1)
{
  auto model = ArSSRModel::New();
  model->SetRandomNetwork(ArSSRModelEnums::Encoder::ResCNN, 6, 4, 10, seed);
  return model;
}

std::string
GetEntry(const ArSSRModel & model, const std::string & key)
{
  std::string value;
  itk::ExposeMetaData(model.GetMetaDataDictionary(), key, value);
  return value;
}

void
SetEntry(ArSSRModel & model, const std::string & key, const std::string & value)
{
  itk::EncapsulateMetaData<std::string>(model.GetMetaDataDictionary(), key, value);
}

class ModelOfEachEncoder : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{};
} // namespace

// Numbers of parameters and radii of the networks of the paper; with others no published file could be read.
TEST_P(ModelOfEachEncoder, HasThePublishedDimensionsByDefault)
{
  const int  number = static_cast<int>(GetParam());
  const auto model = ArSSRModel::New();
  model->SetRandomNetwork(GetParam());
  EXPECT_EQ(model->GetEncoder(), GetParam());
  EXPECT_EQ(model->GetFeatureDimension(), 128U);
  EXPECT_EQ(model->GetDepth(), 8U);
  EXPECT_EQ(model->GetWidth(), 256U);
  const itk::SizeValueType parameters[] = { 6283460, 2579588, 4682052 };
  EXPECT_EQ(model->GetNumberOfParameters(), parameters[number]);
  const itk::SizeValueType radii[] = { 28, 20, 39 };
  EXPECT_EQ(model->GetHaloRadius(), radii[number]);
  const char * const names[] = { "RDN", "ResCNN", "SRResnet" };
  EXPECT_EQ(model->GetEncoderAsString(), names[number]);
}

TEST_P(ModelOfEachEncoder, TakesOtherDimensions)
{
  const auto model = ArSSRModel::New();
  model->SetRandomNetwork(GetParam(), 5, 6, 7);
  EXPECT_EQ(model->GetFeatureDimension(), 5U);
  EXPECT_EQ(model->GetDepth(), 6U);
  EXPECT_EQ(model->GetWidth(), 7U);
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ModelOfEachEncoder, ::testing::ValuesIn(AllEncoders), EncoderTestName);

TEST(ArSSRModel, IsEmptyAtFirst)
{
  const auto model = ArSSRModel::New();
  EXPECT_TRUE(model->IsEmpty());
  EXPECT_EQ(model->GetNetwork(), nullptr);
  EXPECT_FALSE(SmallModel()->IsEmpty());
}

TEST(ArSSRModel, ExplainsErrorsWhenItIsEmpty)
{
  const auto        model = ArSSRModel::New();
  const std::string remedy = "Call ReadFile() or SetRandomNetwork() first.";
  ExpectError([&] { model->GetEncoder(); }, remedy);
  ExpectError([&] { model->GetEncoderAsString(); }, remedy);
  ExpectError([&] { model->GetFeatureDimension(); }, remedy);
  ExpectError([&] { model->GetDepth(); }, remedy);
  ExpectError([&] { model->GetWidth(); }, remedy);
  ExpectError([&] { model->GetNumberOfParameters(); }, remedy);
  ExpectError([&] { model->GetHaloRadius(); }, remedy);
}

TEST(ArSSRModel, KeepsItsNetworkWhenWrongDimensionsAreRequested)
{
  const auto model = SmallModel();
  SetEntry(*model, "description", "a small one");
  const auto network = model->GetNetwork();
  const auto time = model->GetMTime();
  ExpectError([&] { model->SetRandomNetwork(ArSSRModelEnums::Encoder::RDN, 8, 5, 8); }, "depth is 5");
  ExpectError([&] { model->SetRandomNetwork(ArSSRModelEnums::Encoder::RDN, 0, 4, 8); }, "feature dimension is 0");
  EXPECT_EQ(model->GetNetwork(), network);
  EXPECT_EQ(GetEntry(*model, "description"), "a small one");
  EXPECT_EQ(model->GetMTime(), time);
}

// Old entries would describe the training of a network that is gone.
TEST(ArSSRModel, ClearsItsMetaDataForARandomNetwork)
{
  const auto model = SmallModel();
  SetEntry(*model, "description", "a small one");
  model->SetRandomNetwork(ArSSRModelEnums::Encoder::RDN, 3, 4, 5);
  EXPECT_TRUE(model->GetMetaDataDictionary().GetKeys().empty());
  EXPECT_EQ(model->GetEncoder(), ArSSRModelEnums::Encoder::RDN);
}

// Otherwise the pipeline would not run again and the output would be that of the old network.
TEST(ArSSRModel, IsModifiedByANewNetwork)
{
  const auto model = SmallModel();
  const auto time = model->GetMTime();
  model->SetRandomNetwork(ArSSRModelEnums::Encoder::ResCNN, 6, 4, 10, 2);
  EXPECT_GT(model->GetMTime(), time);
}

TEST(ArSSRModel, ReadsNumbersFromItsMetaData)
{
  const auto model = SmallModel();
  SetEntry(*model, "trained_scale_min", "1.75");
  SetEntry(*model, "exponent", "-2e-3");
  double value = 7.0;
  EXPECT_TRUE(model->GetMetaDataNumber("trained_scale_min", value));
  EXPECT_EQ(value, 1.75);
  EXPECT_TRUE(model->GetMetaDataNumber("exponent", value));
  EXPECT_EQ(value, -2e-3);
}

TEST(ArSSRModel, KeepsANumberThatItsMetaDataLack)
{
  double value = 7.0;
  EXPECT_FALSE(SmallModel()->GetMetaDataNumber("trained_scale_min", value));
  EXPECT_EQ(value, 7.0);
}

// Read as far as it goes, "2,5" would be a scale of 2.
TEST(ArSSRModel, RefusesMetaDataThatAreNotNumbers)
{
  const auto model = SmallModel();
  double     value = 7.0;
  for (const std::string text : { "", "two", "2.5 mm", "2,5", "2.5.1" })
  {
    SetEntry(*model, "trained_scale_min", text);
    ExpectError([&] { model->GetMetaDataNumber("trained_scale_min", value); },
                "entry 'trained_scale_min' is '" + text + "'; a number is expected");
  }
}

// A copy would double the memory; a change of the source must not reach the graft.
TEST(ArSSRModel, SharesTheNetworkOfAModelItIsGraftedOn)
{
  const auto source = SmallModel();
  SetEntry(*source, "description", "a small one");
  const auto model = ArSSRModel::New();
  model->Graft(source);
  EXPECT_EQ(model->GetNetwork(), source->GetNetwork());
  EXPECT_EQ(GetEntry(*model, "description"), "a small one");

  source->SetRandomNetwork(ArSSRModelEnums::Encoder::RDN, 3, 4, 5);
  EXPECT_EQ(model->GetEncoder(), ArSSRModelEnums::Encoder::ResCNN);
  EXPECT_EQ(GetEntry(*model, "description"), "a small one");
}

TEST(ArSSRModel, CannotBeGraftedOnAnythingElse)
{
  const auto model = SmallModel();
  const auto network = model->GetNetwork();
  const auto image = itk::Image<float, 3>::New();
  ExpectError([&] { model->Graft(image); }, "An ArSSRModel is expected, not Image.");
  ExpectError([&] { model->Graft(nullptr); }, "An ArSSRModel is expected, not a null pointer.");
  EXPECT_EQ(model->GetNetwork(), network);
}

TEST(ArSSRModel, IsEmptiedByInitialize)
{
  const auto model = SmallModel();
  SetEntry(*model, "description", "a small one");
  model->Initialize();
  EXPECT_TRUE(model->IsEmpty());
  EXPECT_TRUE(model->GetMetaDataDictionary().GetKeys().empty());
}

TEST(ArSSRModel, PrintsItsArchitecture)
{
  std::ostringstream empty;
  ArSSRModel::New()->Print(empty);
  EXPECT_TRUE(Contains(empty.str(), "Network: (none)")) << empty.str();

  std::ostringstream text;
  SmallModel()->Print(text);
  for (const std::string line :
       { "Encoder: ResCNN", "FeatureDimension: 6", "Depth: 4", "Width: 10", "NumberOfParameters: ", "HaloRadius: 20" })
  {
    EXPECT_TRUE(Contains(text.str(), line)) << text.str();
  }
}

TEST(ArSSRModel, FindsTheDefaultModelThatComesWithTheModule)
{
  const EnvironmentVariable unset("ARSSR_DEFAULT_MODEL", "");
  const std::string         name = ArSSRModel::GetDefaultModelFileName();
  constexpr std::uintmax_t  mebibyte = 1024 * 1024;
  EXPECT_LE(std::filesystem::file_size(name), 12 * mebibyte);

  const auto model = ArSSRModel::New();
  model->ReadFile(name);
  double smallest = 0.0;
  double largest = 0.0;
  EXPECT_TRUE(model->GetMetaDataNumber("trained_scale_min", smallest));
  EXPECT_TRUE(model->GetMetaDataNumber("trained_scale_max", largest));
  EXPECT_LT(smallest, largest);
  for (const std::string key : { "intensity_convention", "training_data", "licence" })
  {
    EXPECT_FALSE(GetEntry(*model, key).empty()) << key;
  }
}

TEST(ArSSRModel, UsesTheDefaultModelNamedByTheEnvironment)
{
  const EnvironmentVariable variable("ARSSR_DEFAULT_MODEL", "/somewhere/else.safetensors");
  EXPECT_EQ(ArSSRModel::GetDefaultModelFileName(), "/somewhere/else.safetensors");
}

TEST(ArSSRModel, FindsBundledModelsByName)
{
  const EnvironmentVariable      unset("ARSSR_DEFAULT_MODEL", "");
  const std::vector<std::string> names = ArSSRModel::GetBundledModelNames();
  ASSERT_FALSE(names.empty());
  const std::string first = ArSSRModel::GetDefaultModelFileName();
  EXPECT_EQ(ArSSRModel::FindModelFile(names.front()), first);
  EXPECT_EQ(ArSSRModel::FindModelFile(""), first);
  for (const std::string & name : names)
  {
    const auto model = ArSSRModel::New();
    model->ReadFile(ArSSRModel::FindModelFile(name));
    EXPECT_FALSE(model->IsEmpty()) << name;
  }
}

// A file of the user's comes first, and no name leads out of the folder of the bundled models.
TEST(ArSSRModel, TreatsAnyOtherNameAsAFile)
{
  const std::string name = ArSSRModel::GetBundledModelNames().front();
  for (const std::string & other : { std::string("missing"), "../models/" + name, "./" + name, name + ".safetensors" })
  {
    EXPECT_EQ(ArSSRModel::FindModelFile(other), other);
  }
  const std::filesystem::path before = std::filesystem::current_path();
  const TemporaryDirectory    directory;
  std::filesystem::current_path(directory.GetPath());
  std::ofstream(name) << "a file of this name";
  const std::string found = ArSSRModel::FindModelFile(name);
  std::filesystem::current_path(before);
  EXPECT_EQ(found, name);
}
