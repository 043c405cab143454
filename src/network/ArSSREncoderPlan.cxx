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
#include "network/ArSSREncoderPlan.h"

#include <algorithm>

namespace itk::arssr
{
// A plan is static: which buffers are alive at a step, and how far later steps still look, follow from it. An executor
// frees buffers and shrinks the box that it computes by these, and the tile planner counts memory by the same rule.
std::vector<std::size_t>
EncoderPlan::GetLastUses() const
{
  std::vector<std::size_t> last(bufferChannels.size(), 0);
  for (std::size_t number = 0; number < steps.size(); ++number)
  {
    const Step & step = steps[number];
    last[step.input.buffer] = number;
    // A step that writes uses its buffer, too: freed earlier, a buffer that is filled in parts would lose the others.
    last[step.output.buffer] = number;
    if (step.added)
    {
      last[step.added->buffer] = number;
    }
    if (step.addsImage)
    {
      // Buffer 0 is the image, which the last step of some encoders adds to the features.
      last[0] = number;
    }
  }
  return last;
}

std::int64_t
EncoderPlan::GetRadiusAfter(std::size_t step) const
{
  std::int64_t radius = 0;
  for (std::size_t later = step + 1; later < steps.size(); ++later)
  {
    // Steps lie in series: each later one reads the box of its own output and its radius more.
    radius += steps[later].convolution.GetRadius();
  }
  return radius;
}

std::int64_t
EncoderPlan::GetPeakChannels(std::int64_t padding) const
{
  const std::vector<std::size_t> last = this->GetLastUses();
  std::vector<std::size_t>       first(bufferChannels.size(), steps.size());
  // The image is there before the first step; the others come into being when they are first written.
  first[0] = 0;
  for (std::size_t number = 0; number < steps.size(); ++number)
  {
    std::size_t & start = first[steps[number].output.buffer];
    start = std::min(start, number);
  }
  std::int64_t peak = 0;
  for (std::size_t number = 0; number < steps.size(); ++number)
  {
    std::int64_t alive = 0;
    for (std::size_t buffer = 0; buffer < bufferChannels.size(); ++buffer)
    {
      if (first[buffer] <= number && number <= last[buffer])
      {
        // Kernels pad channels to whole vectors; they read the image as it is.
        alive += buffer == 0 ? 1 : (bufferChannels[buffer] + padding - 1) / padding * padding;
      }
    }
    peak = std::max(peak, alive);
  }
  return peak;
}
} // namespace itk::arssr
