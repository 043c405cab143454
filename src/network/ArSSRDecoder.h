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

#include "network/ArSSRArchitecture.h"
#include "network/ArSSRLayers.h"

namespace itk::arssr
{
/** \brief The implicit voxel function: an MLP that gives the intensity at a point from the features there.
 *
 * Maps [K, feature_dim + coordinates] to [K]. With two stages, \f$ y = f_2(x + f_1(x)) \f$ (ArSSR, section III-C);
 * plain, \f$ y = f(x) \f$. A ReLU follows every layer. The last layer has none if the output is added to an
 * interpolation, as it then has either sign. Parameter names are under `decoder.`: those of the published `state_dict`
 * with two stages, `layers` otherwise.
 */
class Decoder
{
public:
  Decoder(const Architecture & architecture, Parameters & parameters);

  at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & input) const;

  using Stage = std::vector<Linear>;

  /** The layers in order; empty for a plain perceptron, whose layers are those of stage two. */
  const Stage &
  GetStageOne() const
  {
    return m_StageOne;
  }
  const Stage &
  GetStageTwo() const
  {
    return m_StageTwo;
  }

  /** Whether a ReLU follows the last layer. */
  bool
  EndsWithReLU() const
  {
    return m_EndsWithReLU;
  }

  /** The last layer. Its output is the intensity, or the correction that is added to the interpolation. */
  const Linear &
  GetLastLayer() const
  {
    return m_StageTwo.back();
  }

  /** Multiply-accumulates per sample. */
  std::int64_t
  GetCost() const
  {
    return m_Cost;
  }

private:
  static at::Tensor
  ForwardStage(const Stage & stage, const Parameters & parameters, at::Tensor current, bool lastReLU);

  Stage
  DeclareStage(const Architecture & architecture,
               Parameters &         parameters,
               const std::string &  name,
               std::int64_t         outputs);

  std::int64_t m_Cost{ 0 };
  bool         m_EndsWithReLU;
  Stage        m_StageOne; // empty in a plain perceptron
  Stage        m_StageTwo;
};
} // namespace itk::arssr

#endif
