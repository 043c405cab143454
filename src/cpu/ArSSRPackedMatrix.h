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
#ifndef ArSSRPackedMatrix_h
#define ArSSRPackedMatrix_h

#include "cpu/ArSSRCpuKernels.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace itk::arssr
{
/** \brief Weights as the kernels read them: panels of columns, [panel, depth, column in the panel].
 *
 * Columns are padded with zeros, at least to a multiple of the kernels' lanes; the last panel may be one vector wider
 * or narrower than the others. Copies share the panels, which are never written again.
 */
class PackedMatrix
{
public:
  PackedMatrix() = default;

  /** \param weight [column, depth], float32 on the CPU, as torch keeps the weights of a layer: [out, in].
   * \param depth to which the weight's is padded. \param padding the number of columns is padded to a multiple of it;
   * itself a multiple of the kernels' lanes. */
  PackedMatrix(const CpuKernels & kernels,
               const at::Tensor & weight,
               std::int64_t       depth,
               std::int64_t       padding = ChannelPadding);

  /** A product with this matrix on the right; the caller sets the other operands. */
  MatrixProduct
  MakeProduct() const;

  std::int64_t
  GetColumns() const
  {
    return m_Columns;
  }

  std::int64_t
  GetBytes() const
  {
    return m_Panels.defined() ? static_cast<std::int64_t>(m_Panels.nbytes()) : 0;
  }

private:
  std::int64_t  m_Columns{ 0 };
  std::int64_t  m_Depth{ 0 };
  at::Tensor    m_Panels;
  const float * m_Data{ nullptr }; // of m_Panels
};

/** The values of a float32 vector, padded with zeros to a multiple of ChannelPadding. */
std::vector<float>
PadVector(const at::Tensor & vector);
} // namespace itk::arssr

#endif
