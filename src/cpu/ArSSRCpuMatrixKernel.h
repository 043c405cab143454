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
// Included by each ArSSRCpuKernels<Set>.cxx after ArSSRCpuVector.h.
#ifndef ArSSRCpuMatrixKernel_h
#define ArSSRCpuMatrixKernel_h

#include "cpu/ArSSRCpuKernels.h"
#include "cpu/ArSSRCpuVector.h"

namespace itk::arssr::ARSSR_KERNEL_NAMESPACE
{
// A block of the product is kept in registers: rows × 2 vectors of sums, the 2 vectors of B that all rows share, and
// one element of A. Six rows take 15 of AVX2's 16 registers, twelve take 27 of AVX-512's 32. With fewer rows each
// element of B would be loaded for fewer products, with more the compiler would spill sums.
constexpr int PanelVectors = 2;
constexpr int BlockRows = ARSSR_KERNEL_ROWS;

/** Rows of a block whose sums take as many registers as those of BlockRows and a full panel. */
constexpr int
GetBlockRows(int vectors)
{
  return vectors <= PanelVectors ? BlockRows : BlockRows * PanelVectors / vectors;
}

template <int Rows, int Vectors>
ARSSR_INLINE void
AddRows(Vector (&sums)[Rows][Vectors], const float * rows, std::int64_t stride)
{
  ARSSR_UNROLL
  for (int r = 0; r < Rows; ++r)
  {
    ARSSR_UNROLL
    for (int v = 0; v < Vectors; ++v)
    {
      sums[r][v] = sums[r][v] + Load(rows + r * stride + v * Lanes);
    }
  }
}

/** Rows × Vectors registers of sums over the whole depth.
 *
 * The sums begin with the bias and are stored once, so neither they nor C pass through memory on the way. They grow in
 * the order of k in every block, whatever its size: a row's bits do not depend on how many rows there are. */
template <int Rows, int Vectors>
void
MultiplyBlock(const MatrixProduct & product, const float * panel, std::int64_t row, std::int64_t column)
{
  Vector sums[Rows][Vectors];
  ARSSR_UNROLL
  for (int v = 0; v < Vectors; ++v)
  {
    const Vector bias = product.bias ? Load(product.bias + column + v * Lanes) : Broadcast(0.0F);
    ARSSR_UNROLL
    for (int r = 0; r < Rows; ++r)
    {
      sums[r][v] = bias;
    }
  }
  if (product.initial)
  {
    AddRows<Rows, Vectors>(sums, product.initial + row * product.initialStride + column, product.initialStride);
  }
  const std::int64_t aStride = product.aStride;
  const float *      a = product.a + row * aStride;
  for (std::int64_t k = 0; k < product.depth; ++k)
  {
    Vector b[Vectors]{};
    ARSSR_UNROLL
    for (int v = 0; v < Vectors; ++v)
    {
      b[v] = Load(panel + (k * Vectors + v) * Lanes);
    }
    ARSSR_UNROLL
    for (int r = 0; r < Rows; ++r)
    {
      const Vector value = Broadcast(a[r * aStride + k]);
      ARSSR_UNROLL
      for (int v = 0; v < Vectors; ++v)
      {
        sums[r][v] = sums[r][v] + value * b[v];
      }
    }
  }
  // Decided once for the whole block: between its stores the compiler would have to read the product again.
  if (product.relu)
  {
    ARSSR_UNROLL
    for (int r = 0; r < Rows; ++r)
    {
      ARSSR_UNROLL
      for (int v = 0; v < Vectors; ++v)
      {
        sums[r][v] = PositivePart(sums[r][v]);
      }
    }
  }
  if (product.added)
  {
    AddRows<Rows, Vectors>(sums, product.added + row * product.addedStride + column, product.addedStride);
  }
  const std::int64_t cStride = product.cStride;
  float *            c = product.c + row * cStride + column;
  ARSSR_UNROLL
  for (int r = 0; r < Rows; ++r)
  {
    ARSSR_UNROLL
    for (int v = 0; v < Vectors; ++v)
    {
      Store(c + r * cStride + v * Lanes, sums[r][v]);
    }
  }
}

/** The rows that are left, fewer than a block has: one function for each number of them, as registers have no index. */
template <int Rows, int Vectors>
void
MultiplyRemainder(const MatrixProduct & product, const float * panel, std::int64_t row, std::int64_t column)
{
  if (product.rows - row == Rows)
  {
    MultiplyBlock<Rows, Vectors>(product, panel, row, column);
  }
  else if constexpr (Rows > 1)
  {
    MultiplyRemainder<Rows - 1, Vectors>(product, panel, row, column);
  }
}

template <int Vectors>
void
MultiplyPanel(const MatrixProduct & product, std::int64_t column)
{
  constexpr int Rows = GetBlockRows(Vectors);
  const float * panel = product.b + column * product.bDepth;
  std::int64_t  row = 0;
  for (; row + Rows <= product.rows; row += Rows)
  {
    MultiplyBlock<Rows, Vectors>(product, panel, row, column);
  }
  if (row < product.rows)
  {
    MultiplyRemainder<Rows - 1, Vectors>(product, panel, row, column);
  }
}

// Panel by panel: one of B, depth × 16 or 32 floats, stays in the first level cache while all rows of A pass by, and A,
// of a few dozen rows, stays in the second until the last panel. The last panel may be one vector narrower or wider, so
// that no product is done for columns that are padding alone.
inline void
Multiply(const MatrixProduct & product)
{
  std::int64_t column = 0;
  for (; product.columns - column >= (PanelVectors + 2) * Lanes; column += PanelVectors * Lanes)
  {
    MultiplyPanel<PanelVectors>(product, column);
  }
  switch ((product.columns - column) / Lanes)
  {
    case 1:
      return MultiplyPanel<1>(product, column);
    case PanelVectors:
      return MultiplyPanel<PanelVectors>(product, column);
    case PanelVectors + 1:
      return MultiplyPanel<PanelVectors + 1>(product, column);
    default:;
  }
}

/** Lanes run along the depth, as there is one column only; they are summed at the end, four rows at a time, so that one
 * load of the weights serves four rows and the sums of four rows make one vector. */
template <int Rows>
void
MultiplyRowsByColumn(const ColumnProduct & product, std::int64_t row)
{
  const std::int64_t aStride = product.aStride;
  const float *      a = product.a + row * aStride;
  Vector             sums[Rows]{};
  for (std::int64_t k = 0; k < product.depth; k += Lanes)
  {
    const Vector weights = Load(product.weights + k);
    ARSSR_UNROLL
    for (int r = 0; r < Rows; ++r)
    {
      sums[r] = sums[r] + Load(a + r * aStride + k) * weights;
    }
  }
  float values[Rows];
  if constexpr (Rows == 1)
  {
    values[0] = SumOfLanes(sums[0]);
  }
  else
  {
    SumsOfLanes(sums, values);
  }
  for (int r = 0; r < Rows; ++r)
  {
    const float value = values[r] + product.bias;
    product.result[row + r] = product.relu && value < 0.0F ? 0.0F : value;
  }
}

inline void
MultiplyColumn(const ColumnProduct & product)
{
  constexpr int Rows = 4;
  std::int64_t  row = 0;
  for (; row + Rows <= product.rows; row += Rows)
  {
    MultiplyRowsByColumn<Rows>(product, row);
  }
  for (; row < product.rows; ++row)
  {
    MultiplyRowsByColumn<1>(product, row);
  }
}
} // namespace itk::arssr::ARSSR_KERNEL_NAMESPACE

#endif
