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
#include "model/ArSSRSafetensors.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"
#include "model/ArSSRJson.h"
#include "model/ArSSRSafetensorsHeader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace itk::arssr
{
namespace
{
constexpr std::uint64_t SizeBytes = 8;               // of the header's size, at the file's start
constexpr std::uint64_t LargestHeader = 100'000'000; // bytes, the limit of the safetensors library

/** \param dataOffset is set to the bytes before the first tensor's elements. */
SafetensorsHeader
ReadHeader(ByteFile & file, std::uint64_t & dataOffset)
{
  ByteCursor          cursor(file, 0, file.GetSize());
  const std::uint64_t headerSize = cursor.ReadUnsigned(SizeBytes);
  if (headerSize > LargestHeader || headerSize > cursor.GetRemaining())
  {
    ThrowDamaged(
      "the header claims ", headerSize, " bytes, expected at most ", std::min(LargestHeader, cursor.GetRemaining()));
  }
  dataOffset = SizeBytes + headerSize;
  // Ends with the header, so that a string without its closing quote cannot run on into the data.
  ByteCursor headerCursor(file, SizeBytes, dataOffset);
  return ParseSafetensorsHeader(headerCursor, file.GetSize(), file.GetSize() - dataOffset);
}

at::Tensor
ReadData(ByteFile & file, const SafetensorsHeader::Entry & entry, std::uint64_t dataOffset)
{
  // The parser has found these bytes in the file, so no allocation exceeds the file.
  at::Tensor tensor = at::empty(entry.sizes, at::TensorOptions(entry.type));
  file.Read(dataOffset + entry.begin, tensor.data_ptr(), entry.end - entry.begin);
  if (!HostIsLittleEndian())
  {
    ReverseBytes(tensor.data_ptr(), static_cast<std::uint64_t>(tensor.numel()), tensor.element_size());
  }
  return tensor;
}

void
WriteData(AtomicFile & target, const at::Tensor & tensor)
{
  at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
  if (!HostIsLittleEndian())
  {
    // contiguous() may have returned the caller's tensor, whose bytes must stay as they are.
    plain = plain.clone();
    ReverseBytes(plain.data_ptr(), static_cast<std::uint64_t>(plain.numel()), plain.element_size());
  }
  target.Write(plain.data_ptr(), plain.nbytes());
}

/** Positions in the list of tensors, in the order of their data. */
std::vector<std::size_t>
OrderByElementSize(const std::vector<NamedTensor> & tensors)
{
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{ 0 });
  // Elements have 8, 4 or 2 bytes. With the larger ones first, each offset is a multiple of its element size. Tensors
  // of one size keep their order, so that the same tensors always give the same bytes.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].tensor.element_size() > tensors[b].tensor.element_size();
  });
  return order;
}

void
CheckText(const std::string & text)
{
  if (!IsUtf8(text))
  {
    throw FileFormatError("the name or metadata text " + Quoted(text) + " is not UTF-8. Give it in UTF-8.");
  }
}

void
CheckKey(const std::string & text)
{
  CheckText(text);
  constexpr std::size_t quotes = 2;
  if (const std::size_t bytes = ToJsonString(text).size() - quotes; bytes > MaximumKeyBytes)
  {
    throw FileFormatError("the name or metadata key " + Quoted(text) + " takes " + std::to_string(bytes) +
                          " bytes in the header. Give one that takes at most " + std::to_string(MaximumKeyBytes) + '.');
  }
}

/** Throws unless ReadSafetensors() would accept the file. */
void
CheckContent(const TensorFile & file)
{
  // A tensor of the reserved name would be read back as the metadata.
  std::set<std::string> names{ "__metadata__" };
  for (const auto & [name, tensor] : file.tensors)
  {
    CheckKey(name);
    if (!names.insert(name).second)
    {
      throw FileFormatError("two tensors have the name " + Quoted(name) + ", or it is reserved. Rename one.");
    }
    if (!tensor.defined())
    {
      throw FileFormatError("the tensor " + Quoted(name) + " is undefined. Leave it out.");
    }
    CheckSafetensorsType(name, tensor.scalar_type());
  }
  for (const auto & [key, value] : file.metadata)
  {
    CheckKey(key);
    CheckText(value);
  }
  if (std::max(file.tensors.size(), file.metadata.size()) > MaximumEntries)
  {
    throw FileFormatError("there are " + std::to_string(file.tensors.size()) + " tensors and " +
                          std::to_string(file.metadata.size()) + " metadata entries. Write at most " +
                          std::to_string(MaximumEntries) + " of each.");
  }
}
} // namespace

TensorFile
ReadSafetensors(ByteFile & file)
{
  std::uint64_t     dataOffset = 0;
  SafetensorsHeader header = ReadHeader(file, dataOffset);
  TensorFile        result;
  // In the header's order. The data may have another one, so this may go back and forth in the file.
  for (const auto & entry : header.entries)
  {
    result.tensors.push_back({ entry.name, ReadData(file, entry, dataOffset) });
  }
  result.metadata = std::move(header.metadata);
  return result;
}

std::map<std::string, std::string>
ReadSafetensorsMetaData(ByteFile & file)
{
  std::uint64_t dataOffset = 0;
  return ReadHeader(file, dataOffset).metadata;
}

void
WriteSafetensors(AtomicFile & target, const TensorFile & file)
{
  CheckContent(file);
  SafetensorsHeader header;
  header.metadata = file.metadata;
  for (const auto & [name, tensor] : file.tensors)
  {
    header.entries.push_back({ name, tensor.scalar_type(), tensor.sizes().vec(), 0, 0 });
  }
  // The entries keep the order given, so that it survives; only the offsets follow the order of the data.
  const auto    order = OrderByElementSize(file.tensors);
  std::uint64_t end = 0;
  for (const std::size_t i : order)
  {
    header.entries[i].begin = end;
    end += file.tensors[i].tensor.nbytes();
    header.entries[i].end = end;
  }
  // Formatted as a whole first, since the file begins with its size.
  const std::string json = FormatSafetensorsHeader(header);
  if (json.size() > LargestHeader)
  {
    throw FileFormatError("the header takes " + std::to_string(json.size()) + " bytes. Write less metadata; at most " +
                          std::to_string(LargestHeader) + " bytes fit.");
  }
  unsigned char size[SizeBytes];
  for (unsigned int i = 0; i < SizeBytes; ++i)
  {
    // Shifts give little-endian bytes on any host.
    size[i] = static_cast<unsigned char>(json.size() >> (8 * i));
  }
  target.Write(size, SizeBytes);
  target.Write(json.data(), json.size());
  for (const std::size_t i : order)
  {
    WriteData(target, file.tensors[i].tensor);
  }
}
} // namespace itk::arssr
