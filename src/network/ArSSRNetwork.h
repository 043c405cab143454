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
#ifndef ArSSRNetwork_h
#define ArSSRNetwork_h

#include "network/ArSSRDecoder.h"
#include "network/ArSSREncoder.h"
#include "network/ArSSRSampling.h"

#include <ATen/core/Tensor.h>

#include <memory>

namespace itk::arssr
{
/** \brief An ArSSR network with its weights: encoder, trilinear sampling, MLP. Immutable once its weights are set.
 *
 * Inference is const and shares no scratch memory, so that one network serves several threads.
 */
class Network
{
public:
  /** A network without weights: parameters have names and shapes, and take no memory. */
  explicit Network(const Architecture & architecture);

  Network(const Network &) = delete;
  Network &
  operator=(const Network &) = delete;

  /** Takes the weights from a `state_dict`: floating-point tensors of any width, in any order. All or none are taken.
   * \throws ExceptionObject that lists what is missing, unexpected or of the wrong shape. */
  void
  SetWeights(const std::vector<NamedTensor> & tensors);

  /** Draws the weights as PyTorch does by default: uniform within ±1/√fan_in, from a generator of its own. Where the
   * output is added to an interpolation, the last layer is zero by default, so that the network starts as that
   * interpolation. */
  enum class LastLayer
  {
    ZeroWithSkip,
    Random
  };
  void
  InitializeWeights(std::uint64_t seed, LastLayer lastLayer = LastLayer::ZeroWithSkip);

  /** A copy with its weights on another device and of another width, in the memory format in which torch's inference is
   * fastest. */
  std::shared_ptr<const Network>
  CopyTo(const at::Device & device, at::ScalarType type = at::kFloat) const;

  /** A copy for training on a device: its weights are leaves of the autograd graph. */
  std::shared_ptr<Network>
  CopyForTraining(const at::Device & device) const;

  /** Features [z, y, x, channel] of an LR volume [z, y, x], both of the weights' type. Zeros surround the volume. */
  at::Tensor
  Encode(const at::Tensor & lowResolution) const;

  /** Intensities [K], float32, at LR continuous indices `samples` [K, 3] float64, in (z, y, x) order.
   * \param tile its LR intensities are read by networks with a skip only.
   * \param voxelSize of an HR voxel; read by networks with local coordinates only. */
  at::Tensor
  Decode(const FeatureTile & tile,
         const at::Tensor &  samples,
         const GridLengths & voxelSize = { { 1.0, 1.0, 1.0 } }) const;

  /** Both steps for a batch of whole LR images, differentiable with respect to the parameters, for training.
   * \param lowResolution [N, z, y, x]. \param samples [N, K, 3]. \param voxelSizes [N, 3] float64 on the CPU.
   * \return [N, K]. */
  at::Tensor
  Predict(const at::Tensor & lowResolution, const at::Tensor & samples, const at::Tensor & voxelSizes) const;

  const Architecture &
  GetArchitecture() const
  {
    return m_Architecture;
  }
  const Parameters &
  GetParameters() const
  {
    return m_Parameters;
  }
  const Encoder &
  GetEncoder() const
  {
    return *m_Encoder;
  }
  const Decoder &
  GetDecoder() const
  {
    return m_Decoder;
  }
  std::int64_t
  GetNumberOfParameters() const;

  /** Bytes that Encode() needs at its peak for each LR voxel, its result included. */
  std::int64_t
  GetEncodeBytesPerVoxel() const;

  /** Bytes that Decode() needs at its peak for each sample. */
  std::int64_t
  GetDecodeBytesPerSample() const;

private:
  SamplingOptions
  GetSamplingOptions(const GridLengths & voxelSize) const;

  Architecture             m_Architecture;
  Parameters               m_Parameters;
  std::unique_ptr<Encoder> m_Encoder;
  Decoder                  m_Decoder;
};
} // namespace itk::arssr

#endif
