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
#include "ArSSRFeatureCache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

namespace itk::arssr
{
bool
FeatureCache::Key::operator==(const Key & other) const
{
  return featureRegion == other.featureRegion && inputRegion == other.inputRegion && imageSize == other.imageSize &&
         std::memcmp(input.const_data_ptr(), other.input.const_data_ptr(), input.nbytes()) == 0;
}

const FeatureTile *
FeatureCache::Find(const Key & key)
{
  const auto found =
    std::find_if(m_Entries.begin(), m_Entries.end(), [&key](const Entry & entry) { return entry.key == key; });
  if (found == m_Entries.end())
  {
    return nullptr;
  }
  m_Entries.splice(m_Entries.begin(), m_Entries, found);
  return &m_Entries.front().tile;
}

void
FeatureCache::MakeRoom(SizeValueType bytes, SizeValueType capacity)
{
  while (!m_Entries.empty() && m_Size + bytes > capacity)
  {
    m_Size -= m_Entries.back().bytes;
    m_Entries.pop_back();
  }
}

const FeatureTile &
FeatureCache::Insert(Key key, FeatureTile tile)
{
  const auto bytes = static_cast<SizeValueType>(key.input.nbytes() + tile.features.nbytes());
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
} // namespace itk::arssr
