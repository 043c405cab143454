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
#ifndef ArSSREncoderPlan_h
#define ArSSREncoderPlan_h

#include "network/ArSSRLayers.h"

#include <optional>
#include <vector>

namespace itk::arssr
{
/** \brief An encoder as a list of convolutions between buffers, for inference without copies.
 *
 * A buffer holds channels of all LR voxels. A step reads some channels of one buffer and writes some of another, so
 * that tensors which Forward() concatenates lie side by side from the beginning. A plan computes the same as Forward(),
 * and is tested against it. Buffer 0 is the LR image (one channel); the last one holds the features.
 */
struct EncoderPlan
{
  /** A part of a buffer. */
  struct Channels
  {
    std::size_t  buffer{ 0 };
    std::int64_t first{ 0 };
  };

  /** output (+)= act(convolution(input)) + added. A 1×1×1 convolution may write where it reads, as a voxel of its
   * output depends on the same voxel of its input alone. */
  struct Step
  {
    Convolution             convolution;
    Channels                input;
    Channels                output;
    bool                    relu{ false };
    std::optional<Channels> added{};
    bool                    addsImage{ false }; /**< the LR intensity, to every channel */

    /** A 1×1×1 convolution of concatenated channels can be taken a part at a time. This is the number of the part,
     * each of `partChannels`; all but the first one add to the output and have no bias. */
    std::int64_t part{ 0 };
    std::int64_t partChannels{ 0 };
  };

  std::vector<std::int64_t> bufferChannels; /**< of each buffer */
  std::vector<Step>         steps;

  std::size_t
  AddBuffer(std::int64_t channels)
  {
    bufferChannels.push_back(channels);
    return bufferChannels.size() - 1;
  }

  /** For each buffer the number of the last step that uses it. */
  std::vector<std::size_t>
  GetLastUses() const;

  /** LR voxels around the features' box that later steps still read of a step's output. */
  std::int64_t
  GetRadiusAfter(std::size_t step) const;

  /** Channels of all buffers alive at the peak, each but the image padded to a multiple of `padding`. */
  std::int64_t
  GetPeakChannels(std::int64_t padding) const;
};
} // namespace itk::arssr

#endif
