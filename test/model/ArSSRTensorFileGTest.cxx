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
#include "model/ArSSRTensorFileTestHelpers.h"

#include <ATen/ATen.h>

#ifndef _WIN32
#  include <csignal>
#  include <sys/resource.h>
#endif

using namespace itk::arssr;
using namespace itk::arssr::test;

namespace
{
using ArSSRTensorFile = TensorFileTest;

/** Two tensors in two storages: "a" [2, 3] = 0 ... 5, "b" [2] = 6, 7. */
std::string
TwoTensors(const std::string & view = "")
{
  return OrderedDict({ Text("a"),
                       Tensor(Storage("0", 6, "FloatStorage", view), 0, { 2, 3 }, { 3, 1 }),
                       Text("b"),
                       Tensor(Storage("1", 2, "FloatStorage", view), 0, { 2 }, { 1 }) });
}

const std::vector<std::string> TwoStorages{ Floats({ 0, 1, 2, 3, 4, 5 }), Floats({ 6, 7 }) };

const std::string TwoTensorsHeader = R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                                     R"("b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}})";

/** The same tensors in each format. */
std::map<std::string, std::string>
TwoTensorsInEveryFormat()
{
  return { { "zip", MakeTorchArchive(TwoTensors(), TwoStorages) },
           { "zip64", MakeZip(TorchEntries(TwoTensors(), TwoStorages), true) },
           { "legacy", MakeTorchLegacy(TwoTensors("N"), TwoStorages) },
           { "safetensors", MakeSafetensors(TwoTensorsHeader, TwoStorages[0] + TwoStorages[1]) } };
}

/** A fixed pattern of finite values that fills every bit of the mantissa. */
at::Tensor
MakeTensor(at::IntArrayRef sizes, at::ScalarType type)
{
  std::int64_t count = 1;
  for (const auto size : sizes)
  {
    count *= size;
  }
  return at::arange(count, at::kDouble).mul(0.7315).sin().reshape(sizes).to(type);
}
} // namespace

TEST_F(ArSSRTensorFile, EveryFormatIsDetectedFromTheContent)
{
  for (const auto & [format, content] : TwoTensorsInEveryFormat())
  {
    SCOPED_TRACE(format);
    const TensorFile file = this->Read(content);
    ASSERT_EQ(file.tensors.size(), 2u);
    EXPECT_EQ(file.tensors[0].name, "a");
    EXPECT_EQ(file.tensors[0].tensor.sizes(), at::IntArrayRef({ 2, 3 }));
    EXPECT_EQ(Values(file.tensors[0].tensor), (std::vector<float>{ 0, 1, 2, 3, 4, 5 }));
    EXPECT_EQ(file.tensors[1].name, "b");
    EXPECT_EQ(Values(file.tensors[1].tensor), (std::vector<float>{ 6, 7 }));
  }
}

// A download that breaks off must not pass for a model.
TEST_F(ArSSRTensorFile, EveryTruncationIsRefused)
{
  for (const auto & [format, content] : TwoTensorsInEveryFormat())
  {
    SCOPED_TRACE(format);
    for (std::size_t size = 0; size < content.size(); ++size)
    {
      SCOPED_TRACE(size);
      EXPECT_NE(this->Refusal(content.substr(0, size)), "");
    }
  }
}

TEST_F(ArSSRTensorFile, BytesAfterTheEndAreRefused)
{
  for (const auto & [format, content] : TwoTensorsInEveryFormat())
  {
    SCOPED_TRACE(format);
    EXPECT_NE(this->Refusal(content + '\0'), "");
  }
}

// A crash, a hang or an exception of another type fails the test.
TEST_F(ArSSRTensorFile, RandomBitFlipsThrowOrAreRead)
{
  std::mt19937 random(20240229);
  for (const auto & [format, content] : TwoTensorsInEveryFormat())
  {
    SCOPED_TRACE(format);
    for (int attempt = 0; attempt < 1500; ++attempt)
    {
      std::string flipped = content;
      for (auto flips = 1 + random() % 4; flips > 0; --flips)
      {
        char & byte = flipped[random() % flipped.size()];
        byte = static_cast<char>(byte ^ (1 << random() % 8));
      }
      try
      {
        this->Read(flipped);
      }
      catch (const itk::ExceptionObject & error)
      {
        EXPECT_NE(std::string(error.GetDescription()), "");
      }
    }
  }
}

TEST_F(ArSSRTensorFile, AFlippedBitInAnArchivesDataIsNoticed)
{
  auto entries = TorchEntries(TwoTensors(), TwoStorages);
  entries[2].checksumMask = 1;
  EXPECT_NE(this->Refusal(MakeZip(entries)).find("'model/data/0' has CRC-32"), std::string::npos);
}

// torch.save writes zeros in place of checksums if it is told to.
TEST_F(ArSSRTensorFile, AnArchiveWithoutChecksumsIsRead)
{
  auto entries = TorchEntries(TwoTensors(), TwoStorages);
  for (auto & entry : entries)
  {
    entry.checksumMask = UpdateChecksum(0, entry.content.data(), entry.content.size());
  }
  EXPECT_EQ(this->Read(MakeZip(entries)).tensors.size(), 2u);
}

TEST_F(ArSSRTensorFile, BigEndianArchivesAreConverted)
{
  auto entries = TorchEntries(OrderedDict({ Text("a"), Tensor(Storage("0", 2), 0, { 2 }, { 1 }) }),
                              { std::string("\x3f\x80\0\0\xc0\0\0\0", 8) });
  entries[1].content = "big";
  EXPECT_EQ(Values(this->Read(MakeZip(entries)).tensors[0].tensor), (std::vector<float>{ 1, -2 }));
}

TEST_F(ArSSRTensorFile, HalfPrecisionAndDoubleStoragesKeepTheirType)
{
  const std::string half("\x00\x3c", 2);             // 1
  const std::string brain("\x40\xc0", 2);            // -3
  const std::string wide("\0\0\0\0\0\0\xe0\x3f", 8); // 0.5
  const auto        tensor = [](const std::string & key, const std::string & type) {
    return Tensor(Storage(key, 1, type), 0, { 1 }, { 1 });
  };
  const TensorFile file = this->Read(MakeTorchArchive(OrderedDict({ Text("half"),
                                                                    tensor("0", "HalfStorage"),
                                                                    Text("brain"),
                                                                    tensor("1", "BFloat16Storage"),
                                                                    Text("wide"),
                                                                    tensor("2", "DoubleStorage") }),
                                                      { half, brain, wide }));
  ASSERT_EQ(file.tensors.size(), 3u);
  EXPECT_EQ(file.tensors[0].tensor.scalar_type(), at::kHalf);
  EXPECT_EQ(file.tensors[0].tensor.item<float>(), 1.0f);
  EXPECT_EQ(file.tensors[1].tensor.scalar_type(), at::kBFloat16);
  EXPECT_EQ(file.tensors[1].tensor.item<float>(), -3.0f);
  EXPECT_EQ(file.tensors[2].tensor.scalar_type(), at::kDouble);
  EXPECT_EQ(file.tensors[2].tensor.item<double>(), 0.5);
}

TEST_F(ArSSRTensorFile, ViewsOfOneStorageAreReadAndMadeContiguous)
{
  const TensorFile file = this->Read(MakeTorchArchive(OrderedDict({ Text("transposed"),
                                                                    Tensor(Storage("0", 6), 0, { 3, 2 }, { 1, 3 }),
                                                                    Text("every second"),
                                                                    Tensor(Storage("0", 6), 1, { 3 }, { 2 }),
                                                                    Text("scalar"),
                                                                    Tensor(Storage("0", 6), 5, {}, {}),
                                                                    Text("empty"),
                                                                    Tensor(Storage("0", 6), 6, { 0, 4 }, { 4, 1 }) }),
                                                      { TwoStorages[0] }));
  for (const auto & [name, tensor] : file.tensors)
  {
    EXPECT_TRUE(tensor.is_contiguous()) << name;
  }
  EXPECT_EQ(Values(file.tensors[0].tensor), (std::vector<float>{ 0, 3, 1, 4, 2, 5 }));
  EXPECT_EQ(Values(file.tensors[1].tensor), (std::vector<float>{ 1, 3, 5 }));
  EXPECT_EQ(file.tensors[2].tensor.item<float>(), 5.0f);
  EXPECT_EQ(file.tensors[3].tensor.sizes(), at::IntArrayRef({ 0, 4 }));
}

TEST_F(ArSSRTensorFile, LegacyStorageViewsAreOffsetIntoTheirStorage)
{
  const std::string view = Tuple({ Text("view"), Number(2), Number(4) });
  const std::string value = OrderedDict({ Text("a"), Tensor(Storage("0", 6, "FloatStorage", view), 1, { 3 }, { 1 }) });
  EXPECT_EQ(Values(this->Read(MakeTorchLegacy(value, { TwoStorages[0] })).tensors[0].tensor),
            (std::vector<float>{ 3, 4, 5 }));
}

TEST_F(ArSSRTensorFile, ParametersMetadataAndNestedDictionariesAreAccepted)
{
  const std::string tensor = Tensor(Storage("0", 2), 0, { 2 }, { 1 });
  const std::string parameter =
    Global("torch._utils", "_rebuild_parameter") + Tuple({ tensor, "\x88", OrderedDict() }) + 'R';
  const std::string old = Global("torch._utils", "_rebuild_tensor") +
                          Tuple({ Storage("0", 2), Number(0), Numbers({ 2 }), Numbers({ 1 }) }) + 'R';
  const std::string metadata = "}" + Text("_metadata") + OrderedDict({ Text(""), "}" }) + "sb";
  const std::string plain = "}(" + Text("module.w") + parameter + Text("module.v") + old + 'u';

  EXPECT_EQ(this->Read(MakeTorchArchive(plain, { TwoStorages[1] })).tensors[1].name, "module.v");
  for (const std::string key : { "state_dict", "model" })
  {
    const auto file = this->Read(
      MakeTorchArchive("}" + Text(key) + OrderedDict({ Text("w"), parameter }) + metadata + 's', { TwoStorages[1] }));
    EXPECT_EQ(Values(file.tensors.at(0).tensor), (std::vector<float>{ 6, 7 }));
  }
}

// The message must show what the file holds and how to save the weights alone.
TEST_F(ArSSRTensorFile, ACheckpointIsRefusedWithItsKeys)
{
  const std::string message = this->Refusal(
    MakeTorchArchive("}(" + Text("state_dict") + TwoTensors() + Text("epoch") + Number(3) + 'u', TwoStorages));
  EXPECT_NE(message.find("'state_dict' (a dict), 'epoch' (an int)"), std::string::npos) << message;
  EXPECT_NE(message.find("torch.save(model.state_dict(), ...)"), std::string::npos) << message;
}

TEST_F(ArSSRTensorFile, NanAndInfinityAreRefusedWithTheTensorsName)
{
  for (const float value : { std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity() })
  {
    const auto message = this->Refusal(MakeTorchArchive(TwoTensors(), { TwoStorages[0], Floats({ 0, value }) }));
    EXPECT_NE(message.find("1 of the 2 elements of the tensor 'b' are NaN or infinite"), std::string::npos) << message;
  }
}

TEST_F(ArSSRTensorFile, UnusableFilesAreRefusedWithTheirPath)
{
  const auto expect = [](const std::string & path, const std::string & reason) {
    const std::string message = RefusalOf(path);
    EXPECT_NE(message.find('"' + path + "\": " + reason), std::string::npos) << message;
  };
  expect(this->GetPath("absent.pkl"), "there is no such file");
  expect(this->GetPath(""), "it is a directory");
  expect(this->Save(""), "it is empty");
  expect(this->Save("GIF89a"), "the file starts with 'GIF89a'");
}

TEST_F(ArSSRTensorFile, ARoundTripIsBitExactAndKeepsOrderAndMetadata)
{
  TensorFile written;
  written.tensors = { { "z.half", MakeTensor({ 3 }, at::kHalf) },
                      { "scalar", MakeTensor({}, at::kFloat) },
                      { "empty", MakeTensor({ 0, 2 }, at::kFloat) },
                      { "brain \"\\\n\x01 \xc3\xa9", MakeTensor({ 2, 1, 5 }, at::kBFloat16) },
                      { "transposed", MakeTensor({ 4, 3 }, at::kFloat).t() },
                      { "wide", MakeTensor({ 7 }, at::kDouble) } };
  written.metadata = { { "encoder", "ResCNN" }, { "\t\"\\/", "\x7f\xf0\x9f\xa7\xa0" }, { "", "" } };
  const std::string path = this->GetPath("weights.safetensors");
  WriteTensorFile(path, written);

  const TensorFile read = ReadTensorFile(path);
  EXPECT_EQ(read.metadata, written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (std::size_t i = 0; i < read.tensors.size(); ++i)
  {
    EXPECT_EQ(read.tensors[i].name, written.tensors[i].name);
    EXPECT_EQ(read.tensors[i].tensor.scalar_type(), written.tensors[i].tensor.scalar_type());
    EXPECT_TRUE(at::equal(read.tensors[i].tensor, written.tensors[i].tensor)) << read.tensors[i].name;
  }
  EXPECT_EQ(this->CountFiles(), 1u);
}

TEST_F(ArSSRTensorFile, WrittenBytesFollowTheSpecification)
{
  WriteTensorFile(this->GetPath("weights"), this->Read(MakeTorchArchive(TwoTensors(), TwoStorages)));
  std::string header = TwoTensorsHeader;
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(this->Load("weights"), MakeSafetensors(header, TwoStorages[0] + TwoStorages[1]));
}

// Readers that map the file need every tensor at a multiple of its element size.
TEST_F(ArSSRTensorFile, LargerElementsAreWrittenFirstSoThatAllAreAligned)
{
  WriteTensorFile(this->GetPath("weights"),
                  { { { "half", MakeTensor({ 3 }, at::kHalf) }, { "wide", MakeTensor({ 1 }, at::kDouble) } }, {} });
  const std::string content = this->Load("weights");
  EXPECT_NE(content.find(R"("half":{"dtype":"F16","shape":[3],"data_offsets":[8,14]})"), std::string::npos);
  EXPECT_NE(content.find(R"("wide":{"dtype":"F64","shape":[1],"data_offsets":[0,8]})"), std::string::npos);
}

TEST_F(ArSSRTensorFile, UnreadableContentIsNotWritten)
{
  const std::string                       old = "precious";
  const std::string                       path = this->Save(old);
  const at::Tensor                        tensor = MakeTensor({ 2 }, at::kFloat);
  const std::map<std::string, TensorFile> files = {
    { "is reserved", { { { "__metadata__", tensor } }, {} } },
    { "two tensors have the name 'a'", { { { "a", tensor }, { "a", tensor } }, {} } },
    { "is not UTF-8", { { { "\xff", tensor } }, {} } },
    { "takes 65537 bytes", { { { std::string(65537, 'a'), tensor } }, {} } },
    { "takes 131072 bytes", { {}, { { std::string(65536, '"'), "escaped" } } } },
    { "'\\xc0\\xaf' is not UTF-8", { {}, { { "key", "\xc0\xaf" } } } },
    { "is undefined", { { { "a", {} } }, {} } },
    { "elements of type Long", { { { "a", tensor.to(at::kLong) } }, {} } },
    { "NaN or infinite", { { { "a", tensor / 0.0 } }, {} } },
  };
  for (const auto & [reason, file] : files)
  {
    SCOPED_TRACE(reason);
    try
    {
      WriteTensorFile(path, file);
      ADD_FAILURE() << "was written";
    }
    catch (const itk::ExceptionObject & error)
    {
      EXPECT_NE(std::string(error.GetDescription()).find(reason), std::string::npos) << error.GetDescription();
    }
    EXPECT_EQ(this->Load("weights"), old);
    EXPECT_EQ(this->CountFiles(), 1u);
  }
}

TEST_F(ArSSRTensorFile, APathThatCannotBeWrittenIsRefused)
{
  const TensorFile  file{ { { "a", MakeTensor({ 2 }, at::kFloat) } }, {} };
  const std::string regular = this->Save("precious");
  EXPECT_THROW(WriteTensorFile(this->GetPath("absent/weights"), file), itk::ExceptionObject);
  EXPECT_THROW(WriteTensorFile(regular + "/weights", file), itk::ExceptionObject);
  EXPECT_THROW(WriteTensorFile(m_Directory.u8string(), file), itk::ExceptionObject);
  EXPECT_THROW(WriteTensorFile("", file), itk::ExceptionObject);
  EXPECT_EQ(this->Load("weights"), "precious");
  EXPECT_EQ(this->CountFiles(), 1u);
}

// A rename onto the link itself would leave the file behind it as it was.
TEST_F(ArSSRTensorFile, ALinkKeepsPointingToTheFileThatIsReplaced)
{
  const std::string path = this->Save("old");
  std::error_code   error;
  std::filesystem::create_symlink(path, m_Directory / "link", error);
  if (error)
  {
    GTEST_SKIP() << "The system makes no symbolic links: " << error.message();
  }
  WriteTensorFile(this->GetPath("link"), { { { "a", MakeTensor({ 2 }, at::kFloat) } }, {} });
  EXPECT_TRUE(std::filesystem::is_symlink(m_Directory / "link"));
  EXPECT_EQ(ReadTensorFile(path).tensors.size(), 1u);
}

TEST_F(ArSSRTensorFile, AFullDiskLeavesTheOldFileAndNoTemporaryOne)
{
#ifdef _WIN32
  GTEST_SKIP() << "Needs a limit on the size of files.";
#else
  const std::string path = this->Save("precious");
  const TensorFile  file{ { { "a", MakeTensor({ 100000 }, at::kFloat) } }, {} };
  rlimit            limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{ 65536, limit.rlim_max };
  auto * const handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(WriteTensorFile(path, file), itk::ExceptionObject);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(this->Load("weights"), "precious");
  EXPECT_EQ(this->CountFiles(), 1u);
#endif
}

TEST(ArSSRChecksum, MatchesZipArchives)
{
  const std::string text = "123456789"; // the check value of CRC-32/ISO-HDLC
  EXPECT_EQ(UpdateChecksum(0, text.data(), text.size()), 0xCBF43926U);
  EXPECT_EQ(UpdateChecksum(UpdateChecksum(0, text.data(), 4), text.data() + 4, text.size() - 4), 0xCBF43926U);
  EXPECT_EQ(UpdateChecksum(0, nullptr, 0), 0U);
}
