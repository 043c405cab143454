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
#include "ArSSRRunner.h"

#include "ArSSRDevice.h"

#include "itkIndexRange.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <thread>

namespace itk::arssr
{
namespace
{
using SizeType = ArSSREngine::SizeType;
using IndexType = ArSSREngine::IndexType;
using RegionType = ArSSREngine::RegionType;

// One slice thick, so that streaming along z decodes nothing twice. On the CPU the MLP's activations stay in the second
// level cache of one core; a GPU wants enough rows to fill it.
constexpr SizeType BlockSizeOnCPU{ { 64, 16, 1 } };
constexpr SizeType BlockSizeOnGPU{ { 256, 256, 1 } };

// Blocks that each CPU thread decodes between two progress reports.
constexpr std::size_t BlocksPerThread = 8;

GridIndex
ToGridIndex(const SizeType & size)
{
  return { static_cast<std::int64_t>(size[2]), static_cast<std::int64_t>(size[1]), static_cast<std::int64_t>(size[0]) };
}

GridIndex
ToGridIndex(const IndexType & index)
{
  return { index[2], index[1], index[0] };
}

SizeType
BlockSizeOn(const at::Device & device)
{
  return device.is_cuda() ? BlockSizeOnGPU : BlockSizeOnCPU;
}

/** Runs function(0 … count-1) on torch's threads; inside it torch's operations use one thread each. */
void
ForEachInParallel(std::size_t count, const std::function<void(std::size_t)> & function)
{
  if (count == 1)
  {
    // parallel_for would run it on this thread alone, where matrix products then spread over several and may sum in
    // another order.
    const ThreadCountScope oneThread(1);
    function(0);
    return;
  }
  at::parallel_for(0, static_cast<std::int64_t>(count), 1, [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode inferenceMode;
    for (std::int64_t i = begin; i < end; ++i)
    {
      function(static_cast<std::size_t>(i));
    }
  });
}
} // namespace


/** Turns work done, in multiply-accumulates, into fractions of a job. */
class WorkMeter
{
public:
  WorkMeter(double total, const std::function<void(float)> & report)
    : m_Total(std::max(total, 1.0))
    , m_Report(report)
  {}

  void
  Add(double work)
  {
    m_Done += work;
    if (m_Report)
    {
      m_Report(static_cast<float>(std::min(m_Done / m_Total, 1.0)));
    }
  }

private:
  double                             m_Total;
  double                             m_Done{ 0.0 };
  const std::function<void(float)> & m_Report;
};


TileCosts
Runner::GetCosts(const Network & network) const
{
  const SizeType blockSize = BlockSizeOn(m_Device);
  // The machine's threads, not those in use: the lattice, and with it the last bit of a value, should not depend on
  // them.
  const auto threads = m_Device.is_cpu() ? std::max(std::thread::hardware_concurrency(), 1U) : 1U;
  const auto samples = static_cast<std::int64_t>(blockSize[0] * blockSize[1] * blockSize[2] * threads);
  TileCosts  costs;
  costs.haloRadius = static_cast<SizeValueType>(network.GetEncoder().GetRadius());
  costs.encodeBytesPerVoxel = static_cast<SizeValueType>(network.GetEncodeBytesPerVoxel());
  costs.featureBytesPerVoxel = static_cast<SizeValueType>(network.GetArchitecture().featureDimension) * sizeof(float);
  costs.fixedBytes = static_cast<SizeValueType>(samples * network.GetDecodeBytesPerSample()) +
                     static_cast<SizeValueType>(network.GetNumberOfParameters()) * sizeof(float);
  return costs;
}


std::vector<Runner::TileWork>
Runner::CollectWork(const Job & job, const BlockLattice & blocks)
{
  const SizeType &                    tiles = job.lattice.GetNumberOfTiles();
  std::vector<std::vector<IndexType>> blocksOfTile(tiles[0] * tiles[1] * tiles[2]);
  const auto                          number = [&tiles](const IndexType & tile) {
    return static_cast<std::size_t>(tile[0]) +
           tiles[0] * (static_cast<std::size_t>(tile[1]) + tiles[1] * static_cast<std::size_t>(tile[2]));
  };
  for (const IndexType & block : ImageRegionIndexRange<3>(blocks.GetBlocksWithin(job.outputRegion)))
  {
    ArSSRIndexMap::ContinuousIndexType lower;
    ArSSRIndexMap::ContinuousIndexType upper;
    job.indexMap.GetBounds(blocks.GetRegion(block), lower, upper);
    for (const IndexType & tile : ImageRegionIndexRange<3>(job.lattice.GetTilesWithin(lower, upper)))
    {
      blocksOfTile[number(tile)].push_back(block);
    }
  }
  std::vector<TileWork> work;
  for (const IndexType & tile : ImageRegionIndexRange<3>(RegionType(tiles)))
  {
    if (auto & its = blocksOfTile[number(tile)]; !its.empty())
    {
      work.push_back({ tile, std::move(its) });
    }
  }
  return work;
}


void
Runner::UpdateCopy(const std::shared_ptr<const Network> & network)
{
  if (m_Source != network || m_DeviceOfCopy != m_Device)
  {
    m_Cache.Clear();
    m_Copy.reset();
    m_Copy = network->CopyTo(m_Device);
    m_Source = network;
    m_DeviceOfCopy = m_Device;
  }
}


void
Runner::Run(const Job & job, const std::shared_ptr<const Network> & network, double budget)
{
  this->UpdateCopy(network);
  // The features of the tile at work are in the peak already, and are always held.
  const double peak = this->GetCosts(*m_Copy).GetPeakBytes(job.lattice);
  const auto   featureCapacity = static_cast<SizeValueType>(std::max(budget - peak, 0.0));

  const BlockLattice          blocks(job.outputLargestRegion, BlockSizeOn(m_Device));
  const std::vector<TileWork> work = CollectWork(job, blocks);

  const auto encodeWork = [&](const IndexType & tile) {
    return static_cast<double>(job.lattice.GetInputRegion(tile).GetNumberOfPixels()) *
           static_cast<double>(m_Copy->GetEncoder().GetCost());
  };
  double total =
    static_cast<double>(job.outputRegion.GetNumberOfPixels()) * static_cast<double>(m_Copy->GetDecoder().GetCost());
  for (const TileWork & item : work)
  {
    total += encodeWork(item.tile);
  }
  WorkMeter meter(total, job.reportProgress);
  for (const TileWork & item : work)
  {
    const FeatureTile & features = this->GetFeatures(job, item.tile, featureCapacity);
    meter.Add(encodeWork(item.tile));
    this->Decode(job, features, item, blocks, meter);
  }
}


const FeatureTile &
Runner::GetFeatures(const Job & job, const IndexType & tile, SizeValueType capacity)
{
  FeatureCache::Key key;
  key.featureRegion = job.lattice.GetFeatureRegion(tile);
  key.inputRegion = job.lattice.GetInputRegion(tile);
  key.imageSize = ToGridIndex(job.lattice.GetImageSize());
  const GridIndex inputSize = ToGridIndex(key.inputRegion.GetSize());
  key.input = at::empty({ inputSize[0], inputSize[1], inputSize[2] }, at::kFloat);
  job.readInput(key.inputRegion, key.input.mutable_data_ptr<float>());

  if (const FeatureTile * found = m_Cache.Find(key))
  {
    return *found;
  }
  const auto featureVoxels = static_cast<SizeValueType>(key.featureRegion.GetNumberOfPixels());
  const auto channels = static_cast<SizeValueType>(m_Copy->GetArchitecture().featureDimension);
  m_Cache.MakeRoom(static_cast<SizeValueType>(key.input.nbytes()) + featureVoxels * channels * sizeof(float), capacity);

  const at::Tensor lowResolution = key.input.to(m_Device);
  at::Tensor       features = m_Copy->Encode(lowResolution);
  const GridIndex  origin = ToGridIndex(key.featureRegion.GetIndex());
  const GridIndex  inputOrigin = ToGridIndex(key.inputRegion.GetIndex());
  const GridIndex  size = ToGridIndex(key.featureRegion.GetSize());
  for (int axis = 0; axis < 3; ++axis)
  {
    features = features.narrow(axis, origin[axis] - inputOrigin[axis], size[axis]);
  }
  ++m_NumberOfEncodedTiles;
  FeatureTile result{ features.contiguous(), origin, key.imageSize, lowResolution, inputOrigin };
  return m_Cache.Insert(std::move(key), std::move(result));
}


void
Runner::Decode(const Job &          job,
               const FeatureTile &  features,
               const TileWork &     work,
               const BlockLattice & blocks,
               WorkMeter &          meter) const
{
  const auto        threads = static_cast<std::size_t>(at::get_num_threads());
  const std::size_t batch = m_Device.is_cpu() ? threads * BlocksPerThread : 1;
  for (std::size_t first = 0; first < work.blocks.size(); first += batch)
  {
    const std::size_t count = std::min(batch, work.blocks.size() - first);
    SizeValueType     voxels = 0;
    for (std::size_t i = first; i < first + count; ++i)
    {
      RegionType region = blocks.GetRegion(work.blocks[i]);
      region.Crop(job.outputRegion);
      voxels += region.GetNumberOfPixels();
    }
    const auto decode = [&](std::size_t i) {
      this->DecodeBlock(job, features, work.tile, blocks.GetRegion(work.blocks[first + i]));
    };
    if (m_Device.is_cpu())
    {
      ForEachInParallel(count, decode);
    }
    else
    {
      decode(0);
    }
    meter.Add(static_cast<double>(voxels) * static_cast<double>(m_Copy->GetDecoder().GetCost()));
  }
}


void
Runner::DecodeBlock(const Job &         job,
                    const FeatureTile & features,
                    const IndexType &   tile,
                    const RegionType &  blockRegion) const
{
  BlockSamples samples = BlockLattice::GetSamples(blockRegion, job.indexMap, job.lattice, tile);
  const auto   count = static_cast<std::int64_t>(samples.indices.size());
  if (std::none_of(samples.indices.begin(), samples.indices.end(), [&job](const IndexType & index) {
        return job.outputRegion.IsInside(index);
      }))
  {
    return;
  }
  const auto        size = job.indexMap.GetVoxelSize(); // x first
  const GridLengths voxelSize{ size[2], size[1], size[0] };
  const at::Tensor  points = at::from_blob(samples.coordinates.data(), { count, 3 }, at::kDouble);
  const at::Tensor  decoded = m_Copy->Decode(features, points, voxelSize).to(at::kCPU).contiguous();
  const float *     values = decoded.const_data_ptr<float>();

  if (job.outputRegion.IsInside(blockRegion))
  {
    job.writeOutput(samples.indices.data(), values, samples.indices.size());
    return;
  }
  std::vector<IndexType> indices;
  std::vector<float>     requested;
  for (std::size_t i = 0; i < samples.indices.size(); ++i)
  {
    if (job.outputRegion.IsInside(samples.indices[i]))
    {
      indices.push_back(samples.indices[i]);
      requested.push_back(values[i]);
    }
  }
  job.writeOutput(indices.data(), requested.data(), indices.size());
}
} // namespace itk::arssr
