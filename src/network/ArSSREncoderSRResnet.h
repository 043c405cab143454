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
#ifndef ArSSREncoderSRResnet_h
#define ArSSREncoderSRResnet_h

#include "network/ArSSREncoder.h"

namespace itk::arssr
{
/** \brief Eighteen residual blocks of two convolutions, without normalisation.
 * Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", CVPR 2017, with
 * 3-D convolutions. */
class EncoderSRResnet : public Encoder
{
public:
  EncoderSRResnet(std::int64_t featureDimension, Parameters & parameters);

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

  std::int64_t       m_FeatureDimension;
  Convolution        m_Start;
  std::vector<Block> m_Blocks;
  Convolution        m_BeforeLast;
  Convolution        m_Last;
};
} // namespace itk::arssr

#endif
