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
#include "grid/ArSSROutputSpans.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
/** The first of 0 … count-1 for which a condition holds; count if there is none. The condition must hold for all that
 * follow the first one. */
template <typename TCondition>
OffsetValueType
FindFirst(OffsetValueType count, const TCondition & condition)
{
  OffsetValueType begin = 0;
  while (count > begin)
  {
    const OffsetValueType middle = begin + (count - begin) / 2;
    if (condition(middle))
    {
      count = middle;
    }
    else
    {
      begin = middle + 1;
    }
  }
  return begin;
}
} // namespace

SizeValueType
CountVoxels(const std::vector<OutputSpan> & spans)
{
  SizeValueType count = 0;
  for (const OutputSpan & span : spans)
  {
    count += span.count;
  }
  return count;
}

OutputSpan
OutputSpan::GetPart(SizeValueType offset, SizeValueType most) const
{
  OutputSpan part{ start, std::min(count - offset, most) };
  part.start[0] += static_cast<OffsetValueType>(offset);
  return part;
}

std::vector<std::vector<OutputSpan>>
CutSpans(const std::vector<OutputSpan> & spans, SizeValueType voxelsPerGroup)
{
  std::vector<std::vector<OutputSpan>> groups;
  SizeValueType                        room = 0; // in the last group
  for (const OutputSpan & span : spans)
  {
    for (SizeValueType offset = 0; offset < span.count;)
    {
      if (room == 0)
      {
        groups.emplace_back();
        room = voxelsPerGroup;
      }
      groups.back().push_back(span.GetPart(offset, room));
      room -= groups.back().back().count;
      offset += groups.back().back().count;
    }
  }
  return groups;
}

OutputSpans::OutputSpans(const ArSSRIndexMap &    indexMap,
                         const ArSSRTileLattice & lattice,
                         const RegionType &       outputRegion,
                         const IndexType &        tile)
  : m_IndexMap(indexMap)
  , m_Lattice(lattice)
  , m_Region(outputRegion)
  , m_Tile(tile)
  , m_Y(outputRegion.GetIndex(1))
  , m_Z(outputRegion.GetIndex(2))
{}

bool
OutputSpans::CanTouch(const RegionType & part) const
{
  // Necessary, not sufficient: along a rotated grid the bounds of a part may overlap the tile while no sample lies in
  // it.
  ArSSRIndexMap::ContinuousIndexType lower;
  ArSSRIndexMap::ContinuousIndexType upper;
  m_IndexMap.GetBounds(part, lower, upper);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (m_Lattice.Compare(axis, upper[axis], m_Tile[axis]) < 0 ||
        m_Lattice.Compare(axis, lower[axis], m_Tile[axis]) > 0)
    {
      return false;
    }
  }
  return true;
}

std::optional<OutputSpan>
OutputSpans::FindInLine(const IndexType & lineStart) const
{
  OffsetValueType begin = 0;
  auto            end = static_cast<OffsetValueType>(m_Region.GetSize(0));
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Negative before the tile's part of the line, positive behind it, in the direction in which the line runs. The
    // owner is that of the sample as it is computed, not of the line's equation solved for x: that would round in
    // another way, and give a voxel on a seam to two tiles or to none.
    const int  sign = m_IndexMap.GetMatrix()[axis][0] < 0.0 ? -1 : 1;
    const auto compare = [&](OffsetValueType x) {
      IndexType index = lineStart;
      index[0] += x;
      return sign * m_Lattice.Compare(axis, m_IndexMap.Evaluate(index)[axis], m_Tile[axis]);
    };
    if (begin < end && compare(begin) == 0 && compare(end - 1) == 0)
    {
      continue; // all that is left belongs to the tile along this axis: two evaluations instead of a search
    }
    begin = std::max(begin, FindFirst(end, [&](OffsetValueType x) { return compare(x) >= 0; }));
    end = FindFirst(end, [&](OffsetValueType x) { return compare(x) > 0; });
  }
  if (begin >= end)
  {
    return std::nullopt;
  }
  OutputSpan span{ lineStart, static_cast<SizeValueType>(end - begin) };
  span.start[0] += begin;
  return span;
}

std::vector<OutputSpan>
OutputSpans::GetNext(SizeValueType voxels)
{
  std::vector<OutputSpan> spans;
  SizeValueType           found = 0;
  const IndexValueType    x = m_Region.GetIndex(0);
  const IndexValueType    yBegin = m_Region.GetIndex(1);
  const auto              yEnd = yBegin + static_cast<OffsetValueType>(m_Region.GetSize(1));
  const auto              zEnd = m_Region.GetIndex(2) + static_cast<OffsetValueType>(m_Region.GetSize(2));
  for (; m_Z < zEnd; ++m_Z, m_Y = yBegin)
  {
    // Planes, then lines, whose bounds miss the tile are skipped without a search along x.
    const RegionType plane({ { x, yBegin, m_Z } }, { { m_Region.GetSize(0), m_Region.GetSize(1), 1 } });
    if (!this->CanTouch(plane))
    {
      continue;
    }
    for (; m_Y < yEnd; ++m_Y)
    {
      // Asked before a line is taken: m_Y and m_Z then name the line that the next call begins with.
      if (found >= voxels)
      {
        return spans;
      }
      const IndexType start{ { x, m_Y, m_Z } };
      if (!this->CanTouch(RegionType(start, { { m_Region.GetSize(0), 1, 1 } })))
      {
        continue;
      }
      if (const auto span = this->FindInLine(start))
      {
        spans.push_back(*span);
        found += span->count;
      }
    }
  }
  return spans;
}
} // namespace itk::arssr
