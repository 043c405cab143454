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
#ifndef ArSSROutputSpans_h
#define ArSSROutputSpans_h

#include "itkArSSRTileLattice.h"

#include <optional>
#include <vector>

namespace itk::arssr
{
/** \brief Output voxels in a row along x. */
struct OutputSpan
{
  ArSSRIndexMap::IndexType start;
  SizeValueType            count{ 0 };

  /** At most `most` of its voxels, from number `offset` on. */
  OutputSpan
  GetPart(SizeValueType offset, SizeValueType most) const;
};

/** The number of voxels in all spans together. */
SizeValueType
CountVoxels(const std::vector<OutputSpan> & spans);

/** Divides the spans into groups of `voxelsPerGroup` voxels, in the same order; only the last group may have fewer. */
std::vector<std::vector<OutputSpan>>
CutSpans(const std::vector<OutputSpan> & spans, SizeValueType voxelsPerGroup);

/** \brief Finds the voxels of a region of the output that a tile owns: at most one span for each line along x.
 *
 * The samples of a line lie on a straight line, along which each coordinate is monotonic, rounding included. A tile is
 * a box, so what it owns of the line is in one piece.
 */
class OutputSpans
{
public:
  using RegionType = ArSSRIndexMap::RegionType;
  using IndexType = ArSSRIndexMap::IndexType;

  OutputSpans(const ArSSRIndexMap &    indexMap,
              const ArSSRTileLattice & lattice,
              const RegionType &       outputRegion,
              const IndexType &        tile);

  /** The next spans, by z, then y, until they have `voxels` voxels or more: up to a line more than asked for. Empty
   * when all were given. */
  std::vector<OutputSpan>
  GetNext(SizeValueType voxels);

private:
  /** Whether samples of a part of the output can belong to the tile. */
  bool
  CanTouch(const RegionType & part) const;

  std::optional<OutputSpan>
  FindInLine(const IndexType & lineStart) const;

  const ArSSRIndexMap &    m_IndexMap;
  const ArSSRTileLattice & m_Lattice;
  RegionType               m_Region;
  IndexType                m_Tile;
  IndexValueType           m_Y; // of the next line
  IndexValueType           m_Z;
};
} // namespace itk::arssr

#endif
