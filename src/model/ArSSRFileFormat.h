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
#ifndef ArSSRFileFormat_h
#define ArSSRFileFormat_h

#include <cstddef>
#include <cstdint>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace itk::arssr
{
/** \brief A file's content is not what its format, or this module, allows.
 *
 * The parsers throw it without the file's name; ReadTensorFile() and WriteTensorFile() add the name and rethrow it as
 * itk::ExceptionObject.
 */
class FileFormatError : public std::runtime_error
{
public:
  using std::runtime_error::runtime_error;
};

/** Throws FileFormatError for bytes that contradict the format: the file itself is broken. */
template <typename... TParts>
[[noreturn]] void
ThrowDamaged(const TParts &... parts)
{
  std::ostringstream message;
  message.imbue(std::locale::classic());
  (message << ... << parts) << ". The file is damaged or incomplete; copy, download or save it again.";
  throw FileFormatError(message.str());
}

/** Throws FileFormatError for content that is well formed, but is not a dictionary of tensors or holds more than that.
 */
template <typename... TParts>
[[noreturn]] void
ThrowRefused(const TParts &... parts)
{
  std::ostringstream message;
  message.imbue(std::locale::classic());
  (message << ... << parts)
    << ". Expected a dictionary of floating point tensors, as written by torch.save(model.state_dict(), ...) or by "
       "safetensors.torch.save_file(model.state_dict(), ...).";
  throw FileFormatError(message.str());
}

/** Most tensors, metadata entries or archive entries in one file; the published models have at most 162 tensors. */
constexpr std::size_t MaximumEntries = 4096;

/** Most dimensions of one tensor, torch's own limit. */
constexpr std::size_t MaximumDimensions = 64;

/** \brief Bytes that parsing may still allocate, so that a small file cannot demand much memory. */
class MemoryBudget
{
public:
  /** Beyond the size of the file, parsing may take this many bytes. */
  static constexpr std::uint64_t Excess = 1 << 20;

  explicit MemoryBudget(std::uint64_t fileSize)
    : m_Available(fileSize + Excess)
  {}

  void
  Charge(std::uint64_t bytes)
  {
    if (bytes > m_Available)
    {
      ThrowRefused("the file's structure needs more memory than the whole file and ", Excess, " bytes");
    }
    m_Available -= bytes;
  }

private:
  std::uint64_t m_Available;
};

/** The text in single quotes for a message: control and non-ASCII bytes as \xNN, cut off after 120 characters. */
std::string
Quoted(std::string_view text);

/** Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
bool
IsUtf8(std::string_view text);

/** Product of two unsigned numbers; false if it does not fit. */
inline bool
Multiply(std::uint64_t a, std::uint64_t b, std::uint64_t & product)
{
  product = a * b;
  return a == 0 || product / a == b;
}

/** Unsigned number of up to eight bytes, least significant byte first. */
inline std::uint64_t
DecodeLittleEndian(const unsigned char * bytes, unsigned int count)
{
  std::uint64_t value = 0;
  for (unsigned int i = count; i-- > 0;)
  {
    value = (value << 8) | bytes[i];
  }
  return value;
}

bool
HostIsLittleEndian();

/** Turns each of `count` elements of `elementSize` bytes from one byte order into the other. */
void
ReverseBytes(void * elements, std::uint64_t count, std::size_t elementSize);
} // namespace itk::arssr

#endif
