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
#include "model/ArSSRByteFile.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"


#include <algorithm>
#include <filesystem>

namespace itk::arssr
{
namespace
{
// Bytes. Pickles and JSON headers are read byte by byte; the buffer spares each byte a seek and a read.
constexpr std::uint64_t BufferSize = 1 << 16;
} // namespace

ByteFile::ByteFile(const std::string & fileName)
{
  const auto      path = std::filesystem::u8path(fileName);
  std::error_code error;
  // Before opening: opening a pipe waits until something writes to it, and Linux opens a directory as it opens a file.
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
  {
    // In a directory that may not be searched nothing shows whether the file exists; the remedy is another one then.
    throw FileFormatError(error && status.type() == std::filesystem::file_type::none
                            ? "it cannot be reached (" + error.message() + "). Check the permissions of its directory."
                            : "there is no such file. Check the path.");
  }
  if (!std::filesystem::is_regular_file(status))
  {
    throw FileFormatError(std::filesystem::is_directory(status)
                            ? "it is a directory. Give the path of a weights file (.pkl, .pt or .safetensors)."
                            : "it is not a regular file. Give the path of a weights file (.pkl, .pt or .safetensors).");
  }
  m_Stream.open(path, std::ios::binary);
  m_Stream.seekg(0, std::ios::end);
  // Taken once: all ranges are checked against this size, and a file that shrinks meanwhile fails in Read().
  const std::streamoff size = m_Stream.tellg();
  if (!m_Stream || size < 0)
  {
    throw FileFormatError("it cannot be opened for reading. Check its permissions.");
  }
  if (size == 0)
  {
    ThrowDamaged("it is empty");
  }
  m_Size = static_cast<std::uint64_t>(size);
}

void
ByteFile::CheckRange(std::uint64_t offset, std::uint64_t count) const
{
  // offset + count may wrap around with numbers from a hostile file; the difference cannot.
  if (offset > m_Size || count > m_Size - offset)
  {
    ThrowDamaged(count, " bytes were expected at byte ", offset, ", but the file ends at byte ", m_Size);
  }
}

void
ByteFile::Read(std::uint64_t offset, void * target, std::uint64_t count)
{
  this->CheckRange(offset, count);
  if (count == 0)
  {
    return;
  }
  // After a failed read, seekg() does nothing until the error is cleared.
  m_Stream.clear();
  m_Stream.seekg(static_cast<std::streamoff>(offset));
  m_Stream.read(static_cast<char *>(target), static_cast<std::streamsize>(count));
  if (!m_Stream)
  {
    throw FileFormatError("reading " + std::to_string(count) + " bytes at byte " + std::to_string(offset) +
                          " failed. Check the disk, and that nothing else writes to the file.");
  }
}

std::string
ByteFile::ReadString(std::uint64_t offset, std::uint64_t count)
{
  // Before the allocation, which a made-up count could make huge.
  this->CheckRange(offset, count);
  std::string text(static_cast<std::size_t>(count), '\0');
  this->Read(offset, text.data(), count);
  return text;
}

ByteCursor::ByteCursor(ByteFile & file, std::uint64_t begin, std::uint64_t end)
  : m_File(file)
  , m_Position(begin)
  , m_End(end)
{}

void
ByteCursor::CheckRemaining(std::uint64_t count) const
{
  if (count > this->GetRemaining())
  {
    ThrowDamaged(count, " bytes were expected at byte ", m_Position, ", but the data end at byte ", m_End);
  }
}

void
ByteCursor::SetPosition(std::uint64_t position)
{
  // Beyond the end, GetRemaining() would wrap around.
  m_Position = std::min(position, m_End);
}

std::uint8_t
ByteCursor::PeekByte()
{
  this->CheckRemaining(1);
  // SetPosition() can move the position before the buffer; reading on moves it behind.
  if (m_Position < m_BufferBegin || m_Position - m_BufferBegin >= m_Buffer.size())
  {
    // Up to the end of the range only, so that no byte behind it is ever read.
    m_Buffer.resize(static_cast<std::size_t>(std::min(BufferSize, this->GetRemaining())));
    m_File.Read(m_Position, m_Buffer.data(), m_Buffer.size());
    m_BufferBegin = m_Position;
  }
  return static_cast<std::uint8_t>(m_Buffer[static_cast<std::size_t>(m_Position - m_BufferBegin)]);
}

std::uint8_t
ByteCursor::ReadByte()
{
  const std::uint8_t byte = this->PeekByte();
  ++m_Position;
  return byte;
}

std::uint64_t
ByteCursor::ReadUnsigned(unsigned int bytes)
{
  unsigned char encoded[8] = {};
  for (unsigned int i = 0; i < bytes; ++i)
  {
    encoded[i] = this->ReadByte();
  }
  return DecodeLittleEndian(encoded, bytes);
}

std::string
ByteCursor::ReadString(std::uint64_t count)
{
  this->CheckRemaining(count);
  std::string text(static_cast<std::size_t>(count), '\0');
  // Only a long text is worth a seek and a read of its own; short ones come from the buffer.
  if (count > BufferSize)
  {
    this->Read(text.data(), count);
    return text;
  }
  for (char & c : text)
  {
    c = static_cast<char>(this->ReadByte());
  }
  return text;
}

std::string
ByteCursor::ReadLine(std::size_t longest)
{
  const std::uint64_t begin = m_Position;
  std::string         line;
  // Bounded, or a file without a line feed would become one line.
  while (line.size() <= longest)
  {
    const char c = static_cast<char>(this->ReadByte());
    if (c == '\n')
    {
      return line;
    }
    line += c;
  }
  ThrowDamaged("the line at byte ", begin, " is longer than ", longest, " characters");
}

void
ByteCursor::Read(void * target, std::uint64_t count)
{
  this->CheckRemaining(count);
  m_File.Read(m_Position, target, count);
  m_Position += count;
}
} // namespace itk::arssr
