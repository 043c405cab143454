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
#include "model/ArSSRTorchFile.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"
#include "model/ArSSRPickleReader.h"
#include "model/ArSSRStateDict.h"
#include "model/ArSSRZipArchive.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
using Kind = PickleNode::Kind;
using Storages = std::map<std::string, at::Tensor>; // each one-dimensional

constexpr std::int64_t ProtocolVersion = 1001; // PROTOCOL_VERSION of torch/serialization.py

/** MAGIC_NUMBER of torch/serialization.py, 0x1950a86a20f9469cfc6c, least significant byte first. */
constexpr std::string_view MagicNumber("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

std::uint64_t
GetBytes(const StateDict::Storage & storage, const std::string & key)
{
  std::uint64_t bytes = 0;
  // A product that wraps around could equal the size of a small entry.
  if (!Multiply(storage.count, c10::elementSize(storage.type), bytes))
  {
    ThrowDamaged("storage ", Quoted(key), " claims ", storage.count, " elements");
  }
  return bytes;
}

/** Memory for a storage; call it only once the file is known to hold as many bytes. */
at::Tensor
Allocate(const StateDict::Storage & storage)
{
  // Not cleared: the file fills every byte, or reading it throws.
  return at::empty({ static_cast<std::int64_t>(storage.count) }, at::TensorOptions(storage.type));
}

void
ToHostOrder(const at::Tensor & storage, bool isLittleEndian)
{
  if (isLittleEndian != HostIsLittleEndian())
  {
    ReverseBytes(storage.data_ptr(), static_cast<std::uint64_t>(storage.numel()), storage.element_size());
  }
}

std::vector<NamedTensor>
MakeTensors(const StateDict & stateDict, const Storages & storages, std::uint64_t fileSize)
{
  std::vector<NamedTensor> tensors;
  std::uint64_t            copied = 0;
  for (const auto & view : stateDict.views)
  {
    at::Tensor tensor =
      storages.at(view.storageKey).as_strided(view.sizes, view.strides, static_cast<std::int64_t>(view.offset));
    if (!tensor.is_contiguous())
    {
      // A contiguous view shares the memory of its storage, any other one is copied. Thousands of views of one storage
      // fit into a small file, so the copies together may take no more than the file.
      copied += tensor.nbytes();
      if (copied > fileSize)
      {
        ThrowRefused("the tensors need more memory than the file has bytes, since many share a storage");
      }
      tensor = tensor.contiguous();
    }
    tensors.push_back({ view.name, tensor });
  }
  return tensors;
}

/** Directory that all entries lie in, with its slash. */
std::string
FindPrefix(const ZipArchive & archive)
{
  // torch.save names the directory after the file or "archive"; the first entry tells which.
  const auto & entries = archive.GetEntries();
  auto prefix = entries.empty() ? std::string() : entries.front().name.substr(0, entries.front().name.find('/') + 1);
  for (const auto & entry : entries)
  {
    if (prefix.empty() || entry.name.compare(0, prefix.size(), prefix) != 0)
    {
      ThrowRefused("archive entry ", Quoted(entry.name), " does not lie in one directory with the others");
    }
  }
  if (archive.Find(prefix + "data.pkl") == nullptr)
  {
    ThrowRefused("the archive has no entry ", Quoted(prefix + "data.pkl"), ", so torch.save did not write it");
  }
  // torch.jit.save writes a data.pkl, too, for a program. torch tells the two apart by this entry as well.
  if (archive.Find(prefix + "constants.pkl") != nullptr)
  {
    ThrowRefused("the archive is a TorchScript model");
  }
  return prefix;
}

bool
IsLittleEndian(ZipArchive & archive, const std::string & prefix)
{
  const auto * entry = archive.Find(prefix + "byteorder");
  if (entry == nullptr)
  {
    return true;
  }
  constexpr std::uint64_t longest = 6;
  std::string             order(static_cast<std::size_t>(std::min(entry->size, longest)), '\0');
  // Anything longer than "little" is not read; the zeros match neither word.
  if (entry->size <= longest)
  {
    archive.Read(*entry, order.data());
  }
  if (order != "little" && order != "big")
  {
    ThrowDamaged("archive entry ", Quoted(entry->name), " is ", Quoted(order), ", not 'little' or 'big'");
  }
  return order == "little";
}

Pickle
ReadPickle(ByteCursor & cursor, const std::set<std::string> & globals, ParsingBudget & budget)
{
  return PickleReader(cursor, globals, budget).Read();
}

/** Reads the three pickles before the dictionary. */
void
ReadLegacyHeader(ByteCursor & cursor, ParsingBudget & budget)
{
  // Without any allowed global: these pickles hold numbers, strings and dictionaries of them.
  const Pickle magic = ReadPickle(cursor, {}, budget);
  if (magic.nodes[magic.root].kind != Kind::LongInteger || magic.nodes[magic.root].text != MagicNumber)
  {
    ThrowRefused("the file is a pickle, but does not start with torch.save's magic number");
  }
  const Pickle protocol = ReadPickle(cursor, {}, budget);
  if (protocol.nodes[protocol.root].kind != Kind::Integer || protocol.nodes[protocol.root].number != ProtocolVersion)
  {
    ThrowRefused("the file has version ", protocol.nodes[protocol.root].number, " of torch's legacy format, not 1001");
  }
  const Pickle system = ReadPickle(cursor, {}, budget);
  // The sizes of the C types and the protocol, which this dictionary has besides, do not matter.
  const auto & items = system.nodes[system.root].items;
  for (std::size_t i = 0; system.nodes[system.root].kind == Kind::Dictionary && i < items.size(); i += 2)
  {
    const PickleNode & value = system.nodes[items[i + 1]];
    if (system.nodes[items[i]].text == "little_endian" && (value.kind != Kind::Boolean || value.number == 0))
    {
      ThrowRefused("the file comes from a big-endian machine");
    }
  }
}

std::vector<std::string>
ReadLegacyKeys(ByteCursor & cursor, const StateDict & stateDict, ParsingBudget & budget)
{
  const Pickle             pickle = ReadPickle(cursor, {}, budget);
  std::set<std::string>    missing;
  std::vector<std::string> keys;
  for (const auto & storage : stateDict.storages)
  {
    missing.insert(storage.first);
  }
  // The data follow in the order of this list. One key too many or too few would shift all storages behind it.
  for (const auto index : pickle.nodes[pickle.root].items)
  {
    const PickleNode & key = pickle.nodes[index];
    if (key.kind != Kind::String || missing.erase(key.text) == 0)
    {
      ThrowDamaged("the list of storages names ", Quoted(key.text), " twice, or no tensor uses it");
    }
    keys.push_back(key.text);
  }
  if (!missing.empty())
  {
    ThrowDamaged("the list of storages lacks ", Quoted(*missing.begin()), ", which a tensor uses");
  }
  return keys;
}
} // namespace

std::vector<NamedTensor>
ReadTorchArchive(ByteFile & file)
{
  ZipArchive   archive(file);
  const auto   prefix = FindPrefix(archive);
  const bool   isLittleEndian = IsLittleEndian(archive, prefix);
  const auto & entry = *archive.Find(prefix + "data.pkl");
  // The pickle is parsed as it is read, so its checksum comes first: a flipped bit is then reported as damage, not as a
  // strange opcode. Storages are verified as they are read.
  archive.VerifyChecksum(entry);

  ParsingBudget budget(file.GetSize());
  ByteCursor    cursor(file, entry.dataOffset, entry.dataOffset + entry.size);
  const auto    stateDict = InterpretStateDict(ReadPickle(cursor, GetStateDictGlobals(), budget), budget);
  if (cursor.GetRemaining() != 0)
  {
    ThrowDamaged(
      "archive entry ", Quoted(entry.name), " goes on for ", cursor.GetRemaining(), " bytes after its pickle");
  }

  // From here on every view is known to lie in its storage, as the file describes it.
  Storages          storages;
  const std::string folder = prefix + "data/";
  for (const auto & [key, storage] : stateDict.storages)
  {
    std::string name = folder;
    name += key;
    const auto * data = archive.Find(name);
    if (data == nullptr || data->size != GetBytes(storage, key))
    {
      ThrowDamaged("archive entry ",
                   Quoted(name),
                   data ? " has " + std::to_string(data->size) + " bytes" : std::string(" is missing"),
                   ", expected ",
                   GetBytes(storage, key),
                   " bytes");
    }
    const at::Tensor elements = Allocate(storage);
    archive.Read(*data, elements.data_ptr());
    ToHostOrder(elements, isLittleEndian);
    storages.emplace(key, elements);
  }
  return MakeTensors(stateDict, storages, file.GetSize());
}

std::vector<NamedTensor>
ReadTorchLegacyFile(ByteFile & file)
{
  ParsingBudget budget(file.GetSize());
  ByteCursor    cursor(file, 0, file.GetSize());
  ReadLegacyHeader(cursor, budget);
  const auto stateDict = InterpretStateDict(ReadPickle(cursor, GetStateDictGlobals(), budget), budget);

  Storages storages;
  for (const std::string & key : ReadLegacyKeys(cursor, stateDict, budget))
  {
    const auto & storage = stateDict.storages.at(key);
    // The count here and that in the dictionary must agree, and the bytes must be there, before memory is allocated.
    const std::uint64_t count = cursor.ReadUnsigned(8);
    const std::uint64_t bytes = GetBytes(storage, key);
    if (count != storage.count || bytes > cursor.GetRemaining())
    {
      ThrowDamaged("storage ",
                   Quoted(key),
                   " has ",
                   count,
                   " elements with ",
                   cursor.GetRemaining(),
                   " bytes left; expected ",
                   storage.count,
                   " elements of ",
                   bytes,
                   " bytes");
    }
    const at::Tensor elements = Allocate(storage);
    cursor.Read(elements.data_ptr(), bytes);
    ToHostOrder(elements, true);
    storages.emplace(key, elements);
  }
  if (cursor.GetRemaining() != 0)
  {
    ThrowDamaged("the file goes on for ", cursor.GetRemaining(), " bytes after its last storage");
  }
  return MakeTensors(stateDict, storages, file.GetSize());
}
} // namespace itk::arssr
