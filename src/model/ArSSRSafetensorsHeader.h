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
#ifndef ArSSRSafetensorsHeader_h
#define ArSSRSafetensorsHeader_h

#include "model/ArSSRByteFile.h"

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
