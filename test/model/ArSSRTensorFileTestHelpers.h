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
#ifndef ArSSRTensorFileTestHelpers_h
#define ArSSRTensorFileTestHelpers_h

#include "model/ArSSRChecksum.h"
#include "model/ArSSRTensorFile.h"

#include "itkMacro.h"

#include <gtest/gtest.h>

#include <cstring>
#include "itksys/SystemTools.hxx"

#include <filesystem>
#include <fstream>
#include <random>

/** Weights files put together byte by byte, so that the tests need no Python and can build what no writer writes. */
namespace itk::arssr::test
{
/** Little-endian unsigned number. */
inline std::string
Bytes(std::uint64_t value, unsigned int count)
{
  std::string bytes;
  for (unsigned int i = 0; i < count; ++i)
  {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

inline std::string
Floats(const std::vector<float> & values)
{
  std::string bytes(4 * values.size(), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Pieces of a pickle; each leaves one value on the stack.

inline std::string
Text(const std::string & text)
{
  return 'X' + Bytes(text.size(), 4) + text;
}

inline std::string
Number(std::int64_t number)
{
  return "\x8a\x08" + Bytes(static_cast<std::uint64_t>(number), 8);
}

inline std::string
Global(const std::string & module, const std::string & name)
{
  return 'c' + module + '\n' + name + '\n';
}

inline std::string
Tuple(const std::vector<std::string> & items)
{
  std::string pickle = "(";
  for (const auto & item : items)
  {
    pickle += item;
  }
  return pickle + 't';
}

inline std::string
Numbers(const std::vector<std::int64_t> & numbers)
{
  std::vector<std::string> items;
  for (const auto number : numbers)
  {
    items.push_back(Number(number));
  }
  return Tuple(items);
}

inline std::string
OrderedDict(const std::vector<std::string> & keysAndValues = {})
{
  std::string pickle = Global("collections", "OrderedDict") + ")R(";
  for (const auto & item : keysAndValues)
  {
    pickle += item;
  }
  return pickle + 'u';
}

/** The legacy format gives a sixth element, `view`. */
inline std::string
Storage(const std::string & key,
        std::int64_t        count,
        const std::string & type = "FloatStorage",
        const std::string & view = "")
{
  return Tuple({ Text("storage"), Global("torch", type), Text(key), Text("cpu"), Number(count), view }) + 'Q';
}

inline std::string
Tensor(const std::string &               storage,
       std::int64_t                      offset,
       const std::vector<std::int64_t> & sizes,
       const std::vector<std::int64_t> & strides)
{
  return Global("torch._utils", "_rebuild_tensor_v2") +
         Tuple({ storage, Number(offset), Numbers(sizes), Numbers(strides), "\x89", OrderedDict() }) + 'R';
}

inline std::string
Pickle(const std::string & value)
{
  return "\x80\x02" + value + '.';
}


// Files.

/** One entry of a zip archive; the other members make it disagree with itself. */
struct ZipEntry
{
  std::string   name;
  std::string   content;
  unsigned int  method{ 0 };
  unsigned int  flags{ 0 };
  std::string   localName{ name };
  std::int64_t  directoryOffsetShift{ 0 };
  std::int64_t  directorySizeShift{ 0 };
  std::uint32_t checksumMask{ 0 };
};

/** With `zip64`, all sizes and offsets lie in ZIP64 records and extra fields. */
inline std::string
MakeZip(const std::vector<ZipEntry> & entries, bool zip64 = false)
{
  std::string file;
  std::string directory;
  for (const auto & entry : entries)
  {
    const auto offset = static_cast<std::uint64_t>(static_cast<std::int64_t>(file.size()) + entry.directoryOffsetShift);
    const auto size =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(entry.content.size()) + entry.directorySizeShift);
    const auto checksum = Bytes(UpdateChecksum(0, entry.content.data(), entry.content.size()) ^ entry.checksumMask, 4);
    const auto common = Bytes(0, 2) + Bytes(entry.flags, 2) + Bytes(entry.method, 2) + Bytes(0, 4) + checksum;
    const auto moved = [zip64](std::uint64_t value) {
      return Bytes(zip64 ? 0xFFFFFFFF : value, 4);
    };
    const auto extra = zip64 ? Bytes(1, 2) + Bytes(24, 2) + Bytes(size, 8) + Bytes(size, 8) + Bytes(offset, 8) : "";
    file += "PK\x03\x04" + common + Bytes(entry.content.size(), 4) + Bytes(entry.content.size(), 4) +
            Bytes(entry.localName.size(), 2) + Bytes(0, 2) + entry.localName + entry.content;
    directory += "PK\x01\x02" + Bytes(0, 2) + common + moved(size) + moved(size) + Bytes(entry.name.size(), 2) +
                 Bytes(extra.size(), 2) + Bytes(0, 2) + Bytes(0, 2) + Bytes(0, 2) + Bytes(0, 4) + moved(offset) +
                 entry.name + extra;
  }
  const std::uint64_t directoryOffset = file.size();
  file += directory;
  if (zip64)
  {
    const std::uint64_t recordOffset = file.size();
    file += "PK\x06\x06" + Bytes(44, 8) + Bytes(0, 2) + Bytes(0, 2) + Bytes(0, 4) + Bytes(0, 4) +
            Bytes(entries.size(), 8) + Bytes(entries.size(), 8) + Bytes(directory.size(), 8) +
            Bytes(directoryOffset, 8) + "PK\x06\x07" + Bytes(0, 4) + Bytes(recordOffset, 8) + Bytes(1, 4);
  }
  return file + "PK\x05\x06" + Bytes(0, 4) + Bytes(entries.size(), 2) + Bytes(entries.size(), 2) +
         Bytes(zip64 ? 0xFFFFFFFF : directory.size(), 4) + Bytes(zip64 ? 0xFFFFFFFF : directoryOffset, 4) + Bytes(0, 2);
}

/** torch's zip format; the key of a storage is its position in the list. */
inline std::vector<ZipEntry>
TorchEntries(const std::string & value, const std::vector<std::string> & storages)
{
  std::vector<ZipEntry> entries{ { "model/data.pkl", Pickle(value) }, { "model/byteorder", "little" } };
  for (std::size_t i = 0; i < storages.size(); ++i)
  {
    entries.push_back({ "model/data/" + std::to_string(i), storages[i] });
  }
  entries.push_back({ "model/version", "3\n" });
  return entries;
}

inline std::string
MakeTorchArchive(const std::string & value, const std::vector<std::string> & storages = {})
{
  return MakeZip(TorchEntries(value, storages));
}

/** The three pickles that come before the dictionary in torch's legacy format. */
inline std::string
LegacyHeader(std::uint64_t version = 1001, bool isLittleEndian = true)
{
  return Pickle("\x8a\x0a" + std::string("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")) +
         Pickle('M' + Bytes(version, 2)) +
         Pickle("}(" + Text("little_endian") + (isLittleEndian ? "\x88" : "\x89") + 'u');
}

/** torch's legacy format, with float storages whose keys are their positions in the list. */
inline std::string
MakeTorchLegacy(const std::string & value, const std::vector<std::string> & storages)
{
  std::string keys = "](";
  std::string data;
  for (std::size_t i = 0; i < storages.size(); ++i)
  {
    keys += Text(std::to_string(i));
    data += Bytes(storages[i].size() / sizeof(float), 8) + storages[i];
  }
  return LegacyHeader() + Pickle(value) + Pickle(keys + 'e') + data;
}

inline std::string
MakeSafetensors(const std::string & header, const std::string & data)
{
  return Bytes(header.size(), 8) + header + data;
}


/** A directory of its own for every test. */
class TensorFileTest : public ::testing::Test
{
protected:
  void
  SetUp() override
  {
    std::random_device random;
    m_Directory = std::filesystem::path(::testing::TempDir()) / ("arssr-" + std::to_string(random()));
    ASSERT_TRUE(std::filesystem::create_directory(m_Directory));
  }

  void
  TearDown() override
  {
    itksys::SystemTools::RemoveADirectory(m_Directory.string()); // see TemporaryDirectory in ArSSRTestHelpers.h
  }

  std::string
  GetPath(const std::string & name) const
  {
    return (m_Directory / name).u8string();
  }

  std::string
  Save(const std::string & content, const std::string & name = "weights") const
  {
    // Some file systems wait for the disk when an old file is emptied and written again.
    std::filesystem::remove(m_Directory / name);
    std::ofstream(m_Directory / name, std::ios::binary) << content;
    return this->GetPath(name);
  }

  std::string
  Load(const std::string & name) const
  {
    std::ifstream stream(m_Directory / name, std::ios::binary);
    return { std::istreambuf_iterator<char>(stream), {} };
  }

  std::size_t
  CountFiles() const
  {
    const std::filesystem::directory_iterator files(m_Directory);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  TensorFile
  Read(const std::string & content) const
  {
    return ReadTensorFile(this->Save(content));
  }

  /** The message with which reading the content fails; empty, and the test has failed, if it does not. */
  std::string
  Refusal(const std::string & content) const
  {
    return RefusalOf(this->Save(content));
  }

  static std::string
  RefusalOf(const std::string & path)
  {
    try
    {
      ReadTensorFile(path);
    }
    catch (const ExceptionObject & error)
    {
      return error.GetDescription();
    }
    ADD_FAILURE() << "was read without an error";
    return {};
  }

  void
  ExpectRefusal(const std::string & content, const std::string & reason) const
  {
    const std::string message = this->Refusal(content);
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }

  static std::vector<float>
  Values(const at::Tensor & tensor)
  {
    return { tensor.const_data_ptr<float>(), tensor.const_data_ptr<float>() + tensor.numel() };
  }

  std::filesystem::path m_Directory;
};
} // namespace itk::arssr::test

#endif
