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
#include "model/ArSSRJson.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"


#include <limits>

namespace itk::arssr
{
namespace
{
bool
IsDigit(char c)
{
  return c >= '0' && c <= '9';
}

void
AppendUtf8(std::string & text, std::uint32_t codePoint)
{
  // The high bits of the first byte tell the length; each further byte carries six bits, the highest first.
  const auto append = [&text](std::uint32_t byte) {
    text += static_cast<char>(byte);
  };
  if (codePoint < 0x80)
  {
    append(codePoint);
    return;
  }
  if (codePoint < 0x800)
  {
    append(0xC0 | (codePoint >> 6));
  }
  else
  {
    if (codePoint < 0x10000)
    {
      append(0xE0 | (codePoint >> 12));
    }
    else
    {
      append(0xF0 | (codePoint >> 18));
      append(0x80 | ((codePoint >> 12) & 0x3F));
    }
    append(0x80 | ((codePoint >> 6) & 0x3F));
  }
  append(0x80 | (codePoint & 0x3F));
}
} // namespace

JsonReader::JsonReader(ByteCursor & cursor)
  : m_Cursor(cursor)
{}

void
JsonReader::Fail(const char * expected) const
{
  ThrowDamaged("the JSON header is wrong before byte ", m_Cursor.GetPosition(), " of the file: expected ", expected);
}

void
JsonReader::SkipSpace()
{
  // All that RFC 8259, section 2, counts as white space.
  constexpr std::string_view space = " \t\n\r";
  while (m_Cursor.GetRemaining() > 0 && space.find(static_cast<char>(m_Cursor.PeekByte())) != std::string_view::npos)
  {
    m_Cursor.ReadByte();
  }
}

char
JsonReader::Next()
{
  return static_cast<char>(m_Cursor.ReadByte());
}

bool
JsonReader::Consume(char token)
{
  this->SkipSpace();
  const bool isNext = m_Cursor.GetRemaining() > 0 && static_cast<char>(m_Cursor.PeekByte()) == token;
  if (isNext)
  {
    m_Cursor.ReadByte();
  }
  return isNext;
}

void
JsonReader::Expect(char token)
{
  if (!this->Consume(token))
  {
    const char expected[] = { '\'', token, '\'', '\0' };
    this->Fail(expected);
  }
}

void
JsonReader::ReadObject(const std::function<void(const std::string & key)> & readValue)
{
  this->Expect('{');
  if (this->Consume('}'))
  {
    return;
  }
  do
  {
    // A key must follow every comma, so a trailing comma is refused.
    const std::string key = this->ReadString(MaximumKeyBytes);
    this->Expect(':');
    readValue(key);
  } while (this->Consume(','));
  this->Expect('}');
}

void
JsonReader::ReadArray(const std::function<void()> & readElement)
{
  this->Expect('[');
  if (this->Consume(']'))
  {
    return;
  }
  do
  {
    readElement();
  } while (this->Consume(','));
  this->Expect(']');
}

std::uint64_t
JsonReader::MeasureString()
{
  // Looks for the closing quote and goes back, so that the caller can refuse a length, or reserve it, before it stores
  // anything. Without a closing quote Next() throws at the end of the header.
  const std::uint64_t begin = m_Cursor.GetPosition();
  bool                isEscaped = false;
  for (char c = this->Next(); isEscaped || c != '"'; c = this->Next())
  {
    isEscaped = !isEscaped && c == '\\';
  }
  const std::uint64_t length = m_Cursor.GetPosition() - begin - 1;
  m_Cursor.SetPosition(begin);
  return length;
}

std::string
JsonReader::ReadString(std::uint64_t longest)
{
  this->Expect('"');
  const std::uint64_t length = this->MeasureString();
  if (length > longest)
  {
    this->Fail("a shorter key");
  }
  std::string text;
  // No escape sequence is longer resolved than written, so this suffices. Growth would hold the old and the new copy at
  // the same time, more than the memory budget allows for.
  text.reserve(static_cast<std::size_t>(length));
  for (char c = this->Next(); c != '"'; c = this->Next())
  {
    if (static_cast<unsigned char>(c) < 0x20)
    {
      this->Fail("no control character in a string");
    }
    if (c == '\\')
    {
      this->AppendEscape(text);
    }
    else
    {
      text += c;
    }
  }
  // Only bytes that stood there themselves can be malformed; escapes give whole sequences.
  if (!IsUtf8(text))
  {
    ThrowDamaged("the JSON header's string ", Quoted(text), " is not UTF-8");
  }
  return text;
}

void
JsonReader::AppendEscape(std::string & text)
{
  // RFC 8259, section 7; both lists have one order.
  constexpr std::string_view escaped = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";

  const char c = this->Next();
  if (c == 'u')
  {
    AppendUtf8(text, this->ReadEscapedCodePoint());
    return;
  }
  const auto index = escaped.find(c);
  if (index == std::string_view::npos)
  {
    this->Fail("an escape sequence");
  }
  text += meant[index];
}

std::uint32_t
JsonReader::ReadEscapedCodePoint()
{
  const std::uint32_t first = this->ReadHex();
  if (first < 0xD800 || first > 0xDFFF)
  {
    return first;
  }
  // Above U+FFFF, JSON writes UTF-16: a high surrogate, then a low one. UTF-8 has no form for one alone.
  if (first < 0xDC00 && this->Next() == '\\' && this->Next() == 'u')
  {
    const std::uint32_t second = this->ReadHex();
    if (second >= 0xDC00 && second <= 0xDFFF)
    {
      return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }
  }
  this->Fail("a pair of surrogates");
}

std::uint32_t
JsonReader::ReadHex()
{
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
  {
    const char c = this->Next();
    // Bit 5 turns capital letters into small ones.
    const char lower = static_cast<char>(c | 0x20);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f'))
    {
      this->Fail("four hexadecimal digits before it");
    }
    value = value * 16 + static_cast<std::uint32_t>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

bool
JsonReader::NextIsDigit()
{
  return m_Cursor.GetRemaining() > 0 && IsDigit(static_cast<char>(m_Cursor.PeekByte()));
}

std::uint64_t
JsonReader::ReadUnsigned()
{
  constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();

  this->SkipSpace();
  // The format has natural numbers only: a sign fails here, a fraction or an exponent at the caller's next token.
  if (!this->NextIsDigit())
  {
    this->Fail("an unsigned integer");
  }
  auto value = static_cast<std::uint64_t>(this->Next() - '0');
  if (value == 0 && this->NextIsDigit())
  {
    this->Fail("no leading zero");
  }
  while (this->NextIsDigit())
  {
    const auto digit = static_cast<std::uint64_t>(this->Next() - '0');
    // value * 10 + digit > highest, without the overflow.
    if (value > (highest - digit) / 10)
    {
      this->Fail("a number of at most 64 bits");
    }
    value = value * 10 + digit;
  }
  return value;
}

void
JsonReader::ReadEnd()
{
  this->SkipSpace();
  if (m_Cursor.GetRemaining() != 0)
  {
    this->Fail("its end");
  }
}

std::string
ToJsonString(std::string_view text)
{
  // RFC 8259, section 7: control characters, quotes and backslashes must be escaped; all other UTF-8 may stay.
  constexpr char digits[] = "0123456789abcdef";
  std::string    json = "\"";
  for (const char c : text)
  {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20)
    {
      json += { '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15] };
      continue;
    }
    if (c == '"' || c == '\\')
    {
      json += '\\';
    }
    json += c;
  }
  return json + '"';
}
} // namespace itk::arssr
