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
#ifndef ArSSRCpuExecutor_h
#define ArSSRCpuExecutor_h

#include "cpu/ArSSRCpuDecoder.h"
#include "cpu/ArSSRCpuEncoder.h"
#include "network/ArSSRExecutor.h"

namespace itk::arssr
{
/** \brief A network on the CPU with the kernels written for it, single precision.
 *
 * With one set of kernels, a voxel has the same bits for any region, any tiles and any number of threads.
 */
class CpuExecutor : public Executor
{
public:
  explicit CpuExecutor(const Network & network, const CpuKernels & kernels = GetCpuKernels());

  FeatureTile
  Encode(const EncodeJob & job) const override;

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override;

  TileCosts
  GetCosts() const override;

  std::string
  GetDescription() const override;

private:
  std::string   m_Kernels; // their name
  SizeValueType m_Radius;  // of the encoder's receptive field
  CpuEncoder    m_Encoder;
  CpuDecoder    m_Decoder;
};
} // namespace itk::arssr

#endif
