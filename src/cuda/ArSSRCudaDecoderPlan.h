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
#ifndef ArSSRCudaDecoderPlan_h
#define ArSSRCudaDecoderPlan_h

#include "cuda/ArSSRCudaDecoder.h"

#include <cstdint>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief A linear layer, float32 on the host. The pointers are not needed for a plan without weights. */
struct CudaLinear
{
  std::int64_t  inputs{ 0 };
  std::int64_t  outputs{ 0 };
  const float * weight{ nullptr }; /**< [output, input] */
  const float * bias{ nullptr };   /**< [output] */
};

/** \brief The MLP of a Decoder. A ReLU follows every layer, the last one if asked for. */
struct CudaPerceptron
{
  std::int64_t            channels{ 0 };    /**< of the features */
  std::int64_t            coordinates{ 0 }; /**< 3 or 6 */
  std::vector<CudaLinear> stageOne;         /**< its output is added to its input; empty in a plain perceptron */
  std::vector<CudaLinear> stageTwo;         /**< the last one has one output */
  bool                    endsWithReLU{ true };
};

/** \brief Whether the fused kernel runs a network, and how.
 *
 * It does if the feature channels are a multiple of 8 (4 in TensorFloat32), hidden layers and the output of a first
 * stage have at most 256 columns, each stage has two layers or more, there are at most 63 without the output layer, and
 * the rows of a thread block fit its shared memory. Everything else is for torch.
 * \param sharedBytesPerBlock the device's limit, as CudaDeviceLimits has it
 * \return why not, in a sentence; empty if it does and the plan was made. */
std::string
PlanCudaDecoder(const CudaPerceptron & perceptron,
                CudaFormat             format,
                std::int64_t           sharedBytesPerBlock,
                CudaDecoderPlan &      plan);

/** Weights and biases in the order in which the kernel's threads read them, for a plan of the same network. */
std::vector<std::uint8_t>
PackCudaWeights(const CudaPerceptron & perceptron, const CudaDecoderPlan & plan);

/** Why the kernel cannot run a decoding (sizes, alignment, missing pointers), in a sentence; empty if it can. */
std::string
VerifyCudaDecode(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments);

/** Thread blocks to start: as many as run at the same time. Each takes several tiles of rows, one after the other. */
std::int64_t
GetCudaBlocks(const CudaDecoderPlan & plan, std::int64_t voxels, int multiprocessors, int blocksPerMultiprocessor);
} // namespace itk::arssr

#endif
