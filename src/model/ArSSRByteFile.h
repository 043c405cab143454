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
#ifndef ArSSRByteFile_h
#define ArSSRByteFile_h

#include "model/ArSSRFileErrors.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief Read-only file with 64-bit random access; a read outside the file throws FileFormatError. */
class ByteFile
{
public:
  /** Refuses what is missing, unreadable, not a regular file, or empty. The name is UTF-8, as everywhere in ITK. */
  explicit ByteFile(const std::string & fileName);

  /** Bytes. */
  std::uint64_t
  GetSize() const
  {
    return m_Size;
  }

  void
  Read(std::uint64_t offset, void * target, std::uint64_t count);

  /** The bytes as text; the range is checked before anything is allocated. */
  std::string
  ReadString(std::uint64_t offset, std::uint64_t count);

private:
  void
  CheckRange(std::uint64_t offset, std::uint64_t count) const;

  std::ifstream m_Stream;
  std::uint64_t m_Size;
};


/** \brief Buffered forward reading of one range of bytes of a file; reading past the range throws FileFormatError. */
class ByteCursor
{
public:
  /** Reads [begin, end), in bytes from the file's start. */
  ByteCursor(ByteFile & file, std::uint64_t begin, std::uint64_t end);

  /** Bytes from the file's start. */
  std::uint64_t
  GetPosition() const
  {
    return m_Position;
  }
  std::uint64_t
  GetRemaining() const
  {
    return m_End - m_Position;
  }

  /** Goes to a position of the range, in bytes from the file's start; beyond the range, to its end. */
  void
  SetPosition(std::uint64_t position);

  std::uint8_t
  ReadByte();

  /** The next byte, without moving past it. */
  std::uint8_t
  PeekByte();

  /** Little-endian unsigned number of `bytes` (up to eight) bytes. */
  std::uint64_t
  ReadUnsigned(unsigned int bytes);

  std::string
  ReadString(std::uint64_t count);

  /** Text up to, and without, the next line feed, which may be at most `longest` characters away. */
  std::string
  ReadLine(std::size_t longest);

  /** Reads straight into the target, without the buffer. */
  void
  Read(void * target, std::uint64_t count);

private:
  void
  CheckRemaining(std::uint64_t count) const;

  ByteFile &        m_File;
  std::uint64_t     m_Position;
  std::uint64_t     m_End;
  std::uint64_t     m_BufferBegin{ 0 };
  std::vector<char> m_Buffer;
};
} // namespace itk::arssr

#endif
