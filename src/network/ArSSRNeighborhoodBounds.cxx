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
#include "network/ArSSRNeighborhoodBounds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace itk::arssr
{
namespace
{
// Minimum and maximum over 3×3×3 voxels are separable: over three along x, of these three along y, of these three along
// z. So each voxel takes 6 comparisons at either end instead of 26. Planes are read one by one from the lowest z, and
// results along x and y are kept of three planes alone; only the ranges take memory of the region's size.

/** Two images of the same size: the least and the largest intensities around each voxel. */
struct Extremes
{
  explicit Extremes(std::size_t voxels)
    : lower(voxels)
    , upper(voxels)
  {}

  /** Sets `count` voxels from `at` on to the extremes of three runs of the source, which begin at `from`. */
  void
  Combine(std::size_t at, const Extremes & source, const std::array<std::size_t, 3> & from, std::size_t count)
  {
    // Lower and upper ends lie in arrays of their own so that the loop is free of branches and vectorises.
    const float * lows[] = { &source.lower[from[0]], &source.lower[from[1]], &source.lower[from[2]] };
    const float * highs[] = { &source.upper[from[0]], &source.upper[from[1]], &source.upper[from[2]] };
    for (std::size_t i = 0; i < count; ++i)
    {
      lower[at + i] = std::min(std::min(lows[0][i], lows[1][i]), lows[2][i]);
      upper[at + i] = std::max(std::max(highs[0][i], highs[1][i]), highs[2][i]);
    }
  }

  std::vector<float> lower;
  std::vector<float> upper;
};

/** Planes of the region with Radius more voxels on each side, which repeat the image's outer voxels. */
class PaddedPlanes
{
public:
  using RegionType = NeighborhoodBounds::RegionType;
  using SizeType = NeighborhoodBounds::SizeType;

  PaddedPlanes(const RegionType & region,
               const float *      input,
               const RegionType & inputRegion,
               const SizeType &   imageSize)
    : m_Region(region)
    , m_Input(input)
    , m_InputRegion(inputRegion)
    , m_ImageSize(imageSize)
  {}

  /** \param z of the plane, counted from the region's first one; -1 and the region's size are the planes beside it. */
  void
  Read(OffsetValueType z, Extremes & plane) const
  {
    // Planes, lines and voxels beyond the image repeat its border. That adds no new intensity to a minimum or maximum,
    // which is the same as cropping the neighbourhood, and the loops need no special cases.
    float * voxel = plane.lower.data();
    for (OffsetValueType y = -1; y <= static_cast<OffsetValueType>(m_Region.GetSize(1)); ++y)
    {
      const float * line =
        m_Input + (this->Offset(2, z) * m_InputRegion.GetSize(1) + this->Offset(1, y)) * m_InputRegion.GetSize(0);
      for (OffsetValueType x = -1; x <= static_cast<OffsetValueType>(m_Region.GetSize(0)); ++x)
      {
        *voxel++ = line[this->Offset(0, x)];
      }
    }
    plane.upper = plane.lower;
  }

private:
  std::size_t
  Offset(unsigned int axis, OffsetValueType index) const
  {
    // Clamped to the image and not to the input's region: inside the image, a part must see the voxels that the whole
    // does.
    const auto last = static_cast<IndexValueType>(m_ImageSize[axis]) - 1;
    return static_cast<std::size_t>(std::clamp<IndexValueType>(m_Region.GetIndex(axis) + index, 0, last) -
                                    m_InputRegion.GetIndex(axis));
  }

  const RegionType & m_Region;
  const float *      m_Input;
  const RegionType & m_InputRegion;
  const SizeType &   m_ImageSize;
};
} // namespace

NeighborhoodBounds::NeighborhoodBounds(float              margin,
                                       const RegionType & region,
                                       const float *      input,
                                       const RegionType & inputRegion,
                                       const SizeType &   imageSize)
  : m_First(region.GetIndex())
  , m_Size(region.GetSize())
  , m_Ranges(region.GetNumberOfPixels())
{
  const PaddedPlanes planes(region, input, inputRegion, imageSize);
  const std::size_t  width = m_Size[0];
  const std::size_t  padded = width + 2 * Radius;
  const std::size_t  lines = m_Size[1] + 2 * Radius;
  const std::size_t  area = width * m_Size[1];
  Extremes           plane(padded * lines);
  Extremes           alongX(width * lines);
  Extremes           alongXY(3 * area); // of the last three planes
  Extremes           all(area);
  Range *            range = m_Ranges.data();
  for (std::size_t z = 0; z < m_Size[2] + 2 * Radius; ++z)
  {
    planes.Read(static_cast<OffsetValueType>(z) - 1, plane);
    for (std::size_t y = 0; y < lines; ++y)
    {
      const std::size_t at = y * padded;
      alongX.Combine(y * width, plane, { at, at + 1, at + 2 }, width);
    }
    for (std::size_t y = 0; y < m_Size[1]; ++y)
    {
      const std::size_t at = y * width;
      // A ring of three planes: the oldest is overwritten. Their order does not matter to a minimum.
      alongXY.Combine(z % 3 * area + at, alongX, { at, at + width, at + 2 * width }, width);
    }
    if (z < 2 * Radius)
    {
      continue; // the ring is not full yet
    }
    // The ring holds padded planes z - 2 to z: those around the region's plane z - 2.
    all.Combine(0, alongXY, { 0, area, 2 * area }, area);
    for (std::size_t voxel = 0; voxel < area; ++voxel, ++range)
    {
      // By its own width: where the scan is flat the range stays that of the voxels.
      const float wider = std::min(all.upper[voxel] - all.lower[voxel], margin);
      *range = { all.lower[voxel] - wider, all.upper[voxel] + wider };
    }
  }
}

NeighborhoodBounds::Position
NeighborhoodBounds::Locate(unsigned int axis, double coordinate) const
{
  const double last = static_cast<double>(m_Size[axis] - 1);
  // Beyond the centres of the outer voxels a sample has their range. A tile's region holds all voxels that its own
  // samples lie between, so that this clamps at the ends of the image only.
  const double inside = std::min(std::max(coordinate - static_cast<double>(m_First[axis]), 0.0), last);
  const auto   cell = static_cast<std::int64_t>(inside); // signed: without AVX-512, x86 has no conversion to unsigned
  const auto   voxel = static_cast<std::size_t>(cell);
  return { voxel, std::min(voxel + 1, m_Size[axis] - 1), static_cast<float>(inside - static_cast<double>(cell)) };
}

namespace
{
// Equal ends give exactly their value, as the difference is zero: the bounds of a constant image are the constant.
template <typename TRange>
TRange
Between(const TRange & begin, const TRange & end, float fraction)
{
  return { begin.lower + fraction * (end.lower - begin.lower), begin.upper + fraction * (end.upper - begin.upper) };
}

// Smaller changes are not counted: where a scan is flat, networks miss its value by about as much everywhere, and the
// count would say nothing of real overshoots.
constexpr float Negligible = 1e-3F;

/** Clamps a value to a range. \return 1 where that changes it by more than a negligible part of the network's range. */
template <typename TRange>
SizeValueType
Bound(float value, const TRange & range, float & bounded)
{
  // The order of arguments lets a NaN through, as comparisons with it are false; a NaN is not counted either.
  bounded = std::min(std::max(value, range.lower), range.upper);
  return range.lower - value > Negligible || value - range.upper > Negligible ? 1 : 0;
}
} // namespace

void
NeighborhoodBounds::InterpolateLine(const Position & y,
                                    const Position & z,
                                    std::size_t      begin,
                                    std::size_t      end,
                                    Range *          line) const
{
  // y first, then z, and x by the caller: Interpolate() and ApplyToLine() share this order, and so give the same bits.
  const Range * near[] = { this->GetLine(y.voxel, z.voxel), this->GetLine(y.next, z.voxel) };
  const Range * far[] = { this->GetLine(y.voxel, z.next), this->GetLine(y.next, z.next) };
  for (std::size_t x = begin; x < end; ++x)
  {
    const Range inNear = Between(near[0][x], near[1][x], y.fraction);
    const Range inFar = Between(far[0][x], far[1][x], y.fraction);
    line[x - begin] = Between(inNear, inFar, z.fraction);
  }
}

SizeValueType
NeighborhoodBounds::ApplyToLine(const ArSSRIndexMap & indexMap,
                                const IndexType &     first,
                                const float *         values,
                                SizeValueType         count,
                                float *               bounded) const
{
  // On an axis-aligned grid y and z are the same along a row of output voxels. The LR line between its first and its
  // last sample is interpolated once, in cache; each output voxel then takes one interpolation along x instead of
  // seven.
  IndexType last = first;
  last[0] += static_cast<OffsetValueType>(count) - 1;
  const auto     sample = indexMap.Evaluate(first);
  const Position ends[] = { this->Locate(0, sample[0]), this->Locate(0, indexMap.Evaluate(last)[0]) };
  const auto     begin = std::min(ends[0].voxel, ends[1].voxel); // x falls along a row of a mirrored output
  const auto     end = std::max(ends[0].next, ends[1].next) + 1;

  // Apply() sees to it that samples are at most one LR voxel apart: they lie between at most MaximumCount + 1 voxels,
  // and rounding may add another.
  std::array<Range, MaximumCount + 3> line;
  this->InterpolateLine(this->Locate(1, sample[1]), this->Locate(2, sample[2]), begin, end, line.data());
  SizeValueType changed = 0;
  IndexType     index = first;
  for (SizeValueType i = 0; i < count; ++i, ++index[0])
  {
    const Position x = this->Locate(0, indexMap.Evaluate(index)[0]);
    changed += Bound(values[i], Between(line[x.voxel - begin], line[x.next - begin], x.fraction), bounded[i]);
  }
  return changed;
}

NeighborhoodBounds::Range
NeighborhoodBounds::Interpolate(const ArSSRIndexMap::ContinuousIndexType & sample) const
{
  // Rotated or coarse grids: any sample by itself, from two lines of a single voxel.
  const Position       x = this->Locate(0, sample[0]);
  std::array<Range, 2> line;
  const Position       y = this->Locate(1, sample[1]);
  const Position       z = this->Locate(2, sample[2]);
  this->InterpolateLine(y, z, x.voxel, x.voxel + 1, &line[0]);
  this->InterpolateLine(y, z, x.next, x.next + 1, &line[1]);
  return Between(line[0], line[1], x.fraction);
}

SizeValueType
NeighborhoodBounds::Apply(const ArSSRIndexMap & indexMap,
                          const IndexType &     first,
                          const float *         values,
                          SizeValueType         count,
                          float *               bounded) const
{
  // Where output voxels are larger than LR voxels, most of a line would be interpolated for nothing, and the line would
  // not fit the array.
  if (indexMap.IsAxisAligned() && std::abs(indexMap.GetMatrix()[0][0]) <= 1.0)
  {
    return this->ApplyToLine(indexMap, first, values, count, bounded);
  }
  SizeValueType changed = 0;
  IndexType     index = first;
  for (SizeValueType i = 0; i < count; ++i, ++index[0])
  {
    changed += Bound(values[i], this->Interpolate(indexMap.Evaluate(index)), bounded[i]);
  }
  return changed;
}
} // namespace itk::arssr
