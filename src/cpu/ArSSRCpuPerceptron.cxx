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
#include "ArSSRCpuPerceptron.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
std::int64_t
GetActivationStride(const Architecture & architecture)
{
  return std::max(PaddedChannels(architecture.width),
                  PaddedChannels(architecture.featureDimension + architecture.GetNumberOfCoordinates()));
}

MatrixProduct
ProductOfRows(const PackedMatrix & weight, const float * rows, std::int64_t stride, std::int64_t count)
{
  MatrixProduct product = weight.MakeProduct();
  product.rows = count;
  product.a = rows;
  product.aStride = stride;
  return product;
}
} // namespace

CpuPerceptron::CpuPerceptron(const CpuKernels & kernels, const Network & network)
  : m_Kernels(kernels)
  , m_FeatureDimension(network.GetArchitecture().featureDimension)
  , m_NumberOfCoordinates(network.GetArchitecture().GetNumberOfCoordinates())
  , m_ActivationStride(GetActivationStride(network.GetArchitecture()))
  , m_EndsWithReLU(network.GetDecoder().EndsWithReLU())
{
  const Parameters &     parameters = network.GetParameters();
  const Decoder::Stage & one = network.GetDecoder().GetStageOne();
  const Decoder::Stage & two = network.GetDecoder().GetStageTwo();

  std::vector<const Linear *> firstLayers;
  if (!one.empty())
  {
    firstLayers.push_back(&one.front());
    for (std::size_t layer = 1; layer < one.size(); ++layer)
    {
      m_BeforeSum.push_back(this->MakeLayer(network, one[layer]));
    }
    m_Sum = this->MakeLayer(network, two.front()).weight;
  }
  firstLayers.push_back(&two.front());
  for (const Linear * layer : firstLayers)
  {
    m_First.push_back(this->MakeLayer(network, *layer).weight);
  }
  m_HiddenColumns = m_First.front().GetColumns();
  m_FirstColumns = m_HiddenColumns * static_cast<std::int64_t>(m_First.size());
  m_Bias = at::zeros({ m_FirstColumns }, at::kFloat);
  m_CoordinateWeights = at::zeros({ m_NumberOfCoordinates, m_FirstColumns }, at::kFloat);
  const std::int64_t width = network.GetArchitecture().width;
  for (std::size_t number = 0; number < firstLayers.size(); ++number)
  {
    const std::int64_t column = static_cast<std::int64_t>(number) * m_HiddenColumns;
    const at::Tensor & weight = parameters[firstLayers[number]->GetWeight()];
    m_Bias.narrow(0, column, width).copy_(parameters[firstLayers[number]->GetBias()]);
    m_CoordinateWeights.narrow(1, column, width).copy_(weight.narrow(1, m_FeatureDimension, m_NumberOfCoordinates).t());
  }

  for (std::size_t layer = 1; layer + 1 < two.size(); ++layer)
  {
    m_AfterSum.push_back(this->MakeLayer(network, two[layer]));
  }
  m_LastWeight = PadVector(parameters[two.back().GetWeight()].flatten());
  m_LastBias = parameters[two.back().GetBias()].item<float>();
}

CpuPerceptron::Layer
CpuPerceptron::MakeLayer(const Network & network, const Linear & linear) const
{
  const at::Tensor & weight = network.GetParameters()[linear.GetWeight()];
  return { PackedMatrix(m_Kernels, weight, weight.size(1), m_Kernels.lanes),
           PadVector(network.GetParameters()[linear.GetBias()]) };
}

void
CpuPerceptron::MultiplyFirst(const float * rows,
                             std::int64_t  stride,
                             std::int64_t  count,
                             std::int64_t  depth,
                             bool          complete,
                             float *       first) const
{
  for (std::size_t number = 0; number < m_First.size(); ++number)
  {
    const std::int64_t column = static_cast<std::int64_t>(number) * m_HiddenColumns;
    MatrixProduct      product = ProductOfRows(m_First[number], rows, stride, count);
    product.depth = depth;
    product.bias = complete ? this->GetBias() + column : nullptr;
    product.relu = complete && number == 0;
    product.c = first + column;
    product.cStride = m_FirstColumns;
    m_Kernels.multiply(product);
  }
}

void
CpuPerceptron::ApplyFirst(const float * features, std::int64_t stride, std::int64_t count, float * first) const
{
  this->MultiplyFirst(features, stride, count, m_FeatureDimension, false, first);
}

void
CpuPerceptron::ApplyFirstWithCoordinates(const float * rows,
                                         std::int64_t  stride,
                                         std::int64_t  count,
                                         float *       first) const
{
  this->MultiplyFirst(rows, stride, count, m_FeatureDimension + m_NumberOfCoordinates, true, first);
}

CpuPerceptron::Scratch
CpuPerceptron::MakeScratch() const
{
  const auto make = [this] {
    return at::empty({ m_Kernels.rowsInCache, m_ActivationStride }, at::kFloat);
  };
  return { { make(), make() } };
}

void
CpuPerceptron::Run(const float * first, std::int64_t count, Scratch & scratch, float * result) const
{
  const float * current = first;
  std::int64_t  stride = m_FirstColumns;
  std::size_t   next = 0;
  const auto    apply = [&](const PackedMatrix & weight, const float * bias, const float * initial) {
    MatrixProduct product = ProductOfRows(weight, current, stride, count);
    product.bias = bias;
    product.initial = initial;
    product.initialStride = m_FirstColumns;
    product.relu = true;
    product.c = scratch.activations[next].mutable_data_ptr<float>();
    product.cStride = m_ActivationStride;
    m_Kernels.multiply(product);
    current = product.c;
    stride = m_ActivationStride;
    next = 1 - next;
  };
  for (const Layer & layer : m_BeforeSum)
  {
    apply(layer.weight, layer.bias.const_data_ptr<float>(), nullptr);
  }
  if (!m_BeforeSum.empty())
  {
    apply(m_Sum, nullptr, first + m_HiddenColumns);
  }
  for (const Layer & layer : m_AfterSum)
  {
    apply(layer.weight, layer.bias.const_data_ptr<float>(), nullptr);
  }
  for (std::int64_t row = 0; row < count; ++row)
  {
    const float value =
      m_Kernels.dot(current + row * stride, m_LastWeight.const_data_ptr<float>(), m_HiddenColumns) + m_LastBias;
    result[row] = m_EndsWithReLU ? std::max(value, 0.0F) : value;
  }
}

std::int64_t
CpuPerceptron::GetWeightBytes(const Network & network)
{
  std::int64_t bytes = 0;
  for (const Decoder::Stage * stage : { &network.GetDecoder().GetStageOne(), &network.GetDecoder().GetStageTwo() })
  {
    for (const Linear & layer : *stage)
    {
      const auto & shape = network.GetParameters().GetEntries()[layer.GetWeight()].shape;
      bytes += PackedMatrix::GetBytes(shape[0], shape[1]);
    }
  }
  return bytes;
}

std::int64_t
CpuPerceptron::GetScratchBytes(const CpuKernels & kernels, const Network & network)
{
  return 2 * static_cast<std::int64_t>(sizeof(float)) * kernels.rowsInCache *
         GetActivationStride(network.GetArchitecture());
}
} // namespace itk::arssr
