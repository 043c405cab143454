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
#include "model/ArSSRZipArchive.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRChecksum.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"

#include <algorithm>
#include <array>

// Reading goes from the file's end to its start: end record, ZIP64 record, central directory, local headers. No number
// is used before it is checked against the file, by differences, since sums of 64-bit numbers can wrap around. The
// offsets of fields are those of APPNOTE 4.3.7 (local header), 4.3.12 (directory) and 4.3.14 to 4.3.16 (end records).

namespace itk::arssr
{
namespace
{
constexpr std::uint32_t LocalSignature = 0x04034B50;
constexpr std::uint32_t EntrySignature = 0x02014B50;
constexpr std::uint32_t EndSignature = 0x06054B50;
constexpr std::uint32_t Zip64EndSignature = 0x06064B50;
constexpr std::uint32_t Zip64LocatorSignature = 0x07064B50;

// Sizes in bytes of the records' fixed parts.
constexpr std::uint64_t LocalSize = 30;
constexpr std::uint64_t EntrySize = 46;
constexpr std::uint64_t EndSize = 22;
constexpr std::uint64_t Zip64EndSize = 56;
constexpr std::uint64_t Zip64LocatorSize = 20;

// Stands for a number that does not fit into 16 or 32 bits; the ZIP64 record or extra field holds it then.
constexpr std::uint64_t Moved16 = 0xFFFF;
constexpr std::uint64_t Moved32 = 0xFFFFFFFF;

constexpr std::uint64_t EncryptedFlags = 0x2041; // bits 0, 6 and 13 (APPNOTE 4.4.4)
constexpr std::uint64_t DescriptorFlag = 0x0008; // sizes and CRC follow the data

std::string
Range(std::uint64_t offset, std::uint64_t size)
{
  return std::to_string(size) + " bytes at byte " + std::to_string(offset);
}

std::uint64_t
Field(std::string_view record, std::size_t offset, unsigned int bytes)
{
  return DecodeLittleEndian(reinterpret_cast<const unsigned char *>(record.data()) + offset, bytes);
}

void
CheckChecksum(const ZipArchive::Entry & entry, std::uint32_t checksum)
{
  // Zero: not computed. torch.save writes that after torch.serialization.set_crc32_options(False).
  if (entry.checksum != 0 && checksum != entry.checksum)
  {
    ThrowDamaged("archive entry ", Quoted(entry.name), " has CRC-32 ", checksum, ", expected ", entry.checksum);
  }
}

void
CheckStored(const std::string & name, std::uint64_t flags, std::uint64_t method)
{
  if (flags & EncryptedFlags)
  {
    ThrowRefused("archive entry ", Quoted(name), " is encrypted");
  }
  if (method != 0)
  {
    ThrowRefused("archive entry ", Quoted(name), " is compressed (method ", method, ", expected 0, stored)");
  }
}

void
CheckName(const std::string & name)
{
  // Nothing is extracted, but a name must mean one thing. A part is empty where a slash leads, trails or is doubled; a
  // NUL would end the name early in other readers.
  const bool hasDrive = name.size() > 1 && name[1] == ':';
  bool       escapes = hasDrive || name.find_first_of(std::string("\\\0", 2)) != std::string::npos;
  for (std::size_t begin = 0; begin <= name.size() && !escapes;)
  {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const auto        part = std::string_view(name).substr(begin, end - begin);
    escapes = part.empty() || part == ".." || part == ".";
    begin = end + 1;
  }
  if (escapes)
  {
    ThrowRefused("archive entry ", Quoted(name), " has a name that leaves its directory");
  }
}

/** Replaces the numbers that are marked as moved by those of the ZIP64 extra field (APPNOTE 4.5.3). The field has only
 * those, in the order size, compressed size, offset of the local header. */
void
ReadZip64Extra(const std::string & name, std::string_view extra, std::array<std::uint64_t *, 3> numbers)
{
  while (extra.size() >= 4)
  {
    const auto length = static_cast<std::size_t>(Field(extra, 2, 2));
    if (length > extra.size() - 4)
    {
      break;
    }
    if (Field(extra, 0, 2) == 1)
    {
      std::size_t position = 4;
      for (std::uint64_t * number : numbers)
      {
        // A number that the field lacks keeps its mark; as an offset or a size of 4 GiB it is checked like any other.
        if (*number == Moved32 && position + 8 <= 4 + length)
        {
          *number = Field(extra, position, 8);
          position += 8;
        }
      }
      return;
    }
    extra.remove_prefix(4 + length);
  }
  if (!extra.empty())
  {
    ThrowDamaged("archive entry ", Quoted(name), " has an extra field that is cut off");
  }
}
} // namespace

ZipArchive::ZipArchive(ByteFile & file)
  : m_File(file)
{
  const Directory directory = this->FindDirectory();
  this->ReadEntries(directory);
  for (Entry & entry : m_Entries)
  {
    this->LocateData(entry, directory.offset);
  }
  // The directory may have any order; the check for overlaps needs that of the positions.
  std::sort(m_Entries.begin(), m_Entries.end(), [](const Entry & a, const Entry & b) {
    return a.headerOffset < b.headerOffset;
  });
  this->CheckDistinct();
}

ZipArchive::Directory
ZipArchive::FindDirectory()
{
  const std::uint64_t size = m_File.GetSize();
  // A comment of up to 65535 bytes follows the record. It must end with the file, so appended bytes are refused, and a
  // signature within the comment is hardly taken for the record.
  const std::uint64_t searched = std::min<std::uint64_t>(size, EndSize + 0xFFFF);
  const std::string   tail = m_File.ReadString(size - searched, searched);
  for (std::size_t i = tail.size(); i >= EndSize; --i)
  {
    const auto record = std::string_view(tail).substr(i - EndSize);
    if (Field(record, 0, 4) == EndSignature && Field(record, 20, 2) == record.size() - EndSize)
    {
      return this->ReadEndRecord(size - record.size(), record);
    }
  }
  ThrowDamaged("the archive has no end-of-directory record");
}

ZipArchive::Directory
ZipArchive::ReadEndRecord(std::uint64_t offset, std::string_view record)
{
  Directory directory{ Field(record, 16, 4), Field(record, 12, 4), Field(record, 10, 2) };
  // Numbers of this part and of that with the directory, then the entries in this part and in all.
  if (Field(record, 4, 4) != 0 || Field(record, 8, 2) != directory.count)
  {
    ThrowRefused("the archive is in several parts");
  }
  this->ReadZip64EndRecord(offset, directory);
  // Of the numbers that count: those of the ZIP64 record where there is one.
  if (directory.offset > offset || directory.size > offset - directory.offset)
  {
    ThrowDamaged(
      "the archive's directory, ", Range(directory.offset, directory.size), ", does not lie before byte ", offset);
  }
  return directory;
}

void
ZipArchive::ReadZip64EndRecord(std::uint64_t endRecord, Directory & directory)
{
  // The locator, where there is one, lies directly before the end record.
  const std::uint64_t locatorOffset = endRecord - std::min(endRecord, Zip64LocatorSize);
  const std::string   locator = m_File.ReadString(locatorOffset, endRecord - locatorOffset);
  if (locator.size() < Zip64LocatorSize || Field(locator, 0, 4) != Zip64LocatorSignature)
  {
    return;
  }
  const std::uint64_t offset = Field(locator, 8, 8);
  if (offset > locatorOffset || locatorOffset - offset < Zip64EndSize)
  {
    ThrowDamaged("the archive's ZIP64 record at byte ", offset, " does not lie before byte ", locatorOffset);
  }
  const std::string record = m_File.ReadString(offset, Zip64EndSize);
  const Directory   large{ Field(record, 48, 8), Field(record, 40, 8), Field(record, 32, 8) };
  // A number that fits stands in both records. Two different ones would give readers with and without ZIP64 two
  // different archives.
  const auto agree = [](std::uint64_t small, std::uint64_t moved, std::uint64_t value) {
    return small == moved || small == value;
  };
  if (Field(record, 0, 4) != Zip64EndSignature || !agree(directory.offset, Moved32, large.offset) ||
      !agree(directory.size, Moved32, large.size) || !agree(directory.count, Moved16, large.count))
  {
    ThrowDamaged("the archive's ZIP64 record at byte ", offset, " contradicts its end record");
  }
  directory = large;
}

void
ZipArchive::ReadEntries(const Directory & directory)
{
  if (directory.count > MaximumEntries)
  {
    ThrowRefused("the archive has ", directory.count, " entries; at most ", MaximumEntries, " are supported");
  }
  // Checked before memory is reserved; the limit above keeps the product small.
  if (directory.count * EntrySize > directory.size)
  {
    ThrowDamaged("the archive's directory of ", directory.size, " bytes cannot hold ", directory.count, " entries");
  }
  m_Entries.reserve(static_cast<std::size_t>(directory.count));
  ByteCursor cursor(m_File, directory.offset, directory.offset + directory.size);
  for (std::uint64_t i = 0; i < directory.count; ++i)
  {
    m_Entries.push_back(ReadEntry(cursor));
  }
  if (cursor.GetRemaining() != 0)
  {
    ThrowDamaged("the archive's directory holds more than its ", directory.count, " entries");
  }
}

ZipArchive::Entry
ZipArchive::ReadEntry(ByteCursor & cursor)
{
  const std::uint64_t position = cursor.GetPosition();
  const std::string   record = cursor.ReadString(EntrySize);
  if (Field(record, 0, 4) != EntrySignature)
  {
    ThrowDamaged("the archive's directory has no entry at byte ", position);
  }
  Entry entry{};
  // Name, extra field and comment have lengths of 16 bits, so none takes more than 64 KiB.
  entry.name = cursor.ReadString(Field(record, 28, 2));
  entry.headerOffset = Field(record, 42, 4);
  entry.size = Field(record, 24, 4);
  entry.checksum = static_cast<std::uint32_t>(Field(record, 16, 4));
  std::uint64_t compressedSize = Field(record, 20, 4);

  CheckName(entry.name);
  CheckStored(entry.name, Field(record, 8, 2), Field(record, 10, 2));
  const std::string extra = cursor.ReadString(Field(record, 30, 2));
  ReadZip64Extra(entry.name, extra, { &entry.size, &compressedSize, &entry.headerOffset });
  if (compressedSize != entry.size)
  {
    ThrowDamaged(
      "archive entry ", Quoted(entry.name), " is stored, but its ", compressedSize, " bytes stand for ", entry.size);
  }
  cursor.ReadString(Field(record, 32, 2)); // the comment
  return entry;
}

void
ZipArchive::LocateData(Entry & entry, std::uint64_t limit)
{
  const auto refuse = [&entry](const std::string & reason) {
    ThrowDamaged("archive entry ", Quoted(entry.name), " at byte ", entry.headerOffset, reason);
  };
  if (entry.headerOffset > limit || limit - entry.headerOffset < LocalSize)
  {
    refuse(" does not lie before the archive's directory at byte " + std::to_string(limit));
  }
  // Directory and local header state the same facts, and readers differ in which they believe, so they must agree.
  const std::string   header = m_File.ReadString(entry.headerOffset, LocalSize);
  const std::uint64_t nameSize = Field(header, 26, 2);
  if (Field(header, 0, 4) != LocalSignature)
  {
    refuse(" has no header there");
  }
  if (m_File.ReadString(entry.headerOffset + LocalSize, nameSize) != entry.name)
  {
    refuse(" has another name there");
  }
  CheckStored(entry.name, Field(header, 6, 2), Field(header, 8, 2));
  const std::uint64_t size = Field(header, 22, 4);
  // Without a size here, it follows the data or stands in the extra field; that of the directory counts.
  if (!(Field(header, 6, 2) & DescriptorFlag) && size != Moved32 && size != entry.size)
  {
    refuse(" has " + std::to_string(size) + " bytes there, but " + std::to_string(entry.size) + " in the directory");
  }
  // The local extra field differs in length from the directory's: torch pads it so that storages are aligned.
  entry.dataOffset = entry.headerOffset + LocalSize + nameSize + Field(header, 28, 2);
  if (entry.dataOffset > limit || entry.size > limit - entry.dataOffset)
  {
    refuse(", content " + Range(entry.dataOffset, entry.size) +
           ", does not lie before the archive's directory at byte " + std::to_string(limit));
  }
}

void
ZipArchive::CheckDistinct() const
{
  std::vector<const std::string *> names;
  names.reserve(m_Entries.size());
  for (std::size_t i = 0; i < m_Entries.size(); ++i)
  {
    const Entry & entry = m_Entries[i];
    // In order of position, so neighbours suffice; LocateData() has bounded the sum. Entries that overlap let a small
    // file expand to a multiple of its size.
    if (i > 0 && entry.headerOffset < m_Entries[i - 1].dataOffset + m_Entries[i - 1].size)
    {
      ThrowDamaged("archive entries ", Quoted(m_Entries[i - 1].name), " and ", Quoted(entry.name), " overlap");
    }
    names.push_back(&entry.name);
  }
  std::sort(names.begin(), names.end(), [](const auto * a, const auto * b) { return *a < *b; });
  const auto twin =
    std::adjacent_find(names.begin(), names.end(), [](const auto * a, const auto * b) { return *a == *b; });
  if (twin != names.end())
  {
    ThrowDamaged("the archive has two entries ", Quoted(**twin));
  }
}

const ZipArchive::Entry *
ZipArchive::Find(std::string_view name) const
{
  // Linear: at most MaximumEntries entries, each looked up once.
  const auto found =
    std::find_if(m_Entries.begin(), m_Entries.end(), [name](const Entry & entry) { return entry.name == name; });
  return found == m_Entries.end() ? nullptr : &*found;
}

void
ZipArchive::Read(const Entry & entry, void * target)
{
  m_File.Read(entry.dataOffset, target, entry.size);
  CheckChecksum(entry, UpdateChecksum(0, target, entry.size));
}

void
ZipArchive::VerifyChecksum(const Entry & entry)
{
  // In blocks on the stack, so that an entry of any size takes no memory.
  std::array<char, 1 << 14> block;
  std::uint32_t             checksum = 0;
  for (std::uint64_t done = 0; done < entry.size;)
  {
    const std::uint64_t count = std::min<std::uint64_t>(block.size(), entry.size - done);
    m_File.Read(entry.dataOffset + done, block.data(), count);
    checksum = UpdateChecksum(checksum, block.data(), count);
    done += count;
  }
  CheckChecksum(entry, checksum);
}
} // namespace itk::arssr
