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
#ifndef ArSSRCpuConvolution_h
#define ArSSRCpuConvolution_h

#include "cpu/ArSSRCpuKernels.h"
#include "grid/ArSSRGridIndex.h"

#include <ATen/core/Tensor.h>

#include <memory>

namespace itk::arssr
{
/** \brief A convolution of activations on the CPU: stride one, zeros around the buffers.
 *
 * Activations are [z, y, x, channel], with any number of floats from one voxel to the next; their channels are padded
 * with zeros to a multiple of ChannelPadding. A voxel's value depends, in every bit, on its neighbours alone: neither
 * on the box that is computed nor on where the buffers begin.
 */
class CpuConvolution
{
public:
  struct Call
  {
    GridIndex     size{};   /**< of the buffers, in LR voxels */
    GridIndex     origin{}; /**< LR voxel of the image where the buffers begin */
    GridBox       box{};    /**< voxels to compute, counted from the buffers' first one */
    GridBox       frame{};  /**< voxels that the output's buffer holds, counted alike: the box or all */
    const float * input{ nullptr };
    std::int64_t  inputStride{ 0 }; /**< floats from one voxel to the next, as the other strides */
    float *       output{ nullptr };
    std::int64_t  outputStride{ 0 };
    const float * added{ nullptr }; /**< added after the activation; may be the output */
    std::int64_t  addedStride{ 0 };
    bool          relu{ false };
    unsigned int  threads{ 0 }; /**< zero: as many as torch has */
  };

  enum class Method
  {
    Fastest,
    Direct
  };

  /** \param weight [out, in, k, k, k] with k 1 or 3, float32 on the CPU. \param bias [out]; if undefined, the result is
   * added to the output's values, which only 1×1×1 convolutions can do. */
  static std::unique_ptr<CpuConvolution>
  New(const CpuKernels & kernels, const at::Tensor & weight, const at::Tensor & bias, Method method = Method::Fastest);

  virtual ~CpuConvolution();
  CpuConvolution(const CpuConvolution &) = delete;
  CpuConvolution &
  operator=(const CpuConvolution &) = delete;

  /** Runs on the call's number of threads. */
  virtual void
  Run(const Call & call) const = 0;

  /** Bytes that a thread needs besides the buffers. */
  virtual std::int64_t
  GetScratchBytes() const = 0;

  /** Bytes of the weights as they are kept. */
  virtual std::int64_t
  GetWeightBytes() const = 0;

protected:
  CpuConvolution() = default;
};
} // namespace itk::arssr

#endif
