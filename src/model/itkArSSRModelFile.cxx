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
#include "itkArSSRModelFile.h"

#include "model/ArSSRByteFile.h"
#include "model/ArSSRChecksum.h"
#include "model/ArSSRFileErrors.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace itk
{
namespace
{
namespace fs = std::filesystem;

constexpr std::chrono::seconds CoarsestClock{ 2 }; // the step of FAT's modification times

/** Nothing when the file cannot be read. */
std::optional<std::uint32_t>
ComputeChecksum(const std::string & name)
{
  constexpr std::uint64_t bytesAtOnce = std::uint64_t{ 1 } << 20;
  try
  {
    arssr::ByteFile   file(name);
    std::vector<char> buffer(std::min(file.GetSize(), bytesAtOnce));
    std::uint32_t     checksum = 0;
    // ByteFile refuses an empty file, so the buffer has a size and the loop ends.
    for (std::uint64_t offset = 0; offset < file.GetSize(); offset += buffer.size())
    {
      const auto count = std::min<std::uint64_t>(buffer.size(), file.GetSize() - offset);
      file.Read(offset, buffer.data(), count);
      checksum = arssr::UpdateChecksum(checksum, buffer.data(), count);
    }
    return checksum;
  }
  catch (const arssr::FileFormatError &)
  {
    // The file then counts as changed, and reading it again reports what is wrong.
    return std::nullopt;
  }
}
} // namespace

ArSSRModelFile::Version
ArSSRModelFile::Look(const std::string & name)
{
  Version         version;
  const auto      path = fs::u8path(name);
  std::error_code error;
  version.name = name;
  // A missing file gets a size of 2^64 - 1. No version in memory has it, so Get() goes on to ReadFile(), which throws.
  version.size = static_cast<std::uint64_t>(fs::file_size(path, error));
  const auto time = fs::last_write_time(path, error);
  version.time = static_cast<std::int64_t>(time.time_since_epoch().count());
  // A time in the future, as another clock may give, counts as young.
  version.isYoung = fs::file_time_type::clock::now() - time < CoarsestClock;
  return version;
}

bool
ArSSRModelFile::IsCurrent(const Version & version)
{
  if (m_Model.IsNull() || version.name != m_Version.name || version.size != m_Version.size ||
      version.time != m_Version.time)
  {
    return false;
  }
  if (m_Version.isYoung)
  {
    // Within one step of the clock a change leaves the time as it was, so the bytes are compared. Once a look finds the
    // file old, any later change gets a later time, and this comparison is the last.
    m_Version.isYoung = version.isYoung;
    return m_Version.checksum.has_value() && ComputeChecksum(version.name) == m_Version.checksum;
  }
  return true;
}

const ArSSRModel *
ArSSRModelFile::Get(const std::string & name)
{
  // Before reading: the next call sees a change made meanwhile as another version and reads again.
  Version version = Look(name);
  if (!this->IsCurrent(version))
  {
    if (version.isYoung)
    {
      version.checksum = ComputeChecksum(name); // before reading, likewise
    }
    const auto model = ArSSRModel::New();
    model->ReadFile(name);
    // Both together, after all that can throw: the old model stays with the old version.
    m_Model = model;
    m_Version = std::move(version);
  }
  return m_Model;
}
} // end namespace itk
