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
#ifndef ArSSRCpuPerceptron_h
#define ArSSRCpuPerceptron_h

#include "cpu/ArSSRPackedMatrix.h"
#include "network/ArSSRNetwork.h"

#include <array>
#include <vector>

namespace itk::arssr
{
/** \brief The MLP of a network on the CPU, for rows that stay in the cache from its first layer to its last.
 *
 * The part that is linear in the features is separate, so that it can be applied on the LR grid and interpolated
 * afterwards: the first layer before its ReLU, and with two stages the MLP's input itself, which is added to the output
 * of stage one. A row of `first` values is [first layer, input], each padded, or the first layer alone.
 */
class CpuPerceptron
{
public:
  CpuPerceptron(const CpuKernels & kernels, const Network & network);

  /** Floats in a row of first values. */
  std::int64_t
  GetFirstColumns() const
  {
    return m_FirstColumns;
  }

  /** Channels in a row of features, without padding; coordinates may follow them. */
  std::int64_t
  GetFeatureDimension() const
  {
    return m_FeatureDimension;
  }
  std::int64_t
  GetNumberOfCoordinates() const
  {
    return m_NumberOfCoordinates;
  }

  /** What is added to the first values of features: the bias, and for each of the MLP's coordinates a multiple of its
   * row of weights. */
  const float *
  GetBias() const
  {
    return m_Bias.data();
  }
  const float *
  GetCoordinateWeights(std::int64_t coordinate) const
  {
    return m_CoordinateWeights.data() + coordinate * m_FirstColumns;
  }

  /** Leading columns of a row of first values that a ReLU follows: those of the first layer. */
  std::int64_t
  GetActivatedColumns() const
  {
    return m_HiddenColumns;
  }

  /** First values of rows of features, without bias and coordinates. */
  void
  ApplyFirst(const float * features, std::int64_t stride, std::int64_t count, float * first) const;

  /** First values, complete and ready for Run(), of rows of features that are followed by their coordinates. */
  void
  ApplyFirstWithCoordinates(const float * rows, std::int64_t stride, std::int64_t count, float * first) const;

  /** Activations of one thread. */
  struct Scratch
  {
    std::array<at::Tensor, 2> activations; /**< [row, channel] */
  };
  Scratch
  MakeScratch() const;

  /** The MLP's output for at most `rowsInCache` rows of complete, activated first values. */
  void
  Run(const float * first, std::int64_t count, Scratch & scratch, float * result) const;

  /** Bytes of the weights as they are kept, and of one thread's activations. */
  std::int64_t
  GetWeightBytes() const;
  std::int64_t
  GetScratchBytes() const;

private:
  struct Layer
  {
    PackedMatrix       weight;
    std::vector<float> bias;
  };

  Layer
  MakeLayer(const Network & network, const Linear & linear) const;

  /** First values of rows that hold as many numbers as the product's depth. */
  void
  MakeFirst(MatrixProduct product, const float * rows, std::int64_t stride, std::int64_t count, float * first) const;

  const CpuKernels & m_Kernels;
  std::int64_t       m_FeatureDimension;
  std::int64_t       m_NumberOfCoordinates;
  std::int64_t       m_HiddenColumns; // of a hidden layer, padded
  std::int64_t       m_FirstColumns;
  std::int64_t       m_ActivationStride;
  PackedMatrix       m_First; // [features ++ coordinates] in depth
  std::vector<float> m_Bias;
  std::vector<float> m_CoordinateWeights; // [coordinate, first column]
  std::vector<Layer> m_BeforeSum;         // of stage one behind its first layer; none in a plain perceptron
  std::vector<Layer> m_AfterSum;          // what follows, without the last layer
  std::vector<float> m_LastWeight;
  float              m_LastBias{ 0.0F };
  bool               m_EndsWithReLU;
};
} // namespace itk::arssr

#endif
