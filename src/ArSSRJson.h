#ifndef ArSSRJson_h
#define ArSSRJson_h

#include "ArSSRByteFile.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace itk::arssr
{
/** \brief Reads as much JSON (RFC 8259) as a safetensors header has: objects, arrays, strings and unsigned integers.
 *
 * The caller states what comes next; anything else throws FileFormatError. Nesting is the caller's, so input cannot
 * make it deep. A key that occurs twice is the caller's to refuse.
 */
class JsonReader
{
public:
  explicit JsonReader(ByteCursor & cursor);

  /** Calls the function after each key; it must read the value. */
  void
  ReadObject(const std::function<void(const std::string & key)> & readValue);

  /** Calls the function for each element, which it must read. */
  void
  ReadArray(const std::function<void()> & readElement);

  /** UTF-8, with all escapes resolved. */
  std::string
  ReadString();

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
