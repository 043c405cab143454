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
#ifndef ArSSREncoderResCNN_h
#define ArSSREncoderResCNN_h

#include "network/ArSSREncoder.h"

namespace itk::arssr
{
/** \brief Three residual blocks of six convolutions; the input voxel is added to every feature channel.
 * Du et al., "Super-resolution reconstruction of single anisotropic 3D MR images using residual convolutional neural
 * network", Neurocomputing 2020, as adapted by ArSSR. */
class EncoderResCNN : public Encoder
{
public:
  EncoderResCNN(std::int64_t featureDimension, Parameters & parameters);

  at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & lowResolution) const override;

  EncoderPlan
  GetPlan() const override;

  std::int64_t
  GetPeakChannels() const override;

private:
  using Block = std::vector<Convolution>;

  Block
  DeclareBlock(int number);

  std::int64_t       m_FeatureDimension;
  Convolution        m_Start;
  std::vector<Block> m_Blocks;
  Convolution        m_End;
};
} // namespace itk::arssr

#endif
