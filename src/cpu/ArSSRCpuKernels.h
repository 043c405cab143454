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
#ifndef ArSSRCpuKernels_h
#define ArSSRCpuKernels_h

#include <cstdint>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief C = act(I + A B) + D, row-major, with B packed for the kernels in use (PackedMatrix).
 *
 * A row of C depends on nothing but that row of A, I and D: neither on how many rows there are, nor on where they lie.
 * Pointers that are null stand for zeros. C may be I or D. */
struct MatrixProduct
{
  std::int64_t  rows{ 0 };
  std::int64_t  depth{ 0 };         /**< columns of A that count, at most those that B was packed with */
  std::int64_t  columns{ 0 };       /**< of C, a multiple of the kernels' lanes */
  const float * a{ nullptr };       /**< A, [row, depth] */
  std::int64_t  aStride{ 0 };       /**< floats from a row to the next */
  const float * b{ nullptr };       /**< B, [panel, depth, column in the panel] */
  std::int64_t  bDepth{ 0 };        /**< depth that B was packed with */
  const float * bias{ nullptr };    /**< a row that is added to each of I, [column] */
  const float * initial{ nullptr }; /**< I, [row, column] */
  std::int64_t  initialStride{ 0 };
  const float * added{ nullptr }; /**< D, [row, column] */
  std::int64_t  addedStride{ 0 };
  float *       c{ nullptr }; /**< C, [row, column] */
  std::int64_t  cStride{ 0 };
  bool          relu{ false };
};

/** \brief result = w0 · row0 + w1 · row1. */
struct RowBlend
{
  std::int64_t  count{ 0 }; /**< floats, a multiple of the kernels' lanes */
  const float * row0{ nullptr };
  const float * row1{ nullptr };
  float         weight0{ 0.0F };
  float         weight1{ 0.0F };
  float *       result{ nullptr };
};

/** \brief For each voxel of a line, result = act(w0 · row0 + w1 · row1 + bias + x · slope). */
struct LineBlend
{
  struct Voxel
  {
    std::int64_t row0; /**< by its number */
    std::int64_t row1;
    float        weight0;
    float        weight1;
    float        x;
  };

  std::int64_t  count{ 0 }; /**< voxels */
  const Voxel * voxels{ nullptr };
  std::int64_t  columns{ 0 };      /**< a multiple of the kernels' lanes, as `activated` */
  std::int64_t  activated{ 0 };    /**< columns that a ReLU follows, the first ones */
  const float * rows{ nullptr };   /**< [row, column] */
  const float * bias{ nullptr };   /**< [column] */
  const float * slope{ nullptr };  /**< [column] */
  float *       result{ nullptr }; /**< [voxel, column] */
};

/** \brief Intensities interpolated at the voxels of a line: first between LR lines, and then along x. */
struct LineInterpolation
{
  static constexpr int MaximumTaps = 4; /**< along an axis */

  struct Voxel
  {
    std::int64_t first; /**< intensity that the first tap reads; the others follow */
    float        weights[MaximumTaps];
  };

  int                   taps{ 0 };              /**< along x, 2 or 4 */
  int                   lines{ 0 };             /**< that are added up */
  const float * const * values{ nullptr };      /**< of each of these */
  const float *         lineWeights{ nullptr }; /**< of each of these */
  std::int64_t          size{ 0 };              /**< intensities of a line */
  std::int64_t          before{ 0 };            /**< times that its first one is repeated before it, and */
  std::int64_t          after{ 0 };             /**< its last one behind it */
  float *               sums{ nullptr };        /**< [before + size + after], where the lines' sum is kept */
  std::int64_t          count{ 0 };             /**< voxels */
  const Voxel *         voxels{ nullptr };
  float *               result{ nullptr }; /**< [voxel] */
};

/** \brief result = act(A w + bias): a matrix product whose result has one column. */
struct ColumnProduct
{
  std::int64_t  rows{ 0 };
  std::int64_t  depth{ 0 };         /**< a multiple of the kernels' lanes */
  const float * a{ nullptr };       /**< A, [row, depth] */
  std::int64_t  aStride{ 0 };       /**< floats from a row to the next */
  const float * weights{ nullptr }; /**< w, [depth] */
  float         bias{ 0.0F };
  bool          relu{ false };
  float *       result{ nullptr }; /**< [row] */
};

/** \brief A quarter of the input transform of F(2×2×2, 3×3×3): the coefficients of one frequency along z.
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, in three dimensions. */
struct WinogradInput
{
  const float * const * voxels{ nullptr }; /**< the tile's 4×4×4 voxels, [z, y, x]; each points to its channels */
  std::int64_t          channels{ 0 };     /**< a multiple of the kernels' lanes */
  int                   frequency{ 0 };    /**< along z, 0 to 3 */
  float *               result{ nullptr }; /**< [frequency y, frequency x, …, channel] */
  std::int64_t          resultStride{ 0 }; /**< floats from a frequency along x to the next */
};

/** \brief The other way: adds what one frequency along z gives to the tile's 2×2×2 output voxels. */
struct WinogradOutput
{
  const float * coefficients{ nullptr }; /**< [frequency y, frequency x, …, channel] */
  std::int64_t  coefficientStride{ 0 };
  std::int64_t  channels{ 0 };
  int           frequency{ 0 };
  float *       sums{ nullptr }; /**< [z, y, x, channel]; the first frequency sets them */
};

/** \brief result = act(sum + bias) + added, for the channels of a voxel. */
struct VoxelFinish
{
  const float * sums{ nullptr };
  const float * bias{ nullptr };
  const float * added{ nullptr }; /**< may be null */
  float *       result{ nullptr };
  std::int64_t  channels{ 0 };
  bool          relu{ false };
};

/** \brief The inner loops on a processor, written once for vectors of any length and compiled for several.
 *
 * Sums are taken in an order that depends on nothing but their length, so a result has the same bits whatever else is
 * computed beside it, with any number of threads. Sets of kernels differ in their last bits.
 */
struct CpuKernels
{
  const char * name;
  int          lanes;         /**< floats in a vector */
  int          panelVectors;  /**< vectors in a full panel of packed columns */
  int          rows;          /**< rows that are computed together at most */
  int          winogradTiles; /**< tiles that are transformed together: what stays in the second level cache */
  std::int64_t rowsInCache;   /**< rows of a perceptron's activations that stay there */

  void (*multiply)(const MatrixProduct &);
  void (*multiplyColumn)(const ColumnProduct &);
  void (*blend)(const RowBlend &);
  void (*blendLine)(const LineBlend &);
  void (*interpolateLine)(const LineInterpolation &);
  void (*transformInput)(const WinogradInput &);
  void (*transformOutput)(const WinogradOutput &);
  void (*finishVoxel)(const VoxelFinish &);
};

/** The fastest kernels that this processor runs; as torch's own, limited by the environment's `ATEN_CPU_CAPABILITY`
 * (`default`, `avx2`, `avx512`). Decided once. */
const CpuKernels &
GetCpuKernels();

/** All that were compiled and run on this processor, the portable ones first. */
std::vector<const CpuKernels *>
GetSupportedCpuKernels();

/** Channels of every activation are padded to a multiple of this, the longest vector of all kernels. */
constexpr std::int64_t ChannelPadding = 16;

constexpr std::int64_t
PaddedChannels(std::int64_t channels)
{
  return (channels + ChannelPadding - 1) / ChannelPadding * ChannelPadding;
}
} // namespace itk::arssr

#endif
