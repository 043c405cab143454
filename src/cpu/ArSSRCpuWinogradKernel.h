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
#ifndef ArSSRCpuWinogradKernel_h
#define ArSSRCpuWinogradKernel_h

#include "cpu/ArSSRCpuKernels.h"
#include "cpu/ArSSRCpuVector.h"

namespace itk::arssr::ARSSR_KERNEL_NAMESPACE
{
// F(2, 3) in one dimension (Lavin and Gray, section 4.1: the matrix B^T): voxels d0…d3 and weights g0…g2 give outputs
// y0 and y1. The products m0…m3 that make y0 = m0 + m1 + m2 see only d0…d2, and those of y1 = m1 - m2 - m3 only d1…d3:
// a voxel beyond an output's neighbours takes no part in it, not even in the rounding, and not if it is infinite.
ARSSR_INLINE void
TransformInputLine(const Vector & d0, const Vector & d1, const Vector & d2, const Vector & d3, Vector * result)
{
  result[0] = d0 - d2;
  result[1] = d1 + d2;
  result[2] = d2 - d1;
  result[3] = d1 - d3;
}

/** One voxel (y, x) after the transform along z, for the frequency of this pass. The other three frequencies have
 * passes of their own, which load the voxels again, so that only a quarter of all coefficients lies between the
 * transforms at any time. */
ARSSR_INLINE Vector
InputPlane(const WinogradInput & input, int yx, std::int64_t channel)
{
  constexpr std::int64_t plane = 16;
  const float * const *  voxels = input.voxels + yx;
  switch (input.frequency)
  {
    case 0:
      return Load(voxels[0 * plane] + channel) - Load(voxels[2 * plane] + channel);
    case 1:
      return Load(voxels[1 * plane] + channel) + Load(voxels[2 * plane] + channel);
    case 2:
      return Load(voxels[2 * plane] + channel) - Load(voxels[1 * plane] + channel);
    default:
      return Load(voxels[1 * plane] + channel) - Load(voxels[3 * plane] + channel);
  }
}

/** 4×4 voxels of a plane to 4×4 frequencies, along x and then along y. Lanes are channels, so all 16 values of the
 * transform are vectors and no lane is ever shuffled. Results of one frequency lie together for all tiles of a block,
 * as the rows of one matrix product. */
inline void
TransformInput(const WinogradInput & input)
{
  for (std::int64_t channel = 0; channel < input.channels; channel += Lanes)
  {
    Vector rows[4][4]; // [y, frequency x]
    ARSSR_UNROLL
    for (int y = 0; y < 4; ++y)
    {
      TransformInputLine(InputPlane(input, 4 * y, channel),
                         InputPlane(input, 4 * y + 1, channel),
                         InputPlane(input, 4 * y + 2, channel),
                         InputPlane(input, 4 * y + 3, channel),
                         rows[y]);
    }
    ARSSR_UNROLL
    for (int x = 0; x < 4; ++x)
    {
      Vector column[4];
      TransformInputLine(rows[0][x], rows[1][x], rows[2][x], rows[3][x], column);
      ARSSR_UNROLL
      for (int y = 0; y < 4; ++y)
      {
        Store(input.result + (4 * y + x) * input.resultStride + channel, column[y]);
      }
    }
  }
}

ARSSR_INLINE void
AddTo(float * sum, const Vector & value, int sign)
{
  Store(sum, sign > 0 ? Load(sum) + value : Load(sum) - value);
}

/** Back from the 4×4 coefficients of one frequency along z to 2×2 values, which are added to both planes of the tile
 * with the signs that this frequency has there (the matrix A^T, whose rows are 1, 1, 1, 0 and 0, 1, -1, -1).
 * Frequencies come in the order 0 to 3, which fixes the order of the sums: the first one overwrites what the last block
 * left. */
inline void
TransformOutput(const WinogradOutput & output)
{
  for (std::int64_t channel = 0; channel < output.channels; channel += Lanes)
  {
    Vector rows[4][2]; // [frequency y, x]
    ARSSR_UNROLL
    for (int y = 0; y < 4; ++y)
    {
      const float * line = output.coefficients + y * (4 * output.coefficientStride) + channel;
      const Vector  m1 = Load(line + output.coefficientStride);
      const Vector  m2 = Load(line + 2 * output.coefficientStride);
      rows[y][0] = Load(line) + m1 + m2;
      rows[y][1] = m1 - m2 - Load(line + 3 * output.coefficientStride);
    }
    ARSSR_UNROLL
    for (int x = 0; x < 2; ++x)
    {
      const Vector values[2] = { rows[0][x] + rows[1][x] + rows[2][x], rows[1][x] - rows[2][x] - rows[3][x] };
      ARSSR_UNROLL
      for (int y = 0; y < 2; ++y)
      {
        // The tile's planes z = 0 and z = 1, each of 2×2 voxels.
        float * low = output.sums + (2 * y + x) * output.channels + channel;
        float * high = low + 4 * output.channels;
        switch (output.frequency)
        {
          case 0:
            Store(low, values[y]);
            Store(high, Broadcast(0.0F));
            break;
          case 1:
            AddTo(low, values[y], 1);
            AddTo(high, values[y], 1);
            break;
          case 2:
            AddTo(low, values[y], 1);
            AddTo(high, values[y], -1);
            break;
          default:
            AddTo(high, values[y], -1);
        }
      }
    }
  }
}

inline void
FinishVoxel(const VoxelFinish & finish)
{
  for (std::int64_t channel = 0; channel < finish.channels; channel += Lanes)
  {
    Vector value = Load(finish.sums + channel) + Load(finish.bias + channel);
    value = finish.relu ? PositivePart(value) : value;
    value = finish.added ? value + Load(finish.added + channel) : value;
    Store(finish.result + channel, value);
  }
}
} // namespace itk::arssr::ARSSR_KERNEL_NAMESPACE

#endif
