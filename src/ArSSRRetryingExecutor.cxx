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
#include "ArSSRRetryingExecutor.h"

#include <ATen/ATen.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <new>

namespace itk::arssr
{
namespace
{
/** Gives back what torch keeps for later allocations on a GPU, so that pieces of another size find room. */
void
ReleaseCachedMemory()
{
  if (const auto device = at::accelerator::getAccelerator(false))
  {
    at::accelerator::emptyCache();
  }
}

/** Runs a function; false when memory ran out. */
template <typename TFunction>
bool
FitsIntoMemory(const TFunction & function)
{
  try
  {
    function();
    return true;
  }
  catch (const c10::OutOfMemoryError &)
  {
    return false;
  }
  catch (const std::bad_alloc &)
  {
    return false;
  }
  catch (const c10::Error & error)
  {
    // torch's allocator for the CPU has no exception of its own.
    if (std::string(error.what_without_backtrace()).find("DefaultCPUAllocator") == std::string::npos)
    {
      throw;
    }
    return false;
  }
}
} // namespace

RetryingExecutor::RetryingExecutor(std::unique_ptr<Executor> executor, std::int64_t haloRadius)
  : m_Executor(std::move(executor))
  , m_HaloRadius(haloRadius)
{}

FeatureTile
RetryingExecutor::Encode(const EncodeJob & job) const
{
  const GridIndex size = GetSize(job.featureBox);
  if (*std::max_element(size.begin(), size.end()) < 2 * SmallestPiece)
  {
    return m_Executor->Encode(job);
  }
  FeatureTile tile;
  return FitsIntoMemory([&] { tile = m_Executor->Encode(job); }) ? tile : this->EncodeInHalves(job);
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
    part.report = [&job, half](double fraction) {
      job.report(0.5 * (half + fraction));
    };
    const std::int64_t middle = job.featureBox.begin[axis] + size[axis] / 2;
    (half == 0 ? part.featureBox.end : part.featureBox.begin)[axis] = middle;
    // Of the input, only what the half needs.
    const std::int64_t begin = std::max<std::int64_t>(part.featureBox.begin[axis] - m_HaloRadius, 0);
    const std::int64_t end = std::min(part.featureBox.end[axis] + m_HaloRadius, job.lowResolution.size(axis));
    part.lowResolution = job.lowResolution.narrow(axis, begin, end - begin).contiguous();
    part.origin[axis] += begin;
    part.featureBox.begin[axis] -= begin;
    part.featureBox.end[axis] -= begin;
    halves[half] = this->Encode(part);
  }
  FeatureTile tile = halves[0];
  tile.features = at::cat({ halves[0].features, halves[1].features }, axis);
  tile.lowResolution = job.lowResolution.to(tile.features.device());
  tile.lowResolutionOrigin = job.origin;
  return tile;
}

void
RetryingExecutor::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  const SizeValueType voxels = CountVoxels(job.spans);
  if (voxels < 2 * FewestVoxels)
  {
    m_Executor->Decode(tile, job);
    return;
  }
  if (FitsIntoMemory([&] { m_Executor->Decode(tile, job); }))
  {
    return;
  }
  ReleaseCachedMemory();
  std::vector<OutputSpan> halves[2];
  SizeValueType           before = 0;
  for (OutputSpan span : job.spans)
  {
    const SizeValueType inFirst = std::min(span.count, voxels / 2 - std::min(before, voxels / 2));
    before += span.count;
    if (inFirst > 0)
    {
      halves[0].push_back({ span.start, inFirst });
    }
    if (inFirst < span.count)
    {
      span.start[0] += static_cast<OffsetValueType>(inFirst);
      span.count -= inFirst;
      halves[1].push_back(span);
    }
  }
  for (const auto & half : halves)
  {
    this->Decode(tile, { job.indexMap, half, job.writeOutput });
  }
}

SizeValueType
RetryingExecutor::GetVoxelsPerBatch() const
{
  return m_Executor->GetVoxelsPerBatch();
}
} // namespace itk::arssr
