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
#include "samples/ArSSRDegradation.h"

#include "samples/ArSSRCubicZoom.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

namespace itk::arssr
{
namespace
{
/** Voxels that rows of weights read: first, and one past the last. */
struct Extent
{
  std::int64_t begin;
  std::int64_t end;
};

/** The part of an axis that the rows read together; nothing outside it is copied or summed. */
Extent
GetExtent(const std::vector<ArSSRAxisWeights> & rows)
{
  Extent extent{ rows.front().first, rows.front().first };
  for (const ArSSRAxisWeights & row : rows)
  {
    extent.begin = std::min<std::int64_t>(extent.begin, row.first);
    extent.end = std::max<std::int64_t>(extent.end, row.first + static_cast<std::int64_t>(row.weights.size()));
  }
  return extent;
}

/** sum += weight * row: the loop in which a degradation spends its time. */
void
AddRow(float * sum, float weight, const float * row, std::int64_t length)
{
  // Both rows are contiguous and the iterations are independent, so that the compiler vectorises them.
  for (std::int64_t x = 0; x < length; ++x)
  {
    sum[x] += weight * row[x];
  }
}

/** Part of a volume: a pointer to its first voxel, and the distances of rows and slices. */
struct View
{
  const float * data;
  std::int64_t  rowStride;
  std::int64_t  sliceStride;
};

/** The part of the volume on the curve, in a buffer of its own. */
std::vector<float>
CopyOnCurve(const Volume & volume, const std::array<Extent, 3> & extents, const IntensityCurve & curve)
{
  const std::int64_t length = extents[2].end - extents[2].begin;
  std::vector<float> part(
    static_cast<std::size_t>((extents[0].end - extents[0].begin) * (extents[1].end - extents[1].begin) * length));
  float * out = part.data();
  for (std::int64_t z = extents[0].begin; z < extents[0].end; ++z)
  {
    for (std::int64_t y = extents[1].begin; y < extents[1].end; ++y)
    {
      const float * row = volume.GetRow(z, y) + extents[2].begin;
      out = std::transform(row, row + length, out, std::cref(curve));
    }
  }
  return part;
}

/** [Z, Y, X] to [z, Y, X]. */
std::vector<float>
ReduceSlices(const View &                          view,
             std::int64_t                          numberOfRows,
             std::int64_t                          length,
             std::int64_t                          firstSlice,
             const std::vector<ArSSRAxisWeights> & weights)
{
  std::vector<float> result(weights.size() * static_cast<std::size_t>(numberOfRows * length));
  float *            slice = result.data();
  // Whole slices are summed, row by row in the order of memory; the slice of sums is read and written again for each
  // tap. For 12 LR voxels at a scale of 4.2 under a Gaussian it takes 17 KB and stays in the first-level cache; wide
  // sincs and slices of whole volumes need the second level.
  for (const ArSSRAxisWeights & row : weights)
  {
    for (std::size_t tap = 0; tap < row.weights.size(); ++tap)
    {
      const float * from = view.data + (row.first + static_cast<std::int64_t>(tap) - firstSlice) * view.sliceStride;
      for (std::int64_t y = 0; y < numberOfRows; ++y)
      {
        AddRow(slice + y * length, static_cast<float>(row.weights[tap]), from + y * view.rowStride, length);
      }
    }
    slice += numberOfRows * length;
  }
  return result;
}

/** [X] to [x]. */
void
ReduceLine(const float * line, std::int64_t first, const std::vector<ArSSRAxisWeights> & weights, float * result)
{
  for (const ArSSRAxisWeights & row : weights)
  {
    // Taps lie side by side, so that a sum stays in a register. This axis is last because its sums cannot be
    // vectorised along x; by then the other two axes are reduced.
    const float * from = line + (row.first - first);
    float         sum = 0.0F;
    for (std::size_t tap = 0; tap < row.weights.size(); ++tap)
    {
      sum += static_cast<float>(row.weights[tap]) * from[tap];
    }
    *result++ = sum;
  }
}
} // namespace

VoxelBox
GetVoxelsWithin(const PatchGeometry & patch, double margin, const GridIndex & volumeSize)
{
  VoxelBox box;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // The field of view is half open, [near, far): a voxel whose centre lies on the face between two patches belongs to
    // the second one alone.
    const double nearFace = patch.ToHighResolution(axis, margin - 0.5);
    const double farFace = patch.ToHighResolution(axis, static_cast<double>(patch.size) - margin - 0.5);
    const auto   first = std::max(static_cast<std::int64_t>(std::ceil(nearFace)), std::int64_t{ 0 });
    const auto   last = std::min(static_cast<std::int64_t>(std::ceil(farFace)) - 1, volumeSize[axis] - 1);
    box.first[axis] = first;
    // A margin that leaves nothing gives an empty box, not one of negative size.
    box.size[axis] = std::max(last + 1 - first, std::int64_t{ 0 });
  }
  return box;
}

SeparableWeights
GetPointSpreadWeights(const PatchGeometry & patch, const PatchSpreads & spreads, const GridIndex & volumeSize)
{
  SeparableWeights weights;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Spreads are in LR spacings, weights count HR voxels: the scale converts.
    const ArSSRPointSpread spread = spreads[axis].Scaled(patch.scale[axis]);
    for (std::int64_t i = 0; i < patch.size; ++i)
    {
      weights[axis].push_back(spread.GetWeights(patch.ToHighResolution(axis, static_cast<double>(i)),
                                                static_cast<SizeValueType>(volumeSize[axis])));
    }
  }
  return weights;
}

SeparableWeights
GetCubicWeights(const PatchGeometry & patch)
{
  SeparableWeights weights;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // PatchSampler makes both the crop's size and its start whole; rounding undoes the error of the division alone.
    // Mirroring at the crop's faces is part of the published degradation, so voxels beyond it are not read.
    const auto cropSize = static_cast<std::int64_t>(std::round(static_cast<double>(patch.size) * patch.scale[axis]));
    const std::vector<double> matrix = GetCubicZoomWeights(cropSize, patch.size);
    for (auto row = matrix.begin(); row != matrix.end(); row += cropSize)
    {
      weights[axis].push_back({ static_cast<IndexValueType>(std::round(patch.start[axis])), { row, row + cropSize } });
    }
  }
  return weights;
}

std::vector<float>
ApplyWeights(const Volume & volume, const SeparableWeights & weights, const IntensityCurve * curve)
{
  const std::array<Extent, 3> extents{ GetExtent(weights[0]), GetExtent(weights[1]), GetExtent(weights[2]) };
  const std::int64_t          numberOfRows = extents[1].end - extents[1].begin;
  const std::int64_t          length = extents[2].end - extents[2].begin;

  // The curve is not linear, so it must come before the weighted sums. It is applied once to each voxel that is read,
  // as each is read by several LR voxels; without a curve the volume is read in place.
  const std::vector<float> onCurve = curve ? CopyOnCurve(volume, extents, *curve) : std::vector<float>{};
  const View               view = curve ? View{ onCurve.data(), length, numberOfRows * length }
                                        : View{ volume.GetRow(extents[0].begin, extents[1].begin) + extents[2].begin,
                                  volume.size[2],
                                  volume.size[1] * volume.size[2] };

  // [Z, Y, X] to [z, Y, X], then for each LR slice [Y, X] to [y, X] and [y, x]. The order of sums is fixed, so that a
  // patch has the same bits whichever thread makes it.
  const std::vector<float> slices = ReduceSlices(view, numberOfRows, length, extents[0].begin, weights[0]);
  std::vector<float>       result(weights[0].size() * weights[1].size() * weights[2].size());
  std::vector<float>       line(static_cast<std::size_t>(length));
  float *                  out = result.data();
  // One line of sums, then its dot products: the line stays in the first-level cache, and [z, y, X] is never stored.
  for (std::size_t z = 0; z < weights[0].size(); ++z)
  {
    const float * slice = slices.data() + z * static_cast<std::size_t>(numberOfRows * length);
    for (const ArSSRAxisWeights & row : weights[1])
    {
      std::fill(line.begin(), line.end(), 0.0F);
      for (std::size_t tap = 0; tap < row.weights.size(); ++tap)
      {
        const std::int64_t y = row.first + static_cast<std::int64_t>(tap) - extents[1].begin;
        AddRow(line.data(), static_cast<float>(row.weights[tap]), slice + y * length, length);
      }
      ReduceLine(line.data(), extents[2].begin, weights[2], out);
      out += weights[2].size();
    }
  }
  return result;
}

GridIndex
GetDegradedSize(const GridIndex & size, double multiple)
{
  GridIndex result;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Halves are rounded up; a size of 0 is never given.
    const auto nearest = static_cast<std::int64_t>(std::floor(static_cast<double>(size[axis]) / multiple + 0.5));
    result[axis] = std::max(nearest, std::int64_t{ 1 });
  }
  return result;
}

Volume
DegradeVolume(const Volume & volume, double multiple, const ArSSRPointSpread & spread)
{
  Volume result;
  result.size = GetDegradedSize(volume.size, multiple);
  SeparableWeights weights;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Sizes are whole, so the true multiple differs a little from axis to axis; centres are placed by it, or the field
    // of view would shift.
    const double           spacing = static_cast<double>(volume.size[axis]) / static_cast<double>(result.size[axis]);
    const ArSSRPointSpread scaled = spread.Scaled(spacing);
    // Every row lies within the volume, at whose faces weights are normalised again: see ArSSRPointSpread.
    for (std::int64_t i = 0; i < result.size[axis]; ++i)
    {
      weights[axis].push_back(scaled.GetWeights((static_cast<double>(i) + 0.5) * spacing - 0.5,
                                                static_cast<SizeValueType>(volume.size[axis])));
    }
  }
  result.voxels = ApplyWeights(volume, weights);
  std::transform(result.voxels.begin(), result.voxels.end(), result.voxels.begin(), [](float value) {
    return std::max(value, 0.0F);
  });
  return result;
}
} // namespace itk::arssr
