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
 * A row of C depends, in every bit, only on the same row of A, I and D: neither on the number of rows nor on their
 * addresses. A null pointer stands for zeros. C may be I or D, but not overlap A. */
struct MatrixProduct
{
  std::int64_t  rows{ 0 };
  std::int64_t  depth{ 0 };         /**< columns of A that take part, at most bDepth */
  std::int64_t  columns{ 0 };       /**< of C, a multiple of the kernels' lanes */
  const float * a{ nullptr };       /**< A, [row, depth] */
  std::int64_t  aStride{ 0 };       /**< floats from one row to the next, as the other strides */
  const float * b{ nullptr };       /**< B, [panel, depth, column in the panel] */
  std::int64_t  bDepth{ 0 };        /**< depth B was packed with */
  const float * bias{ nullptr };    /**< a row added to every row of I, [column] */
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
    std::int64_t row0; /**< number of a row */
    std::int64_t row1;
    float        weight0;
    float        weight1;
    float        x;
  };

  std::int64_t  count{ 0 }; /**< voxels */
  const Voxel * voxels{ nullptr };
  std::int64_t  columns{ 0 };      /**< a multiple of the kernels' lanes, as is `activated` */
  std::int64_t  activated{ 0 };    /**< leading columns that a ReLU follows */
  const float * rows{ nullptr };   /**< [row, column] */
  const float * bias{ nullptr };   /**< [column] */
  const float * slope{ nullptr };  /**< [column] */
  float *       result{ nullptr }; /**< [voxel, column] */
};

/** \brief Intensities interpolated at the voxels of a line: first across LR lines, then along x. */
struct LineInterpolation
{
  static constexpr int MaximumTaps = 4; /**< along an axis */

  struct Voxel
  {
    std::int64_t first; /**< index in `sums` that the first tap reads; the other taps follow */
    float        weights[MaximumTaps];
  };

  int                   taps{ 0 };              /**< along x, 2 or 4 */
  int                   lines{ 0 };             /**< LR lines in the weighted sum */
  const float * const * values{ nullptr };      /**< the intensities of each line */
  const float *         lineWeights{ nullptr }; /**< the weight of each line */
  std::int64_t          size{ 0 };              /**< intensities in a line */
  std::int64_t          before{ 0 };            /**< copies of the first intensity in front of the line */
  std::int64_t          after{ 0 };             /**< copies of the last intensity behind the line */
  float *               sums{ nullptr };        /**< [before + size + after], scratch for the lines' sum */
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
  std::int64_t  aStride{ 0 };       /**< floats from one row to the next */
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
  std::int64_t          resultStride{ 0 }; /**< floats from one frequency along x to the next */
};

/** \brief A quarter of the output transform: adds the contribution of one frequency along z to the tile's 2×2×2 output
 * voxels. */
struct WinogradOutput
{
  const float * coefficients{ nullptr }; /**< [frequency y, frequency x, …, channel] */
  std::int64_t  coefficientStride{ 0 };
  std::int64_t  channels{ 0 };
  int           frequency{ 0 };
  float *       sums{ nullptr }; /**< [z, y, x, channel]; frequency 0 overwrites them */
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

/** \brief The inner loops for one kind of processor; the source is written for vectors of any length and compiled for
 * several.
 *
 * The order of a sum depends only on its length, so a result has the same bits whatever else is computed beside it and
 * with any number of threads. Sets of kernels differ from each other in the last bits.
 */
struct CpuKernels
{
  const char * name;
  int          lanes;         /**< floats in a vector */
  int          panelVectors;  /**< vectors in a full panel of packed columns */
  int          rows;          /**< most rows that are computed together */
  int          winogradTiles; /**< tiles transformed together, as many as the second level cache holds */
  std::int64_t rowsInCache;   /**< rows of a perceptron's activations that it holds */

  void (*multiply)(const MatrixProduct &);
  void (*multiplyColumn)(const ColumnProduct &);
  void (*blend)(const RowBlend &);
  void (*blendLine)(const LineBlend &);
  void (*interpolateLine)(const LineInterpolation &);
  void (*transformInput)(const WinogradInput &);
  void (*transformOutput)(const WinogradOutput &);
  void (*finishVoxel)(const VoxelFinish &);
};

/** The fastest kernels that this processor runs, limited like torch's own by the environment variable
 * `ATEN_CPU_CAPABILITY` (`default`, `avx2`, `avx512`). Chosen once per process. */
const CpuKernels &
GetCpuKernels();

/** All compiled kernels that this processor runs, from the portable ones to the fastest. */
std::vector<const CpuKernels *>
GetSupportedCpuKernels();

/** Channels of every activation are padded to a multiple of this, the longest vector of all kernels: one layout of
 * features then serves every set, and no kernel needs a loop for a remainder of channels. */
constexpr std::int64_t ChannelPadding = 16;

constexpr std::int64_t
PaddedChannels(std::int64_t channels)
{
  return (channels + ChannelPadding - 1) / ChannelPadding * ChannelPadding;
}
} // namespace itk::arssr

#endif
