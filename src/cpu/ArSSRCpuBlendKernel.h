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
#ifndef ArSSRCpuBlendKernel_h
#define ArSSRCpuBlendKernel_h

#include "cpu/ArSSRCpuKernels.h"
#include "cpu/ArSSRCpuVector.h"

namespace itk::arssr::ARSSR_KERNEL_NAMESPACE
{
inline void
Blend(const RowBlend & blend)
{
  const Vector weight0 = Broadcast(blend.weight0);
  const Vector weight1 = Broadcast(blend.weight1);
  for (std::int64_t i = 0; i < blend.count; i += Lanes)
  {
    Store(blend.result + i, weight0 * Load(blend.row0 + i) + weight1 * Load(blend.row1 + i));
  }
}

/** Some columns of all voxels. Voxels are the inner loop: bias and slope are loaded once for the line and stay in
 * registers, and neighbouring voxels mostly read the same two rows, which the first level cache then holds. */
template <int Vectors, bool ReLU>
void
BlendColumns(const LineBlend & blend, std::int64_t column)
{
  Vector bias[Vectors]{};
  Vector slope[Vectors]{};
  ARSSR_UNROLL
  for (int v = 0; v < Vectors; ++v)
  {
    bias[v] = Load(blend.bias + column + v * Lanes);
    slope[v] = Load(blend.slope + column + v * Lanes);
  }
  const float * rows = blend.rows + column;
  float *       result = blend.result + column;
  for (std::int64_t n = 0; n < blend.count; ++n, result += blend.columns)
  {
    const LineBlend::Voxel & voxel = blend.voxels[n];
    const float *            row0 = rows + voxel.row0 * blend.columns;
    const float *            row1 = rows + voxel.row1 * blend.columns;
    const Vector             weight0 = Broadcast(voxel.weight0);
    const Vector             weight1 = Broadcast(voxel.weight1);
    const Vector             x = Broadcast(voxel.x);
    ARSSR_UNROLL
    for (int v = 0; v < Vectors; ++v)
    {
      // The weights scale the rows only. With zero padding they add up to less than one outside the outermost
      // voxels' centres, and bias and coordinate must not fade there with the features.
      const Vector affine = bias[v] + x * slope[v];
      const Vector value = affine + weight0 * Load(row0 + v * Lanes) + weight1 * Load(row1 + v * Lanes);
      Store(result + v * Lanes, ReLU ? PositivePart(value) : value);
    }
  }
}

template <bool ReLU>
void
BlendRange(const LineBlend & blend, std::int64_t begin, std::int64_t end)
{
  // Four vectors of bias and of slope, the three broadcast numbers and the value take 12 registers; AVX2 has 16. Which
  // columns are taken together depends on the number of columns alone, so a voxel's bits do not depend on its line.
  constexpr int Vectors = 4;
  std::int64_t  column = begin;
  for (; column + Vectors * Lanes <= end; column += Vectors * Lanes)
  {
    BlendColumns<Vectors, ReLU>(blend, column);
  }
  for (; column < end; column += Lanes)
  {
    BlendColumns<1, ReLU>(blend, column);
  }
}

inline void
BlendLine(const LineBlend & blend)
{
  BlendRange<true>(blend, 0, blend.activated);
  BlendRange<false>(blend, blend.activated, blend.columns);
}

/** The weighted sum of the lines. Where a line begins decides which intensities are left over after the last full
 * vector; they go through the same operations in the same order, so that this does not show in their bits. */
inline void
AddLines(const LineInterpolation & interpolation)
{
  float * const      sums = interpolation.sums + interpolation.before;
  const std::int64_t size = interpolation.size;
  std::int64_t       x = 0;
  for (; x + Lanes <= size; x += Lanes)
  {
    Vector sum = Broadcast(0.0F);
    for (int line = 0; line < interpolation.lines; ++line)
    {
      sum = sum + Broadcast(interpolation.lineWeights[line]) * Load(interpolation.values[line] + x);
    }
    Store(sums + x, sum);
  }
  for (; x < size; ++x)
  {
    float sum = 0.0F;
    for (int line = 0; line < interpolation.lines; ++line)
    {
      sum = sum + interpolation.lineWeights[line] * interpolation.values[line][x];
    }
    sums[x] = sum;
  }
  // The border is continued by copies, so that no tap has to be clamped.
  for (std::int64_t n = 0; n < interpolation.before; ++n)
  {
    interpolation.sums[n] = sums[0];
  }
  for (std::int64_t n = 0; n < interpolation.after; ++n)
  {
    sums[size + n] = sums[size - 1];
  }
}

template <int Taps>
void
InterpolateVoxels(const LineInterpolation & interpolation)
{
  const LineInterpolation::Voxel * voxels = interpolation.voxels;
  for (std::int64_t n = 0; n < interpolation.count; ++n)
  {
    const float * values = interpolation.sums + voxels[n].first;
    float         sum = 0.0F;
    ARSSR_UNROLL
    for (int tap = 0; tap < Taps; ++tap)
    {
      sum = sum + voxels[n].weights[tap] * values[tap];
    }
    interpolation.result[n] = sum;
  }
}

inline void
InterpolateLine(const LineInterpolation & interpolation)
{
  AddLines(interpolation);
  if (interpolation.taps == 2)
  {
    return InterpolateVoxels<2>(interpolation);
  }
  InterpolateVoxels<4>(interpolation);
}
} // namespace itk::arssr::ARSSR_KERNEL_NAMESPACE

#endif
