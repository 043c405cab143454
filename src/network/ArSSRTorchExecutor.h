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
#ifndef ArSSRTorchExecutor_h
#define ArSSRTorchExecutor_h

#include "network/ArSSRExecutor.h"
#include "network/ArSSRNetwork.h"

namespace itk::arssr
{
/** \brief A network on any device in operations of torch: convolutions of cuDNN or oneDNN, matrix products of cuBLAS.
 *
 * The most readable executor, and the one for networks and devices that this module has no kernels for. In half
 * precision the weights, activations and features have half the width; sums and the interpolation that a skip adds are
 * in single precision.
 */
class TorchExecutor : public Executor
{
public:
  TorchExecutor(const Network & network, const at::Device & device, Precision precision);
  ~TorchExecutor() override;

  FeatureTile
  Encode(const EncodeJob & job) const override;

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override;

  TileCosts
  GetCosts() const override;

  std::string
  GetDescription() const override;

protected:
  const at::Device &
  GetDevice() const
  {
    return m_Device;
  }

private:
  at::Device                     m_Device;
  Precision                      m_Precision;
  std::shared_ptr<const Network> m_Network; // on the device
};
} // namespace itk::arssr

#endif
