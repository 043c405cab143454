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
// The half of ArSSRSliceProfileProjector that works axis by axis, for grids with parallel axes. Loops go along the HR
// image's axes; a LR block lies in the order of its own axes and is reached by strides. Weights depend on the place
// along one axis alone and are computed once per axis. A sum runs over the taps of its row in their order, all of them,
// wherever the region begins, and in double precision between the axes: regions have the bits of the whole.
#include "itkArSSRSliceProfileProjector.h"

#include "acquisition/ArSSRLanczos.h"
#include "image/ArSSRVoxelInterval.h"

#include <algorithm>

namespace itk
{
namespace
{
using Rows = std::vector<ArSSRAxisWeights>;

// A LR block seen along the HR axes: size, first index and stride, in voxels. Element [axis] is of the LR axis that is
// parallel to that HR axis.
struct LowView
{
  LowView(const ArSSRVoxelBlock & block, const std::array<unsigned int, 3> & lowAxis)
  {
    const auto &                       blockSize = block.region.GetSize();
    const std::array<SizeValueType, 3> strides{ { 1, blockSize[0], blockSize[0] * blockSize[1] } };
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      size[axis] = blockSize[lowAxis[axis]];
      first[axis] = block.region.GetIndex(lowAxis[axis]);
      stride[axis] = strides[lowAxis[axis]];
    }
  }
  std::array<SizeValueType, 3>  size{};
  std::array<IndexValueType, 3> first{};
  std::array<SizeValueType, 3>  stride{};
};

// Σ weight × value; `values` are those of the indices from `first` on. 0 for an empty row.
template <typename TValue>
double
WeightedSum(const ArSSRAxisWeights & row, const TValue * values, IndexValueType first)
{
  if (row.weights.empty())
  {
    return 0.0;
  }
  // All taps of a row lie within the values, as regions were planned for their support.
  const TValue * value = values + (row.first - first);
  double         sum = 0.0;
  for (const double weight : row.weights)
  {
    sum += weight * static_cast<double>(*value++);
  }
  return sum;
}

// The same for `count` neighbouring lines at once, which are `stride` values apart from index to index. Taps are the
// outer loop, so that the inner one runs over contiguous values and vectorises.
void
WeightedSums(const ArSSRAxisWeights & row,
             const double *           values,
             IndexValueType           first,
             SizeValueType            stride,
             SizeValueType            count,
             double *                 sums)
{
  std::fill_n(sums, count, 0.0);
  if (row.weights.empty())
  {
    return;
  }
  const double * value = values + static_cast<SizeValueType>(row.first - first) * stride;
  for (const double weight : row.weights)
  {
    for (SizeValueType i = 0; i < count; ++i)
    {
      sums[i] += weight * value[i];
    }
    value += stride;
  }
}
} // namespace


void
ArSSRSliceProfileProjector::SimulateSeparably(const ArSSRVoxelBlock &  high,
                                              ArSSRVoxelBlock &        low,
                                              const ParallelLoopType & loop) const
{
  const RegionType read = this->GetHighRegion(low.region);
  if (read.GetNumberOfPixels() == 0)
  {
    return;
  }
  const LowView       view(low, m_LowAxis);
  std::array<Rows, 3> rows; // [HR axis][LR voxel]; empty for a LR voxel that sees nothing
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const unsigned int lowAxis = m_LowAxis[axis];
    // The matrix has one entry a row: which voxels are seen along this axis depends on no other index.
    const auto seen = this->GetSeenVoxels(axis, lowAxis, IndexType{});
    // Where the axes run in opposite directions, a measured profile is seen reversed.
    const auto spread = m_Matrix[lowAxis][axis] < 0.0 ? m_Spreads[lowAxis].Mirrored() : m_Spreads[lowAxis];
    for (SizeValueType voxel = 0; voxel < view.size[axis]; ++voxel)
    {
      IndexType index = low.region.GetIndex();
      index[lowAxis] += static_cast<IndexValueType>(voxel);
      const double centre = this->GetHighIndex(axis, index);
      rows[axis].emplace_back();
      if (IsInsideExtent(centre, m_HighSize[axis]) && !seen.IsEmpty())
      {
        // As if the image consisted of the seen voxels: the weights are normalised over these.
        rows[axis].back() = spread.GetWeights(centre - static_cast<double>(seen.begin),
                                              static_cast<SizeValueType>(seen.end - seen.begin));
        rows[axis].back().first += seen.begin;
      }
    }
  }

  // [HR z, LR y, LR x], in the HR image's naming of the axes. The first loop reduces each HR slice along x, then y,
  // with one buffer of lines per call; the second reduces along z, across the slices, in contiguous planes. Each call
  // writes a slice or plane of its own, so that threads share only what they read.
  const SizeValueType planeSize = view.size[1] * view.size[0];
  std::vector<double> planes(read.GetSize(2) * planeSize);
  loop(read.GetSize(2), [&](SizeValueType slice) {
    std::vector<double> lines(read.GetSize(1) * view.size[0]); // [HR y, LR x]
    IndexType           start = read.GetIndex();
    start[2] += static_cast<IndexValueType>(slice);
    for (SizeValueType y = 0; y < read.GetSize(1); ++y, ++start[1])
    {
      const float * voxels = high.voxels.data() + high.Offset(start);
      for (SizeValueType x = 0; x < view.size[0]; ++x)
      {
        lines[y * view.size[0] + x] = WeightedSum(rows[0][x], voxels, start[0]);
      }
    }
    for (SizeValueType y = 0; y < view.size[1]; ++y)
    {
      double * sums = planes.data() + slice * planeSize + y * view.size[0];
      WeightedSums(rows[1][y], lines.data(), read.GetIndex(1), view.size[0], view.size[0], sums);
    }
  });
  loop(view.size[2], [&](SizeValueType z) {
    std::vector<double> plane(planeSize);
    WeightedSums(rows[2][z], planes.data(), read.GetIndex(2), planeSize, planeSize, plane.data());
    for (SizeValueType y = 0; y < view.size[1]; ++y)
    {
      for (SizeValueType x = 0; x < view.size[0]; ++x)
      {
        // An empty row gave a sum of 0, which is not what "sees nothing" means.
        const bool isSeeing = !rows[0][x].weights.empty() && !rows[1][y].weights.empty() && !rows[2][z].weights.empty();
        low.voxels[x * view.stride[0] + y * view.stride[1] + z * view.stride[2]] =
          isSeeing ? static_cast<float>(plane[y * view.size[0] + x]) : Unseen;
      }
    }
  });
}


void
ArSSRSliceProfileProjector::CorrectSeparably(const ArSSRVoxelBlock &  residual,
                                             double                   factor,
                                             const RegionType &       where,
                                             ArSSRVoxelBlock &        high,
                                             const ParallelLoopType & loop) const
{
  const LowView       view(residual, m_LowAxis);
  std::array<Rows, 3> rows; // [HR axis][HR voxel]; empty outside the LR image's extent
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const unsigned int lowAxis = m_LowAxis[axis];
    const double       width = std::max(1.0, m_VoxelSize[lowAxis]);
    for (SizeValueType voxel = 0; voxel < where.GetSize(axis); ++voxel)
    {
      IndexType index = where.GetIndex();
      index[axis] += static_cast<IndexValueType>(voxel);
      const double position = this->GetLowIndex(lowAxis, index);
      rows[axis].emplace_back();
      if (IsInsideExtent(position, m_LowSize[lowAxis]))
      {
        arssr::LanczosWeights(position, width, m_LowSize[lowAxis], rows[axis].back());
      }
    }
  }

  // The residual in the order of the HR axes, [z, y, x], as double: put in order once, it is read contiguously in all
  // sums. Then z first, so that each HR slice works on one small LR plane, and each HR line on one LR line.
  const SizeValueType planeSize = view.size[1] * view.size[0];
  std::vector<double> ordered(view.size[2] * planeSize);
  for (SizeValueType z = 0, i = 0; z < view.size[2]; ++z)
  {
    for (SizeValueType y = 0; y < view.size[1]; ++y)
    {
      for (SizeValueType x = 0; x < view.size[0]; ++x, ++i)
      {
        const SizeValueType offset = x * view.stride[0] + y * view.stride[1] + z * view.stride[2];
        ordered[i] = static_cast<double>(residual.voxels[offset]);
      }
    }
  }

  loop(where.GetSize(2), [&](SizeValueType slice) {
    // The slice lies outside the scan: it stays as it is, without any sums.
    if (rows[2][slice].weights.empty())
    {
      return;
    }
    std::vector<double> plane(planeSize);
    std::vector<double> line(view.size[0]);
    WeightedSums(rows[2][slice], ordered.data(), view.first[2], planeSize, planeSize, plane.data());
    IndexType start = where.GetIndex();
    start[2] += static_cast<IndexValueType>(slice);
    for (SizeValueType y = 0; y < where.GetSize(1); ++y, ++start[1])
    {
      if (rows[1][y].weights.empty())
      {
        continue;
      }
      WeightedSums(rows[1][y], plane.data(), view.first[1], view.size[0], view.size[0], line.data());
      float * voxels = high.voxels.data() + high.Offset(start);
      for (SizeValueType x = 0; x < where.GetSize(0); ++x)
      {
        if (!rows[0][x].weights.empty())
        {
          const double correction = factor * WeightedSum(rows[0][x], line.data(), view.first[0]);
          voxels[x] = static_cast<float>(static_cast<double>(voxels[x]) + correction);
        }
      }
    }
  });
}
} // end namespace itk
