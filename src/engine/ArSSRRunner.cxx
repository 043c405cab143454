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
#include "engine/ArSSRRunner.h"

#include "engine/ArSSRBoundedOutput.h"
#include "engine/ArSSRPassAverage.h"
#include "network/ArSSRNeighborhoodBounds.h"
#include "platform/ArSSROutOfMemory.h"

#include "itkIndexRange.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

namespace itk::arssr
{
namespace
{
// Output voxels that are averaged at once. The CUDA decoder computes one chunk of 2^21 voxels while another one is
// written, so with fewer it would wait. Each takes PassAverage::BytesPerVoxel of main memory.
constexpr SizeValueType MostVoxelsAveraged = SizeValueType{ 1 } << 22;

/** A region grown by `margin` voxels on each side and cropped to the image. */
ArSSREngine::RegionType
Dilated(ArSSREngine::RegionType region, SizeValueType margin, const ArSSREngine::SizeType & imageSize)
{
  region.PadByRadius(margin);
  region.Crop(ArSSREngine::RegionType(imageSize));
  return region;
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

/** A job under way. */
struct Runner::Work
{
  const Job &   job;
  TileCosts     costs;
  SizeValueType featureCapacity; // bytes of tiles that are kept besides the one at work
  WorkMeter     meter;
};


TileCosts
Runner::GetCosts(const std::shared_ptr<const Network> & network)
{
  this->UpdateExecutor(network);
  TileCosts costs = m_Executor->GetCosts();
  // BoundedOutput needs the neighbours of a tile's voxels. Every encoder has a wider halo; this does not rely on it.
  costs.haloRadius = std::max(costs.haloRadius, NeighborhoodBounds::Radius);
  if (settings.passes > 1)
  {
    costs.passes = settings.passes;
    costs.sampleMargin = Mirror::Margin;
    costs.haloRadius += Mirror::Margin;
    // Averages lie in main memory; they count only where that is the memory which the budget is for.
    const SizeValueType voxels = settings.device.is_cpu() ? costs.voxelsPerBatch : 0;
    costs.fixedBytes += std::min(voxels, MostVoxelsAveraged) * PassAverage::BytesPerVoxel;
  }
  return costs;
}


std::unique_ptr<Executor>
Runner::MakeExecutor(const Network & network, GiveUpFunction giveUp) const
{
  return arssr::MakeExecutor(network, settings.device, settings.GetResolvedPrecision(), std::move(giveUp));
}


void
Runner::UpdateExecutor(const std::shared_ptr<const Network> & network)
{
  const Precision precision = settings.GetResolvedPrecision();
  // Pointers are compared: m_Network keeps its network alive, so another one cannot have its address.
  if (m_Executor && m_Network == network && m_DeviceOfExecutor == settings.device && m_PrecisionOfExecutor == precision)
  {
    return;
  }
  // Both go first: features of another network must never be found, and the device need not hold the weights of two.
  m_Cache.Clear();
  m_Executor.reset();
  m_Executor = this->MakeExecutor(*network, [this] { return m_Cache.ClearBut(m_TilesInUse); });
  m_Network = network;
  m_DeviceOfExecutor = settings.device;
  m_PrecisionOfExecutor = precision;
}


SizeValueType
Runner::Run(const Job & job, const std::shared_ptr<const Network> & network, double budget)
{
  const TileCosts costs = this->GetCosts(network);
  m_ExecutorDescription = m_Executor->GetDescription();
  // Features of a mirrored pass reach Mirror::Margin further, and without the halo for them they would differ near the
  // seams between tiles.
  if (settings.passes > 1 && job.lattice.GetHaloRadius() < costs.haloRadius)
  {
    itkGenericExceptionMacro("The lattice's halo is " << job.lattice.GetHaloRadius() << " LR voxels; for "
                                                      << settings.passes << " passes, at least " << costs.haloRadius
                                                      << " is needed. Call PlanTiles() after SetNumberOfPasses().");
  }
  // The features of the tile at work are in the peak already, and are always held.
  const double peak = costs.GetPeakBytes(job.lattice);
  const auto   featureCapacity = static_cast<SizeValueType>(std::max(budget - peak, 0.0));

  // An empty region has no last voxel, and so no bounds.
  if (job.outputRegion.GetNumberOfPixels() == 0)
  {
    return 0;
  }
  const ImageRegionIndexRange<3> tiles(job.lattice.GetTilesOf(job.indexMap, job.outputRegion));

  // Voxels outside the input's extent are counted though they are never decoded: progress may end below 1, but needs no
  // search beforehand.
  double total =
    static_cast<double>(job.outputRegion.GetNumberOfPixels()) * static_cast<double>(network->GetDecoder().GetCost());
  for (const IndexType & tile : tiles)
  {
    total += static_cast<double>(job.lattice.GetInputRegion(tile).GetNumberOfPixels()) *
             static_cast<double>(network->GetEncoder().GetCost());
  }
  Work          work{ job, costs, featureCapacity, WorkMeter(settings.passes * total, job.reportProgress) };
  SizeValueType boundedVoxels = 0;
  for (const IndexType & tile : tiles)
  {
    boundedVoxels += this->RunTile(work, tile);
  }
  return boundedVoxels;
}


SizeValueType
Runner::RunTile(Work & work, const IndexType & tile)
{
  const Job & job = work.job;
  // The tile before is done. Its features stay in the cache, but may be dropped from now on.
  m_TilesInUse = 0;
  const bool          isAveraged = settings.passes > 1;
  const SizeValueType batch = work.costs.voxelsPerBatch;
  const SizeValueType voxelsPerBatch = isAveraged ? std::min(batch, MostVoxelsAveraged) : batch;
  OutputSpans         outputSpans(job.indexMap, job.lattice, job.outputRegion, tile);
  auto                spans = outputSpans.GetNext(voxelsPerBatch);
  // The tiles of a job are a box, of which a rotated grid misses some: they are neither read nor encoded.
  if (spans.empty())
  {
    return 0;
  }
  at::Tensor                   input = this->ReadInput(job, tile);
  const std::vector<Pass>      passes = this->PreparePasses(work, tile, input);
  std::optional<BoundedOutput> bounded;
  WriteFunction                write = job.writeOutput;
  // Bounds apply to the mean over the passes: `write` gets the mean, DecodePasses() the values of each pass.
  if (job.boundToNeighborhood)
  {
    bounded.emplace(job, tile, input.const_data_ptr<float>());
    write = [&bounded](const IndexType & first, const float * values, SizeValueType count) {
      bounded->Write(first, values, count);
    };
  }
  // The cache has the voxels that are needed. Where features were found in it, this copy is a second one.
  input.reset();
  for (; !spans.empty(); spans = outputSpans.GetNext(voxelsPerBatch))
  {
    if (isAveraged)
    {
      this->DecodePasses(work, passes, spans, write);
      continue;
    }
    m_Executor->Decode(*passes.front().features, { job.indexMap, spans, write, settings.threads });
    work.meter.Add(this->GetDecodeWork(spans));
  }
  return bounded ? bounded->GetNumberOfBoundedVoxels() : 0;
}


double
Runner::GetDecodeWork(const std::vector<OutputSpan> & spans) const
{
  return static_cast<double>(CountVoxels(spans)) * static_cast<double>(m_Network->GetDecoder().GetCost());
}


void
Runner::DecodePasses(Work &                          work,
                     const std::vector<Pass> &       passes,
                     const std::vector<OutputSpan> & spans,
                     const WriteFunction &           writeMean) const
{
  // Pass by pass over one batch of spans, so that sums are held for a batch only, not for all of the tile's voxels.
  // Each pass decodes the same output voxels; its index map leads to the mirrored image.
  PassAverage         average(spans, settings.threads);
  const WriteFunction collect = [&average](const IndexType & first, const float * values, SizeValueType count) {
    average.Write(first, values, count);
  };
  for (const Pass & pass : passes)
  {
    m_Executor->Decode(*pass.features, { pass.indexMap, spans, collect, settings.threads });
    average.EndPass();
    work.meter.Add(this->GetDecodeWork(spans));
  }
  average.HandOut(writeMean, work.job.writeDeviation);
}


at::Tensor
Runner::MakeTensor(const std::function<at::Tensor()> & make)
{
  at::Tensor tensor;
  const auto set = [&] {
    tensor = make();
  };
  if (TryToFitIntoMemory(set))
  {
    // A second failure is the caller's to handle.
    m_Cache.ClearBut(m_TilesInUse);
    set();
  }
  return tensor;
}


at::Tensor
Runner::ReadInput(const Job & job, const IndexType & tile)
{
  const auto       region = job.lattice.GetInputRegion(tile);
  const GridIndex  size = ToGridIndex(region.GetSize());
  const at::Tensor input = this->MakeTensor([&] { return at::empty({ size[0], size[1], size[2] }, at::kFloat); });
  job.readInput(region, input.mutable_data_ptr<float>());
  return input;
}


std::vector<Runner::Pass>
Runner::PreparePasses(Work & work, const IndexType & tile, const at::Tensor & input)
{
  const Job &         job = work.job;
  const auto &        imageSize = job.lattice.GetImageSize();
  const SizeValueType margin = settings.passes > 1 ? Mirror::Margin : 0;
  const auto          featureRegion = Dilated(job.lattice.GetFeatureRegion(tile), margin, imageSize);
  std::vector<Pass>   passes;
  for (unsigned int number = 0; number < settings.passes; ++number)
  {
    // Pass 0 mirrors nothing: its key shares the memory of `input`.
    const Mirror      mirror(MirrorsOfPasses[number], imageSize);
    FeatureCache::Key key;
    key.featureRegion = mirror.Apply(featureRegion);
    key.inputRegion = mirror.Apply(job.lattice.GetInputRegion(tile));
    key.imageSize = ToGridIndex(imageSize);
    key.input = this->MakeTensor([&] { return mirror.Apply(input); });
    passes.push_back({ mirror.Apply(job.indexMap), &this->GetFeatures(work, std::move(key)) });
    // This pass's tile is now the cache's most recent one. Counted, it stays while the other passes are encoded and all
    // are decoded; otherwise Pass::features would dangle.
    ++m_TilesInUse;
  }
  return passes;
}


const FeatureTile &
Runner::GetFeatures(Work & work, FeatureCache::Key key)
{
  const double cost =
    static_cast<double>(key.inputRegion.GetNumberOfPixels()) * static_cast<double>(m_Network->GetEncoder().GetCost());
  if (const FeatureTile * found = m_Cache.Find(key))
  {
    work.meter.Add(cost);
    return *found;
  }
  const double tileBytes = work.costs.GetTileBytes(static_cast<double>(key.input.numel()),
                                                   static_cast<double>(key.featureRegion.GetNumberOfPixels()));
  // Before encoding, which has the peak of memory.
  m_Cache.MakeRoom(static_cast<SizeValueType>(tileBytes), work.featureCapacity, m_TilesInUse);

  EncodeJob encode;
  encode.lowResolution = key.input;
  encode.origin = ToGridIndex(key.inputRegion.GetIndex());
  encode.imageSize = key.imageSize;
  const GridIndex featureOrigin = ToGridIndex(key.featureRegion.GetIndex());
  const GridIndex featureSize = ToGridIndex(key.featureRegion.GetSize());
  for (int axis = 0; axis < 3; ++axis)
  {
    // Regions count from the image's first voxel, the box from the first voxel of lowResolution.
    encode.featureBox.begin[axis] = featureOrigin[axis] - encode.origin[axis];
    encode.featureBox.end[axis] = encode.featureBox.begin[axis] + featureSize[axis];
  }
  encode.threads = settings.threads;
  encode.report = [&](double fraction) {
    work.meter.Report(fraction * cost);
  };
  // RetryingExecutor may call ClearBut() in here: the key's voxels are held by `key`, not yet by the cache.
  FeatureTile result = m_Executor->Encode(encode);
  ++m_NumberOfEncodedTiles;
  work.meter.Add(cost);
  return m_Cache.Insert(std::move(key), std::move(result));
}
} // namespace itk::arssr
