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
#include "model/ArSSRSafetensorsHeader.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"
#include "model/ArSSRJson.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <tuple>

namespace itk::arssr
{
namespace
{
using Entry = SafetensorsHeader::Entry;

constexpr std::uint64_t HeaderAlignment = 8; // bytes, so that the data are aligned for every element type
constexpr std::uint64_t NodeCost = 64;       // bytes that an entry of a map takes beside its key and value
// torch's lengths are signed.
constexpr std::uint64_t HighestLength = std::numeric_limits<std::int64_t>::max();
constexpr char          MetadataKey[] = "__metadata__";

struct ElementType
{
  const char *    name;
  c10::ScalarType type;
};

constexpr ElementType ElementTypes[] = {
  { "F32", c10::ScalarType::Float },
  { "F16", c10::ScalarType::Half },
  { "BF16", c10::ScalarType::BFloat16 },
  { "F64", c10::ScalarType::Double },
};

/** \throws FileFormatError for a type that the format, or the network, does not have. */
const ElementType &
GetElementType(const std::string & tensorName, c10::ScalarType type)
{
  const auto * found = std::find_if(
    std::begin(ElementTypes), std::end(ElementTypes), [&](const ElementType & known) { return known.type == type; });
  if (found == std::end(ElementTypes))
  {
    ThrowRefused("the tensor ",
                 Quoted(tensorName),
                 " has elements of type ",
                 c10::toString(type),
                 ", not float32, float16, bfloat16 or float64");
  }
  return *found;
}

/** Builds the header from JSON; every member function reads one value. */
class HeaderParser
{
public:
  HeaderParser(ByteCursor & cursor, std::uint64_t fileSize)
    : m_Json(cursor)
    , m_Budget(fileSize)
  {}

  SafetensorsHeader
  Run();

private:
  void
  ReadMetadata();
  void
  ReadEntry(const std::string & name);
  void
  ReadProperty(Entry & entry, const std::string & key);
  c10::ScalarType
  ReadType(const std::string & tensorName);
  std::vector<std::uint64_t>
  ReadNumbers(const std::string & tensorName);
  void
  Charge(std::size_t count, std::uint64_t bytes);

  JsonReader        m_Json;
  ParsingBudget     m_Budget;
  SafetensorsHeader m_Header;
};

SafetensorsHeader
HeaderParser::Run()
{
  bool hasMetadata = false;
  m_Json.ReadObject([&](const std::string & name) {
    if (name != MetadataKey)
    {
      this->ReadEntry(name);
      return;
    }
    // RFC 8259, section 4, leaves equal keys to the reader, so a file that has them could mean two things.
    if (hasMetadata)
    {
      ThrowDamaged("the header has two entries ", Quoted(MetadataKey));
    }
    hasMetadata = true;
    this->ReadMetadata();
  });
  m_Json.ReadEnd();
  return std::move(m_Header);
}

void
HeaderParser::Charge(std::size_t count, std::uint64_t bytes)
{
  if (count >= MaximumEntries)
  {
    ThrowRefused("the header has more than ", MaximumEntries, " tensors or metadata entries");
  }
  m_Budget.Charge(bytes);
}

void
HeaderParser::ReadMetadata()
{
  m_Json.ReadObject([&](const std::string & key) {
    // Charged afterwards, when its size is known; until then the size of the header limits it.
    std::string value = m_Json.ReadString();
    this->Charge(m_Header.metadata.size(), key.size() + value.size() + 2 * sizeof(std::string) + NodeCost);
    if (!m_Header.metadata.emplace(key, std::move(value)).second)
    {
      ThrowDamaged("the metadata have two entries ", Quoted(key));
    }
  });
}

void
HeaderParser::ReadEntry(const std::string & name)
{
  // Twice an entry, since a vector doubles its capacity when it grows.
  this->Charge(m_Header.entries.size(), 2 * sizeof(Entry) + name.size());
  Entry                 entry;
  std::set<std::string> seen;
  entry.name = name;
  m_Json.ReadObject([&](const std::string & key) {
    if (!seen.insert(key).second)
    {
      ThrowDamaged("the tensor ", Quoted(name), " has the property ", Quoted(key), " twice");
    }
    this->ReadProperty(entry, key);
  });
  // ReadProperty() accepts only three keys, and each comes once.
  if (seen.size() != 3)
  {
    ThrowDamaged("the tensor ", Quoted(name), " lacks one of the properties dtype, shape and data_offsets");
  }
  m_Budget.Charge(entry.sizes.size() * sizeof(std::int64_t));
  m_Header.entries.push_back(std::move(entry));
}

void
HeaderParser::ReadProperty(Entry & entry, const std::string & key)
{
  if (key == "dtype")
  {
    entry.type = this->ReadType(entry.name);
  }
  else if (key == "shape")
  {
    for (const std::uint64_t size : this->ReadNumbers(entry.name))
    {
      entry.sizes.push_back(static_cast<std::int64_t>(size));
    }
  }
  else if (key == "data_offsets")
  {
    const auto offsets = this->ReadNumbers(entry.name);
    if (offsets.size() != 2)
    {
      ThrowDamaged("the tensor ", Quoted(entry.name), " has ", offsets.size(), " data_offsets, expected 2");
    }
    entry.begin = offsets[0];
    entry.end = offsets[1];
  }
  else
  {
    // Ignored, a property of a later version of the format could change what the data mean.
    ThrowRefused("the tensor ", Quoted(entry.name), " has the unknown property ", Quoted(key));
  }
}

c10::ScalarType
HeaderParser::ReadType(const std::string & tensorName)
{
  const std::string name = m_Json.ReadString();
  const auto *      found = std::find_if(
    std::begin(ElementTypes), std::end(ElementTypes), [&](const ElementType & known) { return known.name == name; });
  if (found == std::end(ElementTypes))
  {
    ThrowRefused("the tensor ", Quoted(tensorName), " has the type ", Quoted(name), ", not F32, F16, BF16 or F64");
  }
  return found->type;
}

std::vector<std::uint64_t>
HeaderParser::ReadNumbers(const std::string & tensorName)
{
  std::vector<std::uint64_t> numbers;
  m_Json.ReadArray([&] {
    numbers.push_back(m_Json.ReadUnsigned());
    // For each number, so that a long list ends before it takes memory.
    if (numbers.back() > HighestLength || numbers.size() > MaximumDimensions)
    {
      ThrowDamaged("the tensor ",
                   Quoted(tensorName),
                   " has a length or an offset of ",
                   numbers.back(),
                   " or more than ",
                   MaximumDimensions,
                   " dimensions");
    }
  });
  return numbers;
}

void
CheckNames(const std::vector<Entry> & entries)
{
  // Pointers, because a set of the names would take memory that the budget does not count.
  std::vector<const std::string *> names;
  names.reserve(entries.size());
  for (const Entry & entry : entries)
  {
    names.push_back(&entry.name);
  }
  std::sort(names.begin(), names.end(), [](const auto * a, const auto * b) { return *a < *b; });
  const auto twin =
    std::adjacent_find(names.begin(), names.end(), [](const auto * a, const auto * b) { return *a == *b; });
  if (twin != names.end())
  {
    ThrowDamaged("the header has two tensors ", Quoted(**twin));
  }
}

void
CheckSize(const Entry & entry)
{
  std::uint64_t bytes = c10::elementSize(entry.type);
  bool          isEmpty = false;
  bool          fits = true;
  for (const auto size : entry.sizes)
  {
    // Lengths of zero are left out of the product: torch computes strides from the others and fails if they overflow.
    isEmpty = isEmpty || size == 0;
    fits = fits && (size == 0 || Multiply(bytes, static_cast<std::uint64_t>(size), bytes)) && bytes <= HighestLength;
  }
  if (!fits || entry.begin > entry.end || entry.end - entry.begin != (isEmpty ? 0 : bytes))
  {
    ThrowDamaged("the tensor ",
                 Quoted(entry.name),
                 " lies from byte ",
                 entry.begin,
                 " to ",
                 entry.end,
                 " of the data, but its type and shape ",
                 fits ? "take " + std::to_string(isEmpty ? 0 : bytes) + " bytes" : std::string("have no size"));
  }
}

void
CheckLayout(const std::vector<Entry> & entries, std::uint64_t dataSize)
{
  std::vector<const Entry *> ordered;
  ordered.reserve(entries.size());
  for (const Entry & entry : entries)
  {
    CheckSize(entry);
    ordered.push_back(&entry);
  }
  // An empty tensor begins where the next one does; the end as the second key puts it first.
  std::sort(ordered.begin(), ordered.end(), [](const Entry * a, const Entry * b) {
    return std::tie(a->begin, a->end) < std::tie(b->begin, b->end);
  });
  std::uint64_t end = 0;
  for (const Entry * entry : ordered)
  {
    // The format allows neither gaps nor overlaps: in bytes that no tensor has, another file could hide.
    if (entry->begin != end)
    {
      ThrowDamaged("the tensor ",
                   Quoted(entry->name),
                   " begins at byte ",
                   entry->begin,
                   " of the data, but those before it end at byte ",
                   end);
    }
    end = entry->end;
  }
  if (end != dataSize)
  {
    ThrowDamaged("the tensors take ", end, " bytes, but ", dataSize, " bytes follow the header");
  }
}
} // namespace

SafetensorsHeader
ParseSafetensorsHeader(ByteCursor & cursor, std::uint64_t fileSize, std::uint64_t dataSize)
{
  SafetensorsHeader header = HeaderParser(cursor, fileSize).Run();
  CheckNames(header.entries);
  CheckLayout(header.entries, dataSize);
  return header;
}

std::string
FormatSafetensorsHeader(const SafetensorsHeader & header)
{
  std::string  json = "{";
  const char * separator = "";
  if (!header.metadata.empty())
  {
    json += ToJsonString(MetadataKey) + ":{";
    // A map is sorted, so equal content gives equal bytes.
    for (const auto & [key, value] : header.metadata)
    {
      json += separator + ToJsonString(key) + ':' + ToJsonString(value);
      separator = ",";
    }
    json += '}';
  }
  for (const Entry & entry : header.entries)
  {
    json += separator + ToJsonString(entry.name) + ":{\"dtype\":\"" + GetElementType(entry.name, entry.type).name +
            "\",\"shape\":[";
    for (std::size_t i = 0; i < entry.sizes.size(); ++i)
    {
      json += (i == 0 ? "" : ",") + std::to_string(entry.sizes[i]);
    }
    json += "],\"data_offsets\":[" + std::to_string(entry.begin) + ',' + std::to_string(entry.end) + "]}";
    separator = ",";
  }
  json += '}';
  // The format pads with spaces. The size before the header has eight bytes, too, so the data begin aligned.
  json.append((HeaderAlignment - json.size() % HeaderAlignment) % HeaderAlignment, ' ');
  return json;
}

void
CheckSafetensorsType(const std::string & tensorName, c10::ScalarType type)
{
  GetElementType(tensorName, type);
}
} // namespace itk::arssr
