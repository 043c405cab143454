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
#ifndef ArSSRCpuSpanSampler_h
#define ArSSRCpuSpanSampler_h

#include "cpu/ArSSRCpuPerceptron.h"
#include "grid/ArSSROutputSpans.h"
#include "network/ArSSRSampling.h"

#include <memory>

namespace itk::arssr
{
/** \brief What the samplers of all threads share in a decoding job. */
struct CpuDecodeContext
{
  const CpuKernels &    kernels;
  const CpuPerceptron & perceptron;
  const FeatureTile &   tile; /**< features with padded channels */
  const ArSSRIndexMap & indexMap;
  SamplingOptions       sampling;
  ArSSRModelEnums::Skip skip;
};

/** \brief Samples the features at the voxels of a span, applies the perceptron's first layers, and interpolates the LR
 * intensities that the output is added to. Each thread has one. */
class CpuSpanSampler
{
public:
  /** Most voxels of a span in one call of Fill(). */
  static constexpr SizeValueType MaximumCount = 128;

  /** A sampler by lines where the grids are parallel and that costs less, else one by voxels. The choice depends on the
   * grids alone, as the two round differently. */
  static std::unique_ptr<CpuSpanSampler>
  New(const CpuDecodeContext & context);

  virtual ~CpuSpanSampler();
  CpuSpanSampler(const CpuSpanSampler &) = delete;
  CpuSpanSampler &
  operator=(const CpuSpanSampler &) = delete;

  /** \param first rows of CpuPerceptron::Run(), one for each voxel. \param interpolated intensities; zero without a
   * skip. */
  virtual void
  Fill(const OutputSpan & span, float * first, float * interpolated) = 0;

  static std::int64_t
  GetScratchBytes(const CpuPerceptron & perceptron);

protected:
  explicit CpuSpanSampler(const CpuDecodeContext & context)
    : m_Context(context)
  {}

  const CpuDecodeContext m_Context;
};
} // namespace itk::arssr

#endif
