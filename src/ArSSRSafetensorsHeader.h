#ifndef ArSSRSafetensorsHeader_h
#define ArSSRSafetensorsHeader_h

#include "ArSSRByteFile.h"

#include <c10/core/ScalarType.h>

#include <map>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief The JSON header of a safetensors file. (github.com/huggingface/safetensors, "Format".) */
struct SafetensorsHeader
{
  struct Entry
  {
    std::string               name;
    c10::ScalarType           type{ c10::ScalarType::Undefined };
    std::vector<std::int64_t> sizes;      // number of elements along each dimension, slowest first
    std::uint64_t             begin{ 0 }; // bytes from the data's start
    std::uint64_t             end{ 0 };
  };

  std::vector<Entry>                 entries; // in the header's order
  std::map<std::string, std::string> metadata;
};

/** Reads all that the cursor has. Refuses duplicates, types other than F32, F16, BF16 and F64, unknown properties, and
 * tensors that do not fill the `dataSize` bytes after the header one after another, each with the bytes of its shape.
 */
SafetensorsHeader
ParseSafetensorsHeader(ByteCursor & cursor, std::uint64_t fileSize, std::uint64_t dataSize);

/** The header as JSON, padded with spaces to a multiple of eight bytes. */
std::string
FormatSafetensorsHeader(const SafetensorsHeader & header);

/** Throws if safetensors, or this module, has no such element type. */
void
CheckSafetensorsType(const std::string & tensorName, c10::ScalarType type);
} // namespace itk::arssr

#endif
