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
#ifndef ArSSRCpuEncoder_h
#define ArSSRCpuEncoder_h

#include "cpu/ArSSRCpuConvolution.h"
#include "network/ArSSRNetwork.h"

#include <functional>
#include <memory>
#include <vector>

namespace itk::arssr
{
/** \brief Runs an encoder's plan on the CPU.
 *
 * Every step computes only the voxels that later steps need for the requested features, so the halo shrinks from step
 * to step. A buffer lives from its first to its last use.
 */
class CpuEncoder
{
public:
  CpuEncoder(const CpuKernels &     kernels,
             const Network &        network,
             CpuConvolution::Method method = CpuConvolution::Method::Fastest);

  /** Features [z, y, x, channel] of a box in a part of the LR image; channels padded to a multiple of ChannelPadding.
   * \param lowResolution [z, y, x], float32. \param origin LR voxel of the image where that part begins. \param box
   * counted from there. \param threads to use, zero for as many as torch. \param report is told the fraction done, from
   * the calling thread. */
  at::Tensor
  Encode(const at::Tensor &                  lowResolution,
         const GridIndex &                   origin,
         const GridBox &                     box,
         unsigned int                        threads,
         const std::function<void(double)> & report) const;

  /** Bytes for each LR voxel of the input, of the weights as they are kept, and of the scratch of one thread. */
  std::int64_t
  GetBytesPerVoxel() const;
  std::int64_t
  GetWeightBytes() const;
  std::int64_t
  GetScratchBytes() const;

private:
  EncoderPlan                                  m_Plan;
  std::vector<std::unique_ptr<CpuConvolution>> m_Convolutions; // of the steps
};
} // namespace itk::arssr

#endif
