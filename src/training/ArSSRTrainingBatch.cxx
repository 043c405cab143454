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
#include "training/ArSSRTrainingBatch.h"

#include <ATen/ATen.h>

namespace itk::arssr
{
namespace
{
// Rounds the corner of |error| below its root, a thousandth of the intensity range.
constexpr double CharbonnierEpsilon = 1e-6;

// Mean squared error, as a share of the squared intensity range, below which a sample counts ever less: 40 dB.
constexpr double SmallSquaredError = 1e-4;

template <typename T, typename TGet>
at::Tensor
Stack(const std::vector<TrainingSample> & samples, at::ScalarType type, at::IntArrayRef shape, const TGet & get)
{
  std::vector<std::int64_t> stacked = shape.vec();
  stacked.insert(stacked.begin(), static_cast<std::int64_t>(samples.size()));
  // Written in place on the CPU: one copy of the samples, then one transfer of the batch.
  at::Tensor result = at::empty(stacked, type);
  T *        out = result.mutable_data_ptr<T>();
  for (const TrainingSample & sample : samples)
  {
    const auto & part = get(sample);
    out = std::copy(part.begin(), part.end(), out);
  }
  return result;
}
} // namespace

TrainingBatch
StackSamples(const std::vector<TrainingSample> & samples, const at::Device & device)
{
  // All samples have the shape of the first one, by the recipe.
  const std::int64_t n = samples.front().patchSize;
  const auto         points = static_cast<std::int64_t>(samples.front().values.size());
  TrainingBatch      batch;
  batch.lowResolution = Stack<float>(
    samples, at::kFloat, { n, n, n }, [](const TrainingSample & s) -> auto & { return s.lowResolution; });
  batch.points = Stack<double>(
    samples, at::kDouble, { points, 3 }, [](const TrainingSample & s) -> auto & { return s.points; });
  batch.values = Stack<float>(
    samples, at::kFloat, { points }, [](const TrainingSample & s) -> auto & { return s.values; });
  batch.voxelSizes = Stack<double>(
    samples, at::kDouble, { 3 }, [](const TrainingSample & s) -> auto & { return s.voxelSize; });
  // Voxel sizes stay on the CPU, as Network::Predict() expects them there.
  batch.lowResolution = batch.lowResolution.to(device);
  batch.points = batch.points.to(device);
  batch.values = batch.values.to(device);
  return batch;
}

at::Tensor
ComputeLoss(const std::string & name, const at::Tensor & predicted, const at::Tensor & values)
{
  const at::Tensor error = predicted - values;
  if (name == "l2")
  {
    return error.square().mean();
  }
  if (name == "charbonnier")
  {
    return (error.square() + CharbonnierEpsilon).sqrt().mean();
  }
  if (name == "psnr")
  {
    // The mean of log(MSE) over samples is the mean PSNR but for its sign and a factor: a gradient is relative to its
    // sample's error, so that patches with much detail do not outweigh the others.
    return (error.square().flatten(1).mean(1) + SmallSquaredError).log().mean();
  }
  // `l1`; the recipe refuses any other name.
  return error.abs().mean();
}
} // namespace itk::arssr
