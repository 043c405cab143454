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
#ifndef ArSSRDecoder_h
#define ArSSRDecoder_h

#include "ArSSRArchitecture.h"
#include "ArSSRLayers.h"

namespace itk::arssr
{
/** \brief The implicit voxel function: an MLP that gives the intensity at a point from the features there.
 *
 * Maps [K, feature_dim + 3] to [K]: \f$ y = f_2(x + f_1(x)) \f$, with a ReLU after every layer, the last one included
 * (ArSSR, section III-C). Parameter names are those of the published `state_dict`, under `decoder.`.
 */
class Decoder
{
public:
  Decoder(const Architecture & architecture, Parameters & parameters);

  at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & input) const;

  /** Multiply-accumulates per sample. */
  std::int64_t
  GetCost() const
  {
    return m_Cost;
  }

private:
  using Stage = std::vector<Linear>;

  Stage
  DeclareStage(const Architecture & architecture,
               Parameters &         parameters,
               const std::string &  name,
               std::int64_t         outputs);

  std::int64_t m_Cost{ 0 };
  Stage        m_StageOne;
  Stage        m_StageTwo;
};
} // namespace itk::arssr

#endif
