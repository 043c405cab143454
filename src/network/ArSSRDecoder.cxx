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
#include "network/ArSSRDecoder.h"

namespace itk::arssr
{
Decoder::Decoder(const Architecture & architecture, Parameters & parameters)
  : m_EndsWithReLU(architecture.skip == ArSSRModelEnums::Skip::None)
{
  if (architecture.perceptron == ArSSRModelEnums::Perceptron::TwoStage)
  {
    // Stage one has as many outputs as inputs, coordinates included: they are added to the input of stage two.
    const std::int64_t inputs = architecture.featureDimension + architecture.GetNumberOfCoordinates();
    m_StageOne = this->DeclareStage(architecture, parameters, "decoder.stage_one.", inputs);
    m_StageTwo = this->DeclareStage(architecture, parameters, "decoder.stage_two.", 1);
  }
  else
  {
    // Stage two alone, so that GetLastLayer() is the same for both kinds.
    m_StageTwo = this->DeclareStage(architecture, parameters, "decoder.layers.", 1);
  }
}

Decoder::Stage
Decoder::DeclareStage(const Architecture & architecture,
                      Parameters &         parameters,
                      const std::string &  name,
                      std::int64_t         outputs)
{
  Stage              stage;
  std::int64_t       inputs = architecture.featureDimension + architecture.GetNumberOfCoordinates();
  const std::int64_t layers = architecture.GetLayersPerStage();
  for (std::int64_t layer = 0; layer < layers; ++layer)
  {
    const std::int64_t layerOutputs = layer + 1 == layers ? outputs : architecture.width;
    // Every second module of the published Sequential is a ReLU without parameters: layers have even numbers.
    stage.emplace_back(parameters, name + std::to_string(2 * layer), inputs, layerOutputs);
    m_Cost += inputs * layerOutputs;
    inputs = layerOutputs;
  }
  return stage;
}

at::Tensor
Decoder::ForwardStage(const Stage & stage, const Parameters & parameters, at::Tensor current, bool lastReLU)
{
  for (const Linear & layer : stage)
  {
    // The layer's output is a new tensor, so that the ReLU in place changes neither the caller's input nor anything
    // that the backward pass of the linear layer needs.
    current = layer(parameters, current);
    if (lastReLU || &layer != &stage.back())
    {
      current = current.relu_();
    }
  }
  return current;
}

at::Tensor
Decoder::Forward(const Parameters & parameters, const at::Tensor & input) const
{
  if (m_StageOne.empty())
  {
    return ForwardStage(m_StageTwo, parameters, input, m_EndsWithReLU).squeeze(1);
  }
  // y = f_2(x + f_1(x)), with a ReLU at the end of f_1: the sum is never below x.
  const at::Tensor residual = ForwardStage(m_StageOne, parameters, input, true);
  return ForwardStage(m_StageTwo, parameters, input + residual, m_EndsWithReLU).squeeze(1);
}
} // namespace itk::arssr
