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
#include "engine/ArSSRFeatureCache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <map>
#include <numeric>

namespace itk::arssr
{
namespace
{
/** Bytes of the storages behind some tensors. A view holds all of its storage, and on a CPU the key's voxels and those
 * of the tile share one: each storage counts once, with its whole size. */
SizeValueType
GetHeldBytes(std::initializer_list<at::Tensor> tensors)
{
  std::map<const void *, SizeValueType> bytes;
  for (const at::Tensor & tensor : tensors)
  {
    if (tensor.defined())
    {
      bytes[tensor.storage().data()] = static_cast<SizeValueType>(tensor.storage().nbytes());
    }
  }
  return std::accumulate(bytes.begin(), bytes.end(), SizeValueType{ 0 }, [](SizeValueType sum, const auto & storage) {
    return sum + storage.second;
  });
}
} // namespace

bool
FeatureCache::Key::operator==(const Key & other) const
{
  // Regions come first: equal input regions have equally many voxels, without which memcmp() would read beyond the
  // shorter buffer. Bits are compared, so a NaN equals itself and a stale tile is never used.
  return featureRegion == other.featureRegion && inputRegion == other.inputRegion && imageSize == other.imageSize &&
         std::memcmp(input.const_data_ptr(), other.input.const_data_ptr(), input.nbytes()) == 0;
}

const FeatureTile *
FeatureCache::Find(const Key & key)
{
  // A budget holds few tiles, and voxels are compared only where the regions agree: no index is needed.
  const auto found =
    std::find_if(m_Entries.begin(), m_Entries.end(), [&key](const Entry & entry) { return entry.key == key; });
  if (found == m_Entries.end())
  {
    return nullptr;
  }
  // splice() moves the node, not the entry: pointers to tiles that are handed out stay valid. The tiles in use are the
  // most recent ones, which is how MakeRoom() and ClearBut() know them.
  m_Entries.splice(m_Entries.begin(), m_Entries, found);
  return &m_Entries.front().tile;
}

void
FeatureCache::MakeRoom(SizeValueType bytes, SizeValueType capacity, std::size_t inUse)
{
  while (m_Entries.size() > inUse && m_Size + bytes > capacity)
  {
    m_Size -= m_Entries.back().bytes;
    m_Entries.pop_back();
  }
}

const FeatureTile &
FeatureCache::Insert(Key key, FeatureTile tile)
{
  const SizeValueType bytes = GetHeldBytes({ key.input, tile.features, tile.lowResolution });
  m_Entries.push_front({ std::move(key), std::move(tile), bytes });
  m_Size += bytes;
  return m_Entries.front().tile;
}

void
FeatureCache::Clear()
{
  m_Entries.clear();
  m_Size = 0;
}

bool
FeatureCache::ClearBut(std::size_t inUse)
{
  const std::size_t before = m_Entries.size();
  while (m_Entries.size() > inUse)
  {
    m_Size -= m_Entries.back().bytes;
    m_Entries.pop_back();
  }
  return m_Entries.size() < before;
}
} // namespace itk::arssr
