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
#include "engine/ArSSRRetryingExecutor.h"

#include "platform/ArSSROutOfMemory.h"

#include <ATen/ATen.h>
#include <ATen/DeviceAccelerator.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
/** Returns what torch's caching allocator keeps for later allocations on a GPU: its blocks have the sizes of the tile
 * that did not fit, and may not serve pieces of another size. */
void
ReleaseCachedMemory()
{
  if (const auto device = at::accelerator::getAccelerator(false))
  {
    at::accelerator::emptyCache();
  }
}
} // namespace

RetryingExecutor::RetryingExecutor(std::unique_ptr<Executor> executor, std::int64_t haloRadius, GiveUpFunction giveUp)
  : m_Executor(std::move(executor))
  , m_HaloRadius(haloRadius)
  , m_GiveUp(std::move(giveUp))
{}

std::exception_ptr
RetryingExecutor::Try(const std::function<void()> & function) const
{
  std::exception_ptr problem = TryToFitIntoMemory(function);
  // The whole at once is the fastest way, and kept tiles can be encoded again; so they go before pieces shrink. Another
  // try without anything released would fail again.
  if (problem && m_GiveUp && m_GiveUp())
  {
    ReleaseCachedMemory();
    problem = TryToFitIntoMemory(function);
  }
  return problem;
}

FeatureTile
RetryingExecutor::Encode(const EncodeJob & job) const
{
  FeatureTile              tile;
  const std::exception_ptr problem = this->Try([&] { tile = m_Executor->Encode(job); });
  if (!problem)
  {
    return tile;
  }
  const GridIndex size = GetSize(job.featureBox);
  // Halves would be smaller than the smallest piece. Their halos do not shrink with them, so they would need nearly as
  // much memory as this piece.
  if (*std::max_element(size.begin(), size.end()) < 2 * SmallestPiece)
  {
    std::rethrow_exception(problem);
  }
  return this->EncodeInHalves(job);
}

FeatureTile
RetryingExecutor::EncodeInHalves(const EncodeJob & job) const
{
  ReleaseCachedMemory();
  const GridIndex size = GetSize(job.featureBox);
  const auto      axis = std::max_element(size.begin(), size.end()) - size.begin();
  FeatureTile     halves[2];
  for (int half = 0; half < 2; ++half)
  {
    EncodeJob part = job;
    // Progress grows through both halves, and through the halves of these, so that it never runs backwards.
    part.report = [&job, half](double fraction) {
      job.report(0.5 * (half + fraction));
    };
    const std::int64_t middle = job.featureBox.begin[axis] + size[axis] / 2;
    (half == 0 ? part.featureBox.end : part.featureBox.begin)[axis] = middle;
    // Of the input, only what the half needs: its features and the halo. Where the job's own input ends, at the border
    // of the image or of the halo around the tile, so does the part's. Its box and its origin move with its first
    // voxel.
    const std::int64_t begin = std::max<std::int64_t>(part.featureBox.begin[axis] - m_HaloRadius, 0);
    const std::int64_t end = std::min(part.featureBox.end[axis] + m_HaloRadius, job.lowResolution.size(axis));
    part.lowResolution = job.lowResolution.narrow(axis, begin, end - begin).contiguous();
    part.origin[axis] += begin;
    part.featureBox.begin[axis] -= begin;
    part.featureBox.end[axis] -= begin;
    // Not m_Executor's: a half that does not fit either is halved in its turn.
    halves[half] = this->Encode(part);
  }
  // Decoding reads LR voxels of the whole tile, for the interpolation skip, not of one half.
  FeatureTile tile = halves[0];
  tile.features = at::cat({ halves[0].features, halves[1].features }, axis);
  tile.lowResolution = job.lowResolution.to(tile.features.device());
  tile.lowResolutionOrigin = job.origin;
  return tile;
}

void
RetryingExecutor::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  if (const std::exception_ptr problem = this->Try([&] { m_Executor->Decode(tile, job); }))
  {
    if (CountVoxels(job.spans) < 2 * FewestVoxels)
    {
      std::rethrow_exception(problem);
    }
    // Some voxels may have been written before memory ran out. They are written again, as writeOutput allows.
    this->DecodeInHalves(tile, job);
  }
}

void
RetryingExecutor::DecodeInHalves(const FeatureTile & tile, const DecodeJob & job) const
{
  ReleaseCachedMemory();
  const SizeValueType voxels = CountVoxels(job.spans);
  // The larger half first, so that two groups hold an odd number of voxels.
  for (const auto & half : CutSpans(job.spans, voxels - voxels / 2))
  {
    this->Decode(tile, { job.indexMap, half, job.writeOutput, job.threads });
  }
}

TileCosts
RetryingExecutor::GetCosts() const
{
  return m_Executor->GetCosts();
}

std::string
RetryingExecutor::GetDescription() const
{
  return m_Executor->GetDescription();
}
} // namespace itk::arssr
