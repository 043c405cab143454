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
#ifndef ArSSREncoderResidual_h
#define ArSSREncoderResidual_h

#include "network/ArSSREncoder.h"

#include <vector>

namespace itk::arssr
{
/** \brief Residual encoder of any width: conv3, blocks of conv3 ReLU conv3 added to their input, conv3.
 *
 * The body of EDSR (Lim et al., CVPR workshops 2017) in three dimensions, without its last skip. Layers are named
 * `start`, `blocks.i.0`, `blocks.i.1` and `end`.
 */
class EncoderResidual : public Encoder
{
public:
  EncoderResidual(const Architecture & architecture, Parameters & parameters);

  at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & lowResolution) const override;

  EncoderPlan
  GetPlan() const override;

  std::int64_t
  GetPeakChannels() const override;

private:
  struct Block
  {
    Convolution first;
    Convolution second;
  };

  std::int64_t       m_Channels;
  std::int64_t       m_FeatureDimension;
  Convolution        m_Start;
  std::vector<Block> m_Blocks;
  Convolution        m_End;
};
} // namespace itk::arssr

#endif
