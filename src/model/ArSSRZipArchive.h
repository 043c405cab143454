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
#ifndef ArSSRZipArchive_h
#define ArSSRZipArchive_h

#include "model/ArSSRByteFile.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace itk::arssr
{
/** \brief The zip archives that torch.save writes: entries stored without compression, ZIP64 where needed.
 *
 * Format: PKWARE APPNOTE 6.3.10, sections 4.3 (records) and 4.5.3 (ZIP64). Opening an archive checks all of it: the
 * central directory and every local header agree, all entries lie inside the file before the central directory, none
 * overlaps another or bears another's name, and no name leaves its directory. Compression, encryption and archives in
 * several parts are refused.
 *
 * torch's own caffe2::serialize::PyTorchStreamReader is no substitute: it checks none of that, and that of torch 2.11
 * leaks the directory of an archive that it refuses, as libFuzzer found within a minute.
 */
class ZipArchive
{
public:
  struct Entry
  {
    std::string   name;
    std::uint64_t headerOffset; // of the local header, bytes from the file's start
    std::uint64_t dataOffset;   // of the first byte of content
    std::uint64_t size;         // bytes of content
    std::uint32_t checksum;     // CRC-32 of the content, zero if it was not computed
  };

  explicit ZipArchive(ByteFile & file);

  /** In order of their position in the file. */
  const std::vector<Entry> &
  GetEntries() const
  {
    return m_Entries;
  }

  /** Null if there is no entry of that name. */
  const Entry *
  Find(std::string_view name) const;

  /** Reads a whole entry into memory of its size; throws if its CRC-32 is known and differs. */
  void
  Read(const Entry & entry, void * target);

  /** Throws if the CRC-32 of the entry's content is known and differs. */
  void
  VerifyChecksum(const Entry & entry);

private:
  struct Directory
  {
    std::uint64_t offset;
    std::uint64_t size;
    std::uint64_t count;
  };

  Directory
  FindDirectory();
  Directory
  ReadEndRecord(std::uint64_t offset, std::string_view record);
  void
  ReadZip64EndRecord(std::uint64_t endRecord, Directory & directory);
  void
  ReadEntries(const Directory & directory);
  static Entry
  ReadEntry(ByteCursor & cursor);
  void
  LocateData(Entry & entry, std::uint64_t limit);
  void
  CheckDistinct() const;

  ByteFile &         m_File;
  std::vector<Entry> m_Entries;
};
} // namespace itk::arssr

#endif
