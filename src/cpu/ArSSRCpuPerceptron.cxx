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
#include "cpu/ArSSRCpuPerceptron.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
// Hidden activations have the network's width; the last layer of stage one has as many outputs as the MLP has inputs.
std::int64_t
GetActivationStride(const Architecture & architecture)
{
  return std::max(PaddedChannels(architecture.width),
                  PaddedChannels(architecture.featureDimension + architecture.GetNumberOfCoordinates()));
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

  // Two stages: y = f2(x + f1(x)). The input x joins the first values only where it is added later.
  const Linear & firstLayer = one.empty() ? two.front() : one.front();
  m_First = this->MakeLayer(network, firstLayer).weight;
  m_HiddenColumns = m_First.GetColumns();
  m_FirstColumns = m_HiddenColumns + (one.empty() ? 0 : PaddedChannels(m_FeatureDimension + m_NumberOfCoordinates));

  // The coordinates' rows of weights: those of the first layer and, in the columns of the input, the identity, which
  // passes the coordinates on to the sum of the two stages. The bias of those columns is zero.
  const std::int64_t width = network.GetArchitecture().width;
  const at::Tensor   bias = at::zeros({ m_FirstColumns }, at::kFloat);
  bias.narrow(0, 0, width).copy_(parameters[firstLayer.GetBias()]);
  m_Bias = PadVector(bias);
  const at::Tensor coordinateWeights = at::zeros({ m_NumberOfCoordinates, m_FirstColumns }, at::kFloat);
  coordinateWeights.narrow(1, 0, width)
    .copy_(parameters[firstLayer.GetWeight()].narrow(1, m_FeatureDimension, m_NumberOfCoordinates).t());
  if (!one.empty())
  {
    coordinateWeights.narrow(1, m_HiddenColumns + m_FeatureDimension, m_NumberOfCoordinates)
      .copy_(at::eye(m_NumberOfCoordinates));
  }
  m_CoordinateWeights = PadVector(coordinateWeights.flatten());

  // Stage one has two layers or more (Architecture checks its depth), so m_BeforeSum is not empty with two stages.
  for (std::size_t layer = 1; layer < one.size(); ++layer)
  {
    m_BeforeSum.push_back(this->MakeLayer(network, one[layer]));
  }
  for (std::size_t layer = one.empty() ? 1 : 0; layer + 1 < two.size(); ++layer)
  {
    m_AfterSum.push_back(this->MakeLayer(network, two[layer]));
  }
  // The last layer has one output and a kernel of its own; a matrix product would compute a vector of columns for it.
  m_LastWeight = PadVector(parameters[two.back().GetWeight()].flatten());
  m_LastBias = parameters[two.back().GetBias()].item<float>();
}

CpuPerceptron::Layer
CpuPerceptron::MakeLayer(const Network & network, const Linear & linear) const
{
  // Columns are padded only to the kernels' lanes: a padding to ChannelPadding would add products by zero.
  const at::Tensor & weight = network.GetParameters()[linear.GetWeight()];
  return { PackedMatrix(m_Kernels, weight, weight.size(1), m_Kernels.lanes),
           PadVector(network.GetParameters()[linear.GetBias()]) };
}

void
CpuPerceptron::MakeFirst(MatrixProduct product,
                         const float * rows,
                         std::int64_t  stride,
                         std::int64_t  count,
                         float *       first) const
{
  product.rows = count;
  product.a = rows;
  product.aStride = stride;
  product.c = first;
  product.cStride = m_FirstColumns;
  m_Kernels.multiply(product);
  // The input follows in columns of its own, with zeros up to their padding: a row is interpolated as a whole.
  const std::int64_t inputColumns = m_FirstColumns - m_HiddenColumns;
  for (std::int64_t row = 0; inputColumns > 0 && row < count; ++row)
  {
    float * input = first + row * m_FirstColumns + m_HiddenColumns;
    std::copy_n(rows + row * stride, product.depth, input);
    std::fill(input + product.depth, input + inputColumns, 0.0F);
  }
}

void
CpuPerceptron::ApplyFirst(const float * features, std::int64_t stride, std::int64_t count, float * first) const
{
  MatrixProduct product = m_First.MakeProduct();
  // The coordinates' weights lie behind the features' in depth and are left out: coordinates are not interpolated. Nor
  // are bias and ReLU applied, which come after the interpolation.
  product.depth = m_FeatureDimension;
  this->MakeFirst(product, features, stride, count, first);
}

void
CpuPerceptron::ApplyFirstWithCoordinates(const float * rows,
                                         std::int64_t  stride,
                                         std::int64_t  count,
                                         float *       first) const
{
  MatrixProduct product = m_First.MakeProduct();
  product.bias = this->GetBias();
  product.relu = true;
  this->MakeFirst(product, rows, stride, count, first);
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
  // Two buffers of activations take turns, as a product must not write where it reads. Both, and the weights of one
  // layer, fit into the second level cache for a width of 256. Padded columns stay zero through all layers: their
  // weights and biases are zero.
  const float * current = first;
  std::int64_t  stride = m_FirstColumns;
  std::size_t   next = 0;
  const auto    apply = [&](const Layer & layer, const float * added) {
    MatrixProduct product = layer.weight.MakeProduct();
    product.rows = count;
    product.a = current;
    product.aStride = stride;
    product.bias = layer.bias.data();
    product.added = added;
    product.addedStride = m_FirstColumns;
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
    // Stage one ends with a ReLU, after which the product's epilogue adds the MLP's input: x + f1(x).
    apply(layer, &layer == &m_BeforeSum.back() ? first + m_HiddenColumns : nullptr);
  }
  for (const Layer & layer : m_AfterSum)
  {
    apply(layer, nullptr);
  }
  ColumnProduct last;
  last.rows = count;
  // The columns of a hidden layer, padded to the lanes; the weights of the padding are zero.
  last.depth = m_HiddenColumns;
  last.a = current;
  last.aStride = stride;
  last.weights = m_LastWeight.data();
  last.bias = m_LastBias;
  last.relu = m_EndsWithReLU;
  last.result = result;
  m_Kernels.multiplyColumn(last);
}

std::int64_t
CpuPerceptron::GetWeightBytes() const
{
  std::int64_t bytes = m_First.GetBytes();
  for (const std::vector<Layer> * layers : { &m_BeforeSum, &m_AfterSum })
  {
    for (const Layer & layer : *layers)
    {
      bytes += layer.weight.GetBytes();
    }
  }
  return bytes;
}

std::int64_t
CpuPerceptron::GetScratchBytes() const
{
  return 2 * static_cast<std::int64_t>(sizeof(float)) * m_Kernels.rowsInCache * m_ActivationStride;
}
} // namespace itk::arssr
