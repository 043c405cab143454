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
#ifndef ArSSRCudaExecutor_h
#define ArSSRCudaExecutor_h

#include "cuda/ArSSRCudaDecoder.h"
#include "network/ArSSRTorchExecutor.h"

#include <memory>
#include <vector>

namespace itk::arssr
{
/** \brief A network on a GPU whose decoder is this module's fused kernel; the encoder is torch's.
 *
 * Sampling, coordinates, all layers of the MLP and the interpolation that a skip adds are fused, so that of a voxel
 * only its value touches the GPU's memory. Voxels go through in chunks: while the GPU computes one, the host writes out
 * the one before, which is in pinned memory by then.
 */
class CudaExecutor : public TorchExecutor
{
public:
  /** Returns null where the kernel does not run: without the CUDA library, in float32, for too wide a network. */
  static std::unique_ptr<CudaExecutor>
  New(const Network & network, const at::Device & device, Precision precision);

  ~CudaExecutor() override;

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override;

  TileCosts
  GetCosts() const override;

  std::string
  GetDescription() const override;

private:
  CudaExecutor(const Network &              network,
               const at::Device &           device,
               Precision                    precision,
               const CudaDecoderFunctions & functions,
               const CudaDecoderPlan &      plan,
               const at::Tensor &           weights);

  class Chunk;

  CudaDecodeArguments
  MakeArguments(const FeatureTile & tile, const DecodeJob & job) const;

  const CudaDecoderFunctions & m_Functions;
  CudaDecoderPlan              m_Plan;
  at::Tensor                   m_Weights; // packed, on the device
  SamplingOptions              m_Sampling;
  ArSSRModelEnums::Skip        m_Skip;
};
} // namespace itk::arssr

#endif
