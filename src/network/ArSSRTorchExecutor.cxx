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
#include "network/ArSSRTorchExecutor.h"

#include <ATen/ATen.h>

namespace itk::arssr
{
namespace
{
// Rows of the MLP at a time: enough to fill a GPU, or few enough to stay in the caches of some CPU cores.
constexpr SizeValueType VoxelsPerBatchOnGPU = SizeValueType{ 1 } << 16;
constexpr SizeValueType VoxelsPerBatchOnCPU = SizeValueType{ 1 } << 12;

SizeValueType
GetVoxelsPerBatchOn(const at::Device & device)
{
  return device.is_cuda() ? VoxelsPerBatchOnGPU : VoxelsPerBatchOnCPU;
}
} // namespace

TorchExecutor::TorchExecutor(const Network & network, const at::Device & device, Precision precision)
  : m_Device(device)
  , m_Precision(precision)
  , m_Network(network.CopyTo(device, GetScalarType(precision)))
{}

TorchExecutor::~TorchExecutor() = default;

FeatureTile
TorchExecutor::Encode(const EncodeJob & job) const
{
  // For each call and not for the executor's life: the setting is the process's, and others' work is not to be changed.
  const PrecisionScope scope(m_Device, m_Precision);
  FeatureTile          tile;
  // Kept in float32 for the skip, which is added in single precision; only the encoder's input is rounded.
  tile.lowResolution = job.lowResolution.to(m_Device);
  tile.lowResolutionOrigin = job.origin;
  tile.imageSize = job.imageSize;
  at::Tensor features = m_Network->Encode(tile.lowResolution.to(GetScalarType(m_Precision)));
  for (int axis = 0; axis < 3; ++axis)
  {
    // The halo, where features depend on zeros instead of the neighbouring tile's voxels, is cut off.
    features = features.narrow(axis, job.featureBox.begin[axis], job.featureBox.end[axis] - job.featureBox.begin[axis]);
    tile.origin[axis] = job.origin[axis] + job.featureBox.begin[axis];
  }
  // A view would keep the memory of the whole alive, for which the planner's budget has no room. Planes in a row are
  // contiguous as they are, so that contiguous() alone would return such a view.
  const bool isAll = features.storage().nbytes() == features.nbytes();
  tile.features = isAll ? features.contiguous() : features.clone(at::MemoryFormat::Contiguous);
  // torch's convolutions report nothing in between.
  job.report(1.0);
  return tile;
}

void
TorchExecutor::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  const PrecisionScope scope(m_Device, m_Precision);
  const GridLengths    voxelSize = ToGridLengths(job.indexMap.GetVoxelSize());
  // Spans of many rows become one batch, so that the MLP's matrix products are large whatever the spans' lengths.
  std::vector<double> coordinates; // [K, axis], (z, y, x)
  for (const OutputSpan & span : job.spans)
  {
    auto index = span.start;
    for (SizeValueType n = 0; n < span.count; ++n, ++index[0])
    {
      const GridLengths sample = ToGridLengths(job.indexMap.Evaluate(index));
      coordinates.insert(coordinates.end(), sample.begin(), sample.end());
    }
  }
  const auto       count = static_cast<std::int64_t>(coordinates.size() / 3);
  const at::Tensor samples = at::from_blob(coordinates.data(), { count, 3 }, at::kDouble);
  // from_blob() does not copy: `coordinates` outlives the samples. The copy to the CPU waits for the device.
  const at::Tensor decoded = m_Network->Decode(tile, samples, voxelSize).to(at::kCPU, at::kFloat).contiguous();
  const float *    values = decoded.const_data_ptr<float>();
  for (const OutputSpan & span : job.spans)
  {
    job.writeOutput(span.start, values, span.count);
    values += span.count;
  }
}

TileCosts
TorchExecutor::GetCosts() const
{
  const auto width = static_cast<SizeValueType>(at::elementSize(GetScalarType(m_Precision)));
  // The network counts in float32; weights, activations and features are of the scalar type's width.
  const auto narrow = [&](std::int64_t bytes) {
    return static_cast<SizeValueType>(bytes) / sizeof(float) * width;
  };
  TileCosts costs;
  costs.haloRadius = static_cast<SizeValueType>(m_Network->GetEncoder().GetRadius());
  costs.encodeBytesPerVoxel = narrow(m_Network->GetEncodeBytesPerVoxel());
  costs.featureBytesPerVoxel = static_cast<SizeValueType>(m_Network->GetArchitecture().featureDimension) * width;
  costs.inputBytesPerVoxel *= m_Device.is_cpu() ? 1 : 2; // on a GPU, main memory keeps the voxels as well
  costs.voxelsPerBatch = GetVoxelsPerBatchOn(m_Device);
  // Whatever the size of tiles: a batch of the MLP, and the weights.
  costs.fixedBytes = GetVoxelsPerBatchOn(m_Device) * static_cast<SizeValueType>(m_Network->GetDecodeBytesPerSample()) +
                     static_cast<SizeValueType>(m_Network->GetNumberOfParameters()) * width;
  return costs;
}

std::string
TorchExecutor::GetDescription() const
{
  return "torch (" + m_Device.str() + ')';
}
} // namespace itk::arssr
