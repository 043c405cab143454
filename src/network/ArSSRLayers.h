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
#ifndef ArSSRLayers_h
#define ArSSRLayers_h

#include "network/ArSSRParameters.h"

#include <ATen/ATen.h>

namespace itk::arssr
{
/** \brief 3-D convolution with a cubic kernel of odd size, stride one, zero padding that keeps the size.
 * Weight [out, in, k, k, k], bias [out]; maps [N, in, z, y, x] to [N, out, z, y, x]. */
class Convolution
{
public:
  Convolution(Parameters &        parameters,
              const std::string & name,
              std::int64_t        inputChannels,
              std::int64_t        outputChannels,
              std::int64_t        kernelSize)
    : m_Weight(
        parameters.Declare(name + ".weight", { outputChannels, inputChannels, kernelSize, kernelSize, kernelSize }))
    , m_Bias(parameters.Declare(name + ".bias", { outputChannels }))
    , m_InputChannels(inputChannels)
    , m_OutputChannels(outputChannels)
    , m_Radius(kernelSize / 2)
    , m_Cost(inputChannels * outputChannels * kernelSize * kernelSize * kernelSize)
  {}

  at::Tensor
  operator()(const Parameters & parameters, const at::Tensor & input) const
  {
    return at::conv3d(input, parameters[m_Weight], parameters[m_Bias], 1, m_Radius);
  }

  std::size_t
  GetWeight() const
  {
    return m_Weight;
  }
  std::size_t
  GetBias() const
  {
    return m_Bias;
  }

  std::int64_t
  GetInputChannels() const
  {
    return m_InputChannels;
  }
  std::int64_t
  GetOutputChannels() const
  {
    return m_OutputChannels;
  }
  /** Multiply-accumulates per voxel. */
  std::int64_t
  GetCost() const
  {
    return m_Cost;
  }
  /** Voxels on each side of an output voxel that the kernel reads. */
  std::int64_t
  GetRadius() const
  {
    return m_Radius;
  }

private:
  std::size_t  m_Weight;
  std::size_t  m_Bias;
  std::int64_t m_InputChannels;
  std::int64_t m_OutputChannels;
  std::int64_t m_Radius;
  std::int64_t m_Cost;
};


/** \brief Fully connected layer. Weight [out, in], bias [out]; maps [N, in] to [N, out]. */
class Linear
{
public:
  Linear(Parameters & parameters, const std::string & name, std::int64_t inputs, std::int64_t outputs)
    : m_Weight(parameters.Declare(name + ".weight", { outputs, inputs }))
    , m_Bias(parameters.Declare(name + ".bias", { outputs }))
  {}

  at::Tensor
  operator()(const Parameters & parameters, const at::Tensor & input) const
  {
    return at::linear(input, parameters[m_Weight], parameters[m_Bias]);
  }

  std::size_t
  GetWeight() const
  {
    return m_Weight;
  }
  std::size_t
  GetBias() const
  {
    return m_Bias;
  }

private:
  std::size_t m_Weight;
  std::size_t m_Bias;
};
} // namespace itk::arssr

#endif
