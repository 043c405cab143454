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
#ifndef ArSSRCpuDecoder_h
#define ArSSRCpuDecoder_h

#include "cpu/ArSSRCpuPerceptron.h"
#include "network/ArSSRExecutor.h"

namespace itk::arssr
{
/** \brief Decodes spans of output voxels on the CPU: sampling, first layers and MLP, for as many voxels at a time as
 * the cache holds.
 */
class CpuDecoder
{
public:
  CpuDecoder(const CpuKernels & kernels, const Network & network);

  /** Runs on the job's number of threads. */
  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const;

  std::int64_t
  GetWeightBytes() const
  {
    return m_Perceptron.GetWeightBytes();
  }

  /** Channels of a voxel's features as they are kept, padding included. */
  std::int64_t
  GetFeatureChannels() const
  {
    return PaddedChannels(m_Perceptron.GetFeatureDimension());
  }

  /** Bytes of the scratch of one thread. */
  std::int64_t
  GetScratchBytes() const;

private:
  const CpuKernels &    m_Kernels;
  CpuPerceptron         m_Perceptron;
  SamplingOptions       m_Sampling;
  ArSSRModelEnums::Skip m_Skip;
};
} // namespace itk::arssr

#endif
