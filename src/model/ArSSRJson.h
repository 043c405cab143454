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
#ifndef ArSSRJson_h
#define ArSSRJson_h

#include "model/ArSSRByteFile.h"
#include "model/ArSSRFileErrors.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

namespace itk::arssr
{
/** \brief Reads as much JSON (RFC 8259) as a safetensors header has: objects, arrays, strings and unsigned integers.
 *
 * The caller states what comes next; anything else throws FileFormatError. The caller's code nests the calls, so no
 * input can make them deep. Refusing a key that occurs twice is up to the caller.
 */
class JsonReader
{
public:
  explicit JsonReader(ByteCursor & cursor);

  /** Calls the function after each key, which may take 64 KiB; it must read the value. */
  void
  ReadObject(const std::function<void(const std::string & key)> & readValue);

  /** Calls the function for each element, which it must read. */
  void
  ReadArray(const std::function<void()> & readElement);

  /** UTF-8, with all escapes resolved; written with at most `longest` bytes, escapes included. */
  std::string
  ReadString(std::uint64_t longest = std::numeric_limits<std::uint64_t>::max());

  std::uint64_t
  ReadUnsigned();

  /** Nothing but white space may follow. */
  void
  ReadEnd();

private:
  void
  SkipSpace();
  char
  Next();
  bool
  Consume(char token);
  void
  Expect(char token);
  std::uint64_t
  MeasureString();
  void
  AppendEscape(std::string & text);
  std::uint32_t
  ReadEscapedCodePoint();
  std::uint32_t
  ReadHex();
  bool
  NextIsDigit();
  [[noreturn]] void
  Fail(const char * expected) const;

  ByteCursor & m_Cursor;
};

/** The text, which must be UTF-8, as a JSON string with its quotes. */
std::string
ToJsonString(std::string_view text);
} // namespace itk::arssr

#endif
