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
#include "network/ArSSRBatchSampling.h"

#include "network/ArSSRFeatureGradient.h"
#include "network/ArSSRInterpolationSkip.h"
#include "network/ArSSRSampling.h"
#include "network/ArSSRSkipTaps.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <array>
#include <vector>

namespace itk::arssr
{
namespace
{
using Coordinates = ArSSRModelEnums::Coordinates;
using Padding = ArSSRModelEnums::Padding;

// torch's numbers for the arguments of grid_sampler_3d().
constexpr std::int64_t Trilinear = 0;
constexpr std::int64_t ZeroPadding = 0;
constexpr std::int64_t BorderPadding = 1;

/** Padding and coordinates are the network's; the HR voxel size is each image's own. */
std::vector<SamplingOptions>
GetOptions(const SampleBatch & batch)
{
  std::vector<SamplingOptions> options;
  for (std::int64_t n = 0; n < batch.samples.size(0); ++n)
  {
    const auto size = batch.voxelSizes.accessor<double, 2>()[n];
    options.push_back({ batch.padding, batch.coordinates, { { size[0], size[1], size[2] } } });
  }
  return options;
}

/** [N, K, (z, y, x)] float64 in [-1, 1] from the image's first face to its last. */
at::Tensor
GetImageCoordinates(const at::Tensor & samples, const GridIndex & imageSize)
{
  std::vector<at::Tensor> axes;
  axes.reserve(3);
  for (int axis = 0; axis < 3; ++axis)
  {
    axes.push_back((2.0 * samples.select(2, axis) + 1.0) / static_cast<double>(imageSize[axis]) - 1.0);
  }
  return at::stack(axes, 2);
}

/** One image after the other, in operations whose gradients torch sums in a fixed order where it is told to be
 * deterministic: the backward pass of torch's grid sampler on CUDA adds atomically and has no such order. */
at::Tensor
SampleOneByOne(const at::Tensor & features, const SampleBatch & batch)
{
  const auto              options = GetOptions(batch);
  std::vector<at::Tensor> rows;
  for (std::int64_t n = 0; n < features.size(0); ++n)
  {
    FeatureTile tile;
    tile.features = features[n].permute({ 1, 2, 3, 0 });
    tile.imageSize = { features.size(2), features.size(3), features.size(4) };
    rows.push_back(SampleFeaturesReference(tile, batch.samples[n], options[static_cast<std::size_t>(n)]));
  }
  return at::cat(rows);
}
} // namespace


at::Tensor
SampleFeatureBatch(const at::Tensor & features, const SampleBatch & batch)
{
  if (!features.is_cpu())
  {
    return at::globalContext().deterministicAlgorithms() ? SampleOneByOne(features, batch)
                                                         : SampleFeatureBatchOnDevice(features, batch);
  }
  // [N, z, y, x, channel]: a view where the features are channels last, as in training, and a copy otherwise.
  FeatureLayout layout;
  layout.imageSize = { features.size(2), features.size(3), features.size(4) };
  return SampleRowsWithGradient(
    features.permute({ 0, 2, 3, 4, 1 }).contiguous(), batch.samples.contiguous(), layout, GetOptions(batch));
}


at::Tensor
SampleFeatureBatchOnDevice(const at::Tensor & features, const SampleBatch & batch)
{
  const std::int64_t images = batch.samples.size(0);
  const std::int64_t count = batch.samples.size(1);
  const at::Tensor   inImage =
    GetImageCoordinates(batch.samples, { features.size(2), features.size(3), features.size(4) });
  // align_corners=False: -1 and 1 are the outer faces of the image. The sampler takes a grid [N, D, H, W, 3] as wide as
  // the features; the K samples are its axis D.
  const at::Tensor grid = inImage.flip(2).to(at::kFloat).view({ images, count, 1, 1, 3 }); // (x, y, z)
  const auto       padding = batch.padding == Padding::Zeros ? ZeroPadding : BorderPadding;
  const at::Tensor sampled = at::grid_sampler_3d(features, grid, Trilinear, padding, false); // [N, channel, K, 1, 1]

  std::vector<at::Tensor> columns{ sampled.flatten(2).transpose(1, 2) };
  if (batch.coordinates == Coordinates::Image)
  {
    columns.push_back(inImage.to(at::kFloat));
  }
  else
  {
    const at::Tensor & points = batch.samples;
    // In double precision as on the CPU: near a jump, rounding first could choose the other voxel.
    columns.push_back((2.0 * (points - (points + (0.5 + HalfwayTolerance)).floor())).to(at::kFloat));
    columns.push_back(batch.voxelSizes.to(features.device(), at::kFloat).unsqueeze(1).expand({ images, count, 3 }));
  }
  return at::cat(columns, 2).flatten(0, 1);
}


at::Tensor
InterpolateIntensityBatch(const at::Tensor & lowResolution, const at::Tensor & samples, ArSSRModelEnums::Skip skip)
{
  if (!lowResolution.is_cpu())
  {
    return InterpolateIntensityBatchOnDevice(lowResolution, samples, skip);
  }
  std::vector<at::Tensor> values;
  for (std::int64_t n = 0; n < lowResolution.size(0); ++n)
  {
    FeatureTile tile;
    tile.imageSize = { lowResolution.size(1), lowResolution.size(2), lowResolution.size(3) };
    tile.lowResolution = lowResolution[n];
    values.push_back(InterpolateIntensities(tile, samples[n], skip));
  }
  return at::stack(values);
}


// A few large operations rather than a loop over images and taps, which would start hundreds of small ones on a GPU.
at::Tensor
InterpolateIntensityBatchOnDevice(const at::Tensor &    lowResolution,
                                  const at::Tensor &    samples,
                                  ArSSRModelEnums::Skip skip)
{
  const int          taps = GetNumberOfSkipTaps(skip);
  const std::int64_t images = samples.size(0);
  const std::int64_t count = samples.size(1);
  const at::Tensor   base = samples.floor();
  const at::Tensor   fraction = (samples - base).to(at::kFloat);

  std::array<at::Tensor, MaximumSkipTaps> weightOfTap; // [N, K, 3] each
  GetSkipWeights(skip, fraction, weightOfTap.data());
  const at::Tensor weights =
    at::stack(at::TensorList(weightOfTap.data(), static_cast<std::size_t>(taps)), 2); // [N, K, tap, 3]

  // [N, K, tap] along each axis; taps beyond the image read its border.
  const at::Tensor        steps = at::arange(taps, samples.options().dtype(at::kLong)) - (taps / 2 - 1);
  std::vector<at::Tensor> voxels;
  for (int axis = 0; axis < 3; ++axis)
  {
    const at::Tensor first = base.select(2, axis).to(at::kLong).unsqueeze(2);
    voxels.push_back((first + steps).clamp(0, lowResolution.size(axis + 1) - 1));
  }
  // Row-major numbers of all taps³ voxels of a sample, [N, K, z, y, x], to gather them in one operation: for the cubic,
  // 64 numbers and 64 intensities a sample are alive at once.
  const at::Tensor planes = voxels[0].unsqueeze(3) * lowResolution.size(2) + voxels[1].unsqueeze(2);
  const at::Tensor flat = planes.unsqueeze(4) * lowResolution.size(3) + voxels[2].unsqueeze(2).unsqueeze(2);
  at::Tensor       sum = lowResolution.flatten(1).gather(1, flat.flatten(1)).view({ images, count, taps, taps, taps });
  // From the last axis to the first: x, y, z, as InterpolateAt() does on the CPU.
  for (const std::int64_t axis : { 2, 1, 0 })
  {
    // [N, K, 1 …, tap]: the weights of one axis along the last axis of the sum, which that removes.
    auto shape = std::vector<std::int64_t>{ images, count };
    shape.resize(static_cast<std::size_t>(axis) + 2, 1);
    shape.push_back(taps);
    sum = (sum * weights.select(3, axis).reshape(shape)).sum(-1);
  }
  return sum;
}
} // namespace itk::arssr
