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
#ifndef ArSSRCpuDirectConvolution_h
#define ArSSRCpuDirectConvolution_h

#include "cpu/ArSSRCpuConvolution.h"
#include "cpu/ArSSRPackedMatrix.h"

#include <vector>

namespace itk::arssr
{
/** \brief A convolution as a matrix product of the voxels' neighbourhoods: 1×1×1, or 3×3×3 of few channels. */
class CpuDirectConvolution : public CpuConvolution
{
public:
  CpuDirectConvolution(const CpuKernels & kernels, const at::Tensor & weight, const at::Tensor & bias);

  void
  Run(const Call & call) const override;

  std::int64_t
  GetScratchBytes() const override;
  std::int64_t
  GetWeightBytes() const override;

private:
  /** Copies the neighbourhoods of a part of a line along x: [voxel, neighbour, channel]. */
  void
  Gather(const Call & call, const GridIndex & first, std::int64_t count, float * neighbourhoods) const;

  const CpuKernels & m_Kernels;
  PackedMatrix       m_Weight; // depth: [neighbour, channel]
  std::vector<float> m_Bias;   // empty if there is none
  std::int64_t       m_Channels;
  std::int64_t       m_Radius;
};
} // namespace itk::arssr

#endif
