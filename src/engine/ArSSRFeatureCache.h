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
#ifndef ArSSRFeatureCache_h
#define ArSSRFeatureCache_h

#include "itkArSSRTileLattice.h"

#include "network/ArSSRSampling.h"

#include <list>

namespace itk::arssr
{
/** \brief Keeps the features of the tiles used last, within a capacity in bytes.
 *
 * An entry is found only for the very voxels that it was made from, at the same place in an image of the same size.
 */
class FeatureCache
{
public:
  struct Key
  {
    ArSSRTileLattice::RegionType featureRegion;
    ArSSRTileLattice::RegionType inputRegion;
    at::Tensor                   input; /**< LR voxels of the input region, [z, y, x] float32 on the CPU */
    GridIndex                    imageSize{};

    bool
    operator==(const Key & other) const;
  };

  /** The features for a key, which become the most recent; nullptr when there are none. */
  const FeatureTile *
  Find(const Key & key);

  /** Drops the least recently used entries until `bytes` more fit into the capacity, or until only the `inUse` most
   * recent ones are left. */
  void
  MakeRoom(SizeValueType bytes, SizeValueType capacity, std::size_t inUse = 0);

  /** Adds the features of a key that is not there yet. They stay, at the same address, until MakeRoom(), ClearBut() or
   * Clear() drops them. */
  const FeatureTile &
  Insert(Key key, FeatureTile tile);

  void
  Clear();

  /** Drops all entries but the `inUse` most recent ones. \return whether any was dropped. */
  bool
  ClearBut(std::size_t inUse);

  /** Bytes that the entries hold, in main memory and on a device. */
  SizeValueType
  GetSize() const
  {
    return m_Size;
  }

private:
  struct Entry
  {
    Key           key;
    FeatureTile   tile;
    SizeValueType bytes;
  };

  std::list<Entry> m_Entries; // most recent first
  SizeValueType    m_Size{ 0 };
};
} // namespace itk::arssr

#endif
