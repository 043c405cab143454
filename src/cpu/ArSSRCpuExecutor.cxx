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
#include "cpu/ArSSRCpuExecutor.h"

#include "platform/ArSSRCpuParallel.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <thread>

namespace itk::arssr
{
namespace
{
// Output voxels for each thread between two progress reports: eight of the decoder's units, so that the wait for the
// last thread at the end of a batch is a small part of it.
constexpr SizeValueType VoxelsPerThread = SizeValueType{ 1 } << 15;
} // namespace

CpuExecutor::CpuExecutor(const Network & network, const CpuKernels & kernels)
  : m_Kernels(kernels.name)
  , m_Radius(static_cast<SizeValueType>(network.GetEncoder().GetRadius()))
  , m_Encoder(kernels, network)
  , m_Decoder(kernels, network)
{}

FeatureTile
CpuExecutor::Encode(const EncodeJob & job) const
{
  FeatureTile tile;
  tile.features = m_Encoder.Encode(job.lowResolution, job.origin, job.featureBox, job.threads, job.report);
  for (int axis = 0; axis < 3; ++axis)
  {
    tile.origin[axis] = job.origin[axis] + job.featureBox.begin[axis];
  }
  tile.imageSize = job.imageSize;
  tile.lowResolution = job.lowResolution;
  tile.lowResolutionOrigin = job.origin;
  return tile;
}

void
CpuExecutor::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  m_Decoder.Decode(tile, job);
}

TileCosts
CpuExecutor::GetCosts() const
{
  // The machine's threads, not those in use: the lattice of tiles follows from these costs and must not depend on the
  // number of threads.
  const auto threads = static_cast<std::int64_t>(std::max(std::thread::hardware_concurrency(), 1U));
  // Encoding and decoding take turns, so one scratch is alive at a time; the weights of both stay.
  const auto scratch = std::max(m_Encoder.GetScratchBytes(), m_Decoder.GetScratchBytes());
  const auto weights = m_Encoder.GetWeightBytes() + m_Decoder.GetWeightBytes();
  TileCosts  costs;
  costs.haloRadius = m_Radius;
  costs.encodeBytesPerVoxel = static_cast<SizeValueType>(m_Encoder.GetBytesPerVoxel());
  costs.featureBytesPerVoxel = static_cast<SizeValueType>(m_Decoder.GetFeatureChannels()) * sizeof(float);
  costs.fixedBytes = static_cast<SizeValueType>(threads * scratch + weights);
  costs.voxelsPerBatch = VoxelsPerThread * static_cast<SizeValueType>(threads);
  return costs;
}

std::string
CpuExecutor::GetDescription() const
{
  return "CPU kernels (" + m_Kernels + ')';
}
} // namespace itk::arssr
