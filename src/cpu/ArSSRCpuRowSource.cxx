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
#include "cpu/ArSSRCpuRowSource.h"

#include "cpu/ArSSRCpuLineSource.h"
#include "cpu/ArSSRCpuPointSource.h"

#include <algorithm>

namespace itk::arssr
{
CpuRowSource::~CpuRowSource() = default;

std::unique_ptr<CpuRowSource>
CpuRowSource::New(const CpuDecodeJob & job)
{
  if (CpuLineSource::IsFaster(job.indexMap))
  {
    return std::make_unique<CpuLineSource>(job);
  }
  return std::make_unique<CpuPointSource>(job);
}

std::int64_t
CpuRowSource::GetScratchBytes(const Network & network)
{
  return std::max(CpuLineSource::GetScratchBytes(network), CpuPointSource::GetScratchBytes(network));
}
} // namespace itk::arssr
