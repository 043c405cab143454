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
#include "cpu/ArSSRPackedMatrix.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
PackedMatrix::PackedMatrix(const CpuKernels & kernels,
                           const at::Tensor & weight,
                           std::int64_t       depth,
                           std::int64_t       padding)
  : m_Columns((weight.size(0) + padding - 1) / padding * padding)
  , m_Depth(depth)
  , m_Panels(at::zeros({ m_Columns * depth }, at::kFloat))
{
  const auto         values = weight.accessor<float, 2>();
  float *            panels = m_Panels.mutable_data_ptr<float>();
  const std::int64_t lanes = kernels.lanes;
  const std::int64_t full = kernels.panelVectors * lanes;
  for (std::int64_t first = 0; first < m_Columns;)
  {
    // As the kernels' Multiply() takes them: full panels, and a last one of one to three vectors. A panel's rows are
    // contiguous, so that the inner loop over the depth reads B as one stream.
    const std::int64_t left = m_Columns - first;
    const std::int64_t width = left < full + 2 * lanes ? left : full;
    // Padding keeps the zeros of the buffer, in columns and in depth: the result's padding is zero, and so is what the
    // input's padding contributes.
    const std::int64_t last = std::min(first + width, weight.size(0));
    for (std::int64_t column = first; column < last; ++column)
    {
      for (std::int64_t k = 0; k < weight.size(1); ++k)
      {
        panels[first * depth + k * width + (column - first)] = values[column][k];
      }
    }
    first += width;
  }
  m_Data = panels;
}

MatrixProduct
PackedMatrix::MakeProduct() const
{
  MatrixProduct product;
  product.depth = m_Depth;
  product.columns = m_Columns;
  product.b = m_Data;
  product.bDepth = m_Depth;
  return product;
}

std::vector<float>
PadVector(const at::Tensor & vector)
{
  const at::Tensor   values = vector.contiguous();
  std::vector<float> padded(static_cast<std::size_t>(PaddedChannels(values.numel())));
  std::copy_n(values.const_data_ptr<float>(), values.numel(), padded.data());
  return padded;
}
} // namespace itk::arssr
