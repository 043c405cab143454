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
// element of B would be loaded for fewer products; with more rows the compiler would spill sums. Twelve or more sums
// that do not depend on each other also cover the latency of multiply-adds, of which recent x86 processors start up to
// two in a cycle and finish each after four or five.
constexpr int PanelVectors = 2;
constexpr int BlockRows = ARSSR_KERNEL_ROWS;

/** Rows of a block whose sums fill no more registers than BlockRows rows of a full panel. */
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
 * The sums start from bias and I and are stored once, so they never pass through memory on the way. They grow in the
 * order of k in every block, whatever its size: a row's bits do not depend on the number of rows. The depth is not cut
 * into parts for the first level cache, as partial sums would have to be stored and loaded again. */
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
  // A is not packed: of each row one element at a time is read and broadcast, from as many streams as there are rows,
  // which prefetchers and the first level cache follow. Packing would pass over A once more.
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
  // One branch for the whole block: between the stores, which may alias `product` for all the compiler knows, its
  // members would be loaded again each time. The strides are copied to locals for the same reason.
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
  // All of the block's I and D has been read by now, which is why C may be either. It must not be A: the next panel
  // reads the same rows of A again.
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

/** The remaining rows, fewer than a block has: one instantiation for each number of rows, as an array in registers has
 * no index at run time. */
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
  // The panels before this one hold `column` columns of bDepth floats each, whatever their widths.
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

// Panel by panel: one panel of B, depth × 8, 16 or 32 floats (32 KiB for a depth of 256 and AVX-512), stays in the
// first level cache while all rows of A pass by; A, of `rowsInCache` rows or fewer, stays in the second until the last
// panel. The last panel has two or three vectors, and one only where the matrix has no more: a panel of one vector
// would load each element of A for a single product, and padding the columns to full panels would multiply by zeros.
// PackedMatrix cuts the columns in the same way; the two must agree.
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

/** Lanes run along the depth, as there is only one column, and are summed at the end. Four rows at a time share each
 * load of the weights, and their sums make one vector. The order of a row's sum is that of a single row. */
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
    // The comparison is false for a NaN, which stays, as in PositivePart().
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
