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

#include "ArSSRBoundedOutput.h"
#include "ArSSROutOfMemory.h"

#include "itkIndexRange.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

namespace itk::arssr
{
namespace
{
GridIndex
ToGridIndex(const ArSSREngine::SizeType & size)
{
  return { static_cast<std::int64_t>(size[2]), static_cast<std::int64_t>(size[1]), static_cast<std::int64_t>(size[0]) };
}

GridIndex
ToGridIndex(const ArSSREngine::IndexType & index)
{
  return { index[2], index[1], index[0] };
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
    this->Report(0.0);
  }

  /** \param work that is under way and will be added. */
  void
  Report(double work) const
  {
    if (m_Report)
    {
      m_Report(static_cast<float>(std::min((m_Done + work) / m_Total, 1.0)));
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
  return Executor::GetCosts(network, m_Device, this->GetResolvedPrecision());
}


std::unique_ptr<Executor>
Runner::MakeExecutor(const Network & network, GiveUpFunction giveUp) const
{
  return Executor::New(network, m_Device, this->GetResolvedPrecision(), std::move(giveUp));
}


void
Runner::UpdateExecutor(const std::shared_ptr<const Network> & network)
{
  const Precision precision = this->GetResolvedPrecision();
  if (m_Executor && m_Network == network && m_DeviceOfExecutor == m_Device && m_PrecisionOfExecutor == precision)
  {
    return;
  }
  m_Cache.Clear();
  m_Executor.reset();
  m_Executor = this->MakeExecutor(*network, [this](const FeatureTile * inUse) { return m_Cache.ClearBut(inUse); });
  m_Network = network;
  m_DeviceOfExecutor = m_Device;
  m_PrecisionOfExecutor = precision;
}


SizeValueType
Runner::Run(const Job & job, const std::shared_ptr<const Network> & network, double budget)
{
  this->UpdateExecutor(network);
  // The features of the tile at work are in the peak already, and are always held.
  const double peak = this->GetCosts(*network).GetPeakBytes(job.lattice);
  const auto   featureCapacity = static_cast<SizeValueType>(std::max(budget - peak, 0.0));

  if (job.outputRegion.GetNumberOfPixels() == 0)
  {
    return 0;
  }
  ArSSRIndexMap::ContinuousIndexType lower;
  ArSSRIndexMap::ContinuousIndexType upper;
  job.indexMap.GetBounds(job.outputRegion, lower, upper);
  const ImageRegionIndexRange<3> tiles(job.lattice.GetTilesWithin(lower, upper));

  double total =
    static_cast<double>(job.outputRegion.GetNumberOfPixels()) * static_cast<double>(network->GetDecoder().GetCost());
  for (const IndexType & tile : tiles)
  {
    total += static_cast<double>(job.lattice.GetInputRegion(tile).GetNumberOfPixels()) *
             static_cast<double>(network->GetEncoder().GetCost());
  }
  WorkMeter     meter(total, job.reportProgress);
  SizeValueType boundedVoxels = 0;
  for (const IndexType & tile : tiles)
  {
    boundedVoxels += this->RunTile(job, tile, featureCapacity, meter);
  }
  return boundedVoxels;
}


SizeValueType
Runner::RunTile(const Job & job, const IndexType & tile, SizeValueType featureCapacity, WorkMeter & meter)
{
  const SizeValueType voxelsPerBatch = m_Executor->GetVoxelsPerBatch();
  const auto          decodeCost = static_cast<double>(m_Network->GetDecoder().GetCost());
  OutputSpans         outputSpans(job.indexMap, job.lattice, job.outputRegion, tile);
  auto                spans = outputSpans.GetNext(voxelsPerBatch);
  if (spans.empty())
  {
    return 0;
  }
  at::Tensor                   input = this->ReadInput(job, tile);
  const FeatureTile &          features = this->GetFeatures(job, tile, input, featureCapacity, meter);
  std::optional<BoundedOutput> bounded;
  ArSSREngine::WriteFunction   write = job.writeOutput;
  if (job.boundToNeighborhood)
  {
    bounded.emplace(job, tile, input.const_data_ptr<float>());
    write = [&bounded](const IndexType & first, const float * values, SizeValueType count) {
      bounded->Write(first, values, count);
    };
  }
  input.reset();
  for (; !spans.empty(); spans = outputSpans.GetNext(voxelsPerBatch))
  {
    m_Executor->Decode(features, { job.indexMap, spans, write });
    meter.Add(static_cast<double>(CountVoxels(spans)) * decodeCost);
  }
  return bounded ? bounded->GetNumberOfBoundedVoxels() : 0;
}


at::Tensor
Runner::ReadInput(const Job & job, const IndexType & tile)
{
  const auto      region = job.lattice.GetInputRegion(tile);
  const GridIndex size = ToGridIndex(region.GetSize());
  at::Tensor      input;
  const auto      allocate = [&] {
    input = at::empty({ size[0], size[1], size[2] }, at::kFloat);
  };
  if (TryToFitIntoMemory(allocate))
  {
    m_Cache.Clear();
    allocate();
  }
  job.readInput(region, input.mutable_data_ptr<float>());
  return input;
}


const FeatureTile &
Runner::GetFeatures(const Job &        job,
                    const IndexType &  tile,
                    const at::Tensor & input,
                    SizeValueType      capacity,
                    WorkMeter &        meter)
{
  FeatureCache::Key key;
  key.featureRegion = job.lattice.GetFeatureRegion(tile);
  key.inputRegion = job.lattice.GetInputRegion(tile);
  key.imageSize = ToGridIndex(job.lattice.GetImageSize());
  key.input = input;

  const double work =
    static_cast<double>(key.inputRegion.GetNumberOfPixels()) * static_cast<double>(m_Network->GetEncoder().GetCost());
  if (const FeatureTile * found = m_Cache.Find(key))
  {
    meter.Add(work);
    return *found;
  }
  const double tileBytes =
    this->GetCosts(*m_Network)
      .GetTileBytes(static_cast<double>(key.input.numel()), static_cast<double>(key.featureRegion.GetNumberOfPixels()));
  m_Cache.MakeRoom(static_cast<SizeValueType>(tileBytes), capacity);

  EncodeJob encode;
  encode.lowResolution = key.input;
  encode.origin = ToGridIndex(key.inputRegion.GetIndex());
  encode.imageSize = key.imageSize;
  const GridIndex featureOrigin = ToGridIndex(key.featureRegion.GetIndex());
  const GridIndex featureSize = ToGridIndex(key.featureRegion.GetSize());
  for (int axis = 0; axis < 3; ++axis)
  {
    encode.featureBox.begin[axis] = featureOrigin[axis] - encode.origin[axis];
    encode.featureBox.end[axis] = encode.featureBox.begin[axis] + featureSize[axis];
  }
  encode.report = [&](double fraction) {
    meter.Report(fraction * work);
  };
  FeatureTile result = m_Executor->Encode(encode);
  ++m_NumberOfEncodedTiles;
  meter.Add(work);
  return m_Cache.Insert(std::move(key), std::move(result));
}
} // namespace itk::arssr
