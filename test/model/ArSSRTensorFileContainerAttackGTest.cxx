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

using namespace itk::arssr;
using namespace itk::arssr::test;

namespace
{
class ArSSRTensorFileContainerAttack : public TensorFileTest
{
protected:
  /** An archive whose entry "model/data/0" a function has changed. */
  template <typename TChange>
  void
  ExpectArchiveRefusal(const std::string & reason, TChange change) const
  {
    auto entries =
      TorchEntries(OrderedDict({ Text("w"), Tensor(Storage("0", 6), 0, { 6 }, { 1 }) }), { std::string(24, '\0') });
    change(entries);
    this->ExpectRefusal(MakeZip(entries), reason);
    this->ExpectRefusal(MakeZip(entries, true), reason);
  }

  /** A header whose only tensor has these properties, with eight bytes of data. */
  void
  ExpectPropertyRefusal(const std::string & properties, const std::string & reason) const
  {
    this->ExpectRefusal(MakeSafetensors("{\"w\":{" + properties + "}}", std::string(8, '\0')), reason);
  }
};
} // namespace

// Overlapping entries let a small archive expand to a multiple of its size.
TEST_F(ArSSRTensorFileContainerAttack, OverlappingArchiveEntriesAreRefused)
{
  this->ExpectArchiveRefusal("'model/data/0' and 'model/version' overlap", [](auto & entries) {
    entries[2].directorySizeShift = 40;
    entries[2].flags = 8; // the local header then need not agree
  });
}

// Readers differ in which of the two they take, so a scanner could see other weights than this module.
TEST_F(ArSSRTensorFileContainerAttack, DuplicateArchiveEntriesAreRefused)
{
  this->ExpectArchiveRefusal("two entries 'model/data/0'", [](auto & entries) { entries.push_back(entries[2]); });
}

TEST_F(ArSSRTensorFileContainerAttack, EncryptedArchiveEntriesAreRefused)
{
  this->ExpectArchiveRefusal("'model/data/0' is encrypted", [](auto & entries) { entries[2].flags = 1; });
}

TEST_F(ArSSRTensorFileContainerAttack, CompressedArchiveEntriesAreRefused)
{
  this->ExpectArchiveRefusal("'model/data/0' is compressed (method 8", [](auto & entries) { entries[2].method = 8; });
}

TEST_F(ArSSRTensorFileContainerAttack, ArchiveEntriesOutsideTheFileAreRefused)
{
  this->ExpectArchiveRefusal("does not lie before the archive's directory",
                             [](auto & entries) { entries[2].directoryOffsetShift = 1 << 30; });
  this->ExpectArchiveRefusal("has no header there", [](auto & entries) { entries[2].directoryOffsetShift = 1; });
  this->ExpectArchiveRefusal("does not lie before the archive's directory", [](auto & entries) {
    entries[2].directorySizeShift = 1 << 30;
    entries[2].flags = 8;
  });
  this->ExpectArchiveRefusal("has 24 bytes there, but 20 in the directory",
                             [](auto & entries) { entries[2].directorySizeShift = -4; });
}

TEST_F(ArSSRTensorFileContainerAttack, ArchiveEntryNamesThatLeaveTheDirectoryAreRefused)
{
  for (const std::string name : { "../x", "model/../../x", "/etc/x", "C:/x", "model\\..\\x", "model//x", "", "." })
  {
    this->ExpectArchiveRefusal("has a name that leaves its directory",
                               [&](auto & entries) { entries[2].name = entries[2].localName = name; });
  }
  this->ExpectArchiveRefusal("does not lie in one directory with the others",
                             [](auto & entries) { entries[2].name = entries[2].localName = "other/data/0"; });
  this->ExpectArchiveRefusal("has another name there", [](auto & entries) { entries[2].localName = "model/data/1"; });
}

// TorchScript holds a program; bytes behind the pickle and thousands of entries serve only an attack.
TEST_F(ArSSRTensorFileContainerAttack, ArchivesThatTorchSaveDidNotWriteAreRefused)
{
  this->ExpectRefusal(MakeZip({ { "a/readme.txt", "hello" } }), "has no entry 'a/data.pkl'");
  this->ExpectArchiveRefusal("TorchScript", [](auto & entries) { entries.push_back({ "model/constants.pkl", "" }); });
  this->ExpectArchiveRefusal("is 'middle', not 'little' or 'big'",
                             [](auto & entries) { entries[1].content = "middle"; });
  this->ExpectArchiveRefusal("goes on for 3 bytes", [](auto & entries) { entries[0].content += "N0."; });
  std::vector<ZipEntry> many;
  for (int i = 0; i < 4097; ++i)
  {
    many.push_back({ "model/" + std::to_string(i), "" });
  }
  this->ExpectRefusal(MakeZip(many), "4097 entries; at most 4096");
}

TEST_F(ArSSRTensorFileContainerAttack, SafetensorsHeadersOutsideTheFileAreRefused)
{
  const std::string brace = "{}" + std::string(64, ' ');
  this->ExpectRefusal(Bytes(67, 8) + brace, "the header claims 67 bytes, expected at most 66");
  this->ExpectRefusal(Bytes(100000001, 8) + brace, "the header claims 100000001 bytes");
  this->ExpectRefusal(Bytes(~std::uint64_t{ 0 } >> 24, 8) + brace, "the header claims");
  this->ExpectRefusal(Bytes(66, 8) + brace + 'x', "the tensors take 0 bytes, but 1 bytes follow");
}

// Gaps could hide another file, overlaps let a small file expand.
TEST_F(ArSSRTensorFileContainerAttack, SafetensorsOffsetsThatDoNotFillTheDataAreRefused)
{
  const auto two = [](const std::string & first, const std::string & second) {
    return MakeSafetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
                             R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}",
                           std::string(16, '\0'));
  };
  this->ExpectRefusal(two("[0,8]", "[4,12]"), "begins at byte 4 of the data, but those before it end at byte 8");
  this->ExpectRefusal(two("[0,8]", "[0,8]"), "begins at byte 0 of the data, but those before it end at byte 8");
  this->ExpectRefusal(two("[0,8]", "[12,20]"), "begins at byte 12 of the data");
  this->ExpectRefusal(two("[4,12]", "[12,20]"), "begins at byte 4 of the data, but those before it end at byte 0");
  this->ExpectRefusal(two("[8,0]", "[8,16]"), "lies from byte 8 to 0");
  this->ExpectRefusal(two("[0,8]", "[8,17]"), "lies from byte 8 to 17");
  this->ExpectRefusal(two("[0,8,8]", "[8,16]"), "has 3 data_offsets");
  EXPECT_EQ(this->Read(two("[8,16]", "[0,8]")).tensors.size(), 2u);
}

TEST_F(ArSSRTensorFileContainerAttack, SafetensorsPropertiesAreChecked)
{
  this->ExpectPropertyRefusal(R"("dtype":"I64","shape":[1],"data_offsets":[0,8])", "has the type 'I64'");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8])", "no size");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0])", "no size");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8])", "64 bits");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])", "an unsigned integer");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])", "']'");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[02],"data_offsets":[0,8])", "no leading zero");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":[2])", "'shape' twice");
  this->ExpectPropertyRefusal(R"("dtype":"F32","data_offsets":[0,8])", "lacks one of the properties");
  this->ExpectPropertyRefusal(R"("dtype":"F32","shape":[2],"offsets":[0,8])", "unknown property 'offsets'");
}

// Equal names are found even if one of them is written with an escape.
TEST_F(ArSSRTensorFileContainerAttack, SafetensorsDuplicatesAreRefused)
{
  const std::string empty = R"(:{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  const std::string metadata = R"("__metadata__":{"a":"b"})";
  this->ExpectRefusal(MakeSafetensors("{\"w\"" + empty + ",\"\\u0077\"" + empty + "}", ""), "two tensors 'w'");
  this->ExpectRefusal(MakeSafetensors("{" + metadata + "," + metadata + "}", ""), "two entries '__metadata__'");
  this->ExpectRefusal(MakeSafetensors(R"({"__metadata__":{"a":"b","a":"c"}})", ""), "two entries 'a'");
  this->ExpectRefusal(MakeSafetensors(R"({"__metadata__":{"a":1}})", ""), "expected '\"'");
}

TEST_F(ArSSRTensorFileContainerAttack, MalformedJsonIsRefused)
{
  const auto metadata = [](const std::string & value) {
    return MakeSafetensors(R"({"__metadata__":{"a":")" + value + "\"}}", "");
  };
  for (const std::string value : { "\n",
                                   "\\x",
                                   "\\u12g4",
                                   "\\ud800",
                                   "\\ud800x",
                                   "\\ud800\\u0041",
                                   "\\udc00",
                                   "\xff",
                                   "\xc0\xaf",
                                   "\xed\xa0\x80" })
  {
    SCOPED_TRACE(value);
    EXPECT_NE(this->Refusal(metadata(value)), "");
  }
  EXPECT_EQ(this->Read(metadata("\\ud83e\\udde0\\n\\/\\u00e9")).metadata.at("a"), "\xf0\x9f\xa7\xa0\n/\xc3\xa9");
  for (const std::string header :
       { "{", "{]", "{\"a\"}", "{\"a\":}", "{,}", "{}}", "{\"a\":{},}", "{\"a\":[]}", "{'a':1}" })
  {
    SCOPED_TRACE(header);
    EXPECT_NE(this->Refusal(MakeSafetensors(header, "")), "");
  }
}

TEST_F(ArSSRTensorFileContainerAttack, SafetensorsHeadersWithTooManyOrTooLongNamesAreRefused)
{
  this->ExpectRefusal(MakeSafetensors("{\"" + std::string(65537, 'x') + "\":{}}", ""), "a shorter key");
  std::string header = "{";
  for (int i = 0; i < 4097; ++i)
  {
    header += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  }
  this->ExpectRefusal(MakeSafetensors(header + '}', ""), "more than 4096 tensors");
}
