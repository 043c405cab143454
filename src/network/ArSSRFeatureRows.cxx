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
#include "network/ArSSRFeatureRows.h"

#include "platform/ArSSRCpuParallel.h"

#include <algorithm>
#include <array>

namespace itk::arssr
{
namespace
{
// Enough rows to outweigh the start of a thread.
constexpr std::int64_t RowsAtOnce = 1024;

// Gradients are divided among threads by channels and not by samples, since neighbouring samples add to the same
// voxels. So no two threads write to one place, and the order of a sum does not depend on timing, as it would with
// atomics. 16 floats fill a cache line of 64 bytes; narrower blocks would have threads share lines.
constexpr std::int64_t ChannelsAtOnce = 16;

/** One of the eight voxels around a sample. */
struct Corner
{
  std::int64_t voxel;  // row-major; meaningless where the weight is zero
  float        weight; // trilinear
};

/** The voxels that a sample reads, in the order of its sum. */
std::array<Corner, 8>
FindCorners(const FeatureLayout & layout, const double * sample, ArSSRModelEnums::Padding padding)
{
  std::array<AxisSample, 3> axes;
  for (int axis = 0; axis < 3; ++axis)
  {
    axes[axis] = GetAxisSample(sample[axis], padding, layout.imageSize[axis], layout.origin[axis]);
  }
  std::array<Corner, 8> corners;
  for (int corner = 0; corner < 8; ++corner)
  {
    float        weight = 1.0F;
    std::int64_t voxel = 0;
    for (int axis = 0; axis < 3; ++axis)
    {
      // Bit 2 of the corner is z, bit 0 is x: voxels come in the order of memory, and in the order of the reference's
      // sum.
      const int high = (corner >> (2 - axis)) & 1;
      weight *= axes[axis].weight[high];
      voxel = voxel * layout.extent[axis] + axes[axis].voxel[high];
    }
    corners[corner] = { voxel, weight };
  }
  return corners;
}

/** The inner loop of both directions: over channels, which lie side by side, so that compilers vectorise it. */
void
AddWeighted(float * __restrict sum, const float * __restrict values, float weight, std::int64_t count)
{
  for (std::int64_t n = 0; n < count; ++n)
  {
    sum[n] += weight * values[n];
  }
}

void
WriteCoordinates(const double * sample, const GridIndex & imageSize, const SamplingOptions & options, float * row)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    row[axis] = GetAxisCoordinate(sample[axis], options.coordinates, imageSize[axis]);
    if (options.coordinates == ArSSRModelEnums::Coordinates::Local)
    {
      row[3 + axis] = static_cast<float>(options.voxelSize[axis]);
    }
  }
}
} // namespace

std::int64_t
GetRowSize(std::int64_t channels, const SamplingOptions & options)
{
  return channels + (options.coordinates == ArSSRModelEnums::Coordinates::Local ? 6 : 3);
}

void
GatherFeatureRows(const FeatureLayout & layout, const float * features, const FeatureSamples & samples, float * rows)
{
  const std::int64_t rowSize = GetRowSize(layout.channels, samples.options.front());
  const std::int64_t imageStride = layout.GetImageStride();
  ForEachRangeInParallel(TorchsThreads, samples.GetCount(), RowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k)
    {
      // A row depends on its sample alone: how rows are divided among threads changes no bit.
      const std::int64_t      image = k / samples.perImage;
      const SamplingOptions & options = samples.options[static_cast<std::size_t>(image)];
      const float *           voxels = features + image * imageStride;
      const double *          sample = samples.first + 3 * k;
      float *                 row = rows + rowSize * k;
      std::fill_n(row, layout.channels, 0.0F);
      for (const Corner & corner : FindCorners(layout, sample, options.padding))
      {
        // Not for speed alone: a corner without weight may lie outside the tile, and is not to be read.
        if (corner.weight != 0.0F)
        {
          AddWeighted(row, voxels + corner.voxel * layout.voxelStride, corner.weight, layout.channels);
        }
      }
      WriteCoordinates(sample, layout.imageSize, options, row + layout.channels);
    }
  });
}

void
ScatterFeatureRows(const FeatureLayout &  layout,
                   const FeatureSamples & samples,
                   const float *          rowGradients,
                   float *                featureGradients)
{
  const std::int64_t rowSize = GetRowSize(layout.channels, samples.options.front());
  const std::int64_t imageStride = layout.GetImageStride();
  const std::int64_t blocks = (layout.channels + ChannelsAtOnce - 1) / ChannelsAtOnce;
  const auto         images = static_cast<std::int64_t>(samples.options.size());
  // A unit of work is a block of channels of an image. Its thread goes through all samples of the image in order, which
  // is the order of every sum whatever the number of threads; the price is that each block finds the corners again.
  ForEachRangeInParallel(TorchsThreads, images * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end)
    {
      // All blocks of an image that are in the range, at once: on a single thread the range is everything, and a
      // sample's corners are found once for all channels rather than once for each block.
      const std::int64_t image = begin / blocks;
      const std::int64_t last = std::min(end, (image + 1) * blocks);
      const std::int64_t firstChannel = (begin - image * blocks) * ChannelsAtOnce;
      const std::int64_t channels = std::min((last - begin) * ChannelsAtOnce, layout.channels - firstChannel);
      float *            sums = featureGradients + image * imageStride + firstChannel;
      for (std::int64_t k = image * samples.perImage; k < (image + 1) * samples.perImage; ++k)
      {
        // rowSize steps over the coordinates, whose gradients go nowhere.
        const float * row = rowGradients + rowSize * k + firstChannel;
        for (const Corner & corner : FindCorners(layout, samples.first + 3 * k, samples.options.front().padding))
        {
          if (corner.weight != 0.0F)
          {
            AddWeighted(sums + corner.voxel * layout.voxelStride, row, corner.weight, channels);
          }
        }
      }
      begin = last;
    }
  });
}
} // namespace itk::arssr
