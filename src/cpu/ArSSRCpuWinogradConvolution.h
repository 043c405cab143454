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
#ifndef ArSSRCpuWinogradConvolution_h
#define ArSSRCpuWinogradConvolution_h

#include "cpu/ArSSRCpuConvolution.h"
#include "cpu/ArSSRPackedMatrix.h"

#include <vector>

namespace itk::arssr
{
/** \brief A 3×3×3 convolution with 3.4 times fewer multiplications: Winograd's F(2×2×2, 3×3×3).
 *
 * Tiles of 2×2×2 output voxels come from 4×4×4 input voxels: both are transformed, and between the transforms stand 64
 * matrix products over the channels, instead of 8 × 27 multiplications for each pair of channels. One frequency along z
 * is done at a time, so that the coefficients between the transforms stay in the second level cache. Tiles begin at
 * even voxels of the image, wherever the buffers begin. Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", CVPR 2016.
 */
class CpuWinogradConvolution : public CpuConvolution
{
public:
  CpuWinogradConvolution(const CpuKernels & kernels, const at::Tensor & weight, const at::Tensor & bias);

  void
  Run(const Call & call) const override;

  std::int64_t
  GetScratchBytes() const override;
  std::int64_t
  GetWeightBytes() const override;

private:
  struct Scratch;
  struct Tiles;

  void
  RunBlock(const Call & call, const Tiles & tiles, std::int64_t first, std::int64_t count, Scratch & scratch) const;

  void
  Finish(const Call & call, const GridIndex & start, const float * sums) const;

  const CpuKernels &        m_Kernels;
  std::int64_t              m_InputChannels; // padded, as the output's
  std::int64_t              m_OutputChannels;
  std::vector<PackedMatrix> m_Weights; // of the 64 frequencies, [z, y, x]
  std::vector<float>        m_Bias;
};
} // namespace itk::arssr

#endif
