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
#include "cpu/ArSSRCpuSpanSampler.h"

#include "cpu/ArSSRCpuLineSampler.h"
#include "cpu/ArSSRCpuPointSampler.h"

#include <algorithm>

namespace itk::arssr
{
CpuSpanSampler::~CpuSpanSampler() = default;

std::unique_ptr<CpuSpanSampler>
CpuSpanSampler::New(const CpuDecodeContext & context)
{
  if (CpuLineSampler::IsFaster(context.indexMap))
  {
    return std::make_unique<CpuLineSampler>(context);
  }
  return std::make_unique<CpuPointSampler>(context);
}

std::int64_t
CpuSpanSampler::GetScratchBytes(const CpuPerceptron & perceptron)
{
  return std::max(CpuLineSampler::GetScratchBytes(perceptron), CpuPointSampler::GetScratchBytes(perceptron));
}
} // namespace itk::arssr
