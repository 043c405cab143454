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
#ifndef ArSSREncoderRDN_h
#define ArSSREncoderRDN_h

#include "network/ArSSREncoder.h"

namespace itk::arssr
{
/** \brief Residual dense network: eight blocks of three densely connected layers, fused globally.
 * Zhang et al., "Residual Dense Network for Image Super-Resolution", CVPR 2018, with 3-D convolutions. */
class EncoderRDN : public Encoder
{
public:
  EncoderRDN(std::int64_t featureDimension, Parameters & parameters);

  at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & lowResolution) const override;

  EncoderPlan
  GetPlan() const override;

  std::int64_t
  GetPeakChannels() const override;

private:
  struct DenseBlock
  {
    std::vector<Convolution> layers;
    Convolution              fusion;
  };

  DenseBlock
  DeclareBlock(int number);

  at::Tensor
  ForwardBlock(const Parameters & parameters, const DenseBlock & block, const at::Tensor & input) const;

  Convolution             m_ShallowFirst;
  Convolution             m_ShallowSecond;
  std::vector<DenseBlock> m_Blocks;
  Convolution             m_GlobalFusion;
  Convolution             m_GlobalConvolution;
  Convolution             m_Output;
  std::int64_t            m_FeatureDimension;
};
} // namespace itk::arssr

#endif
