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
#ifndef ArSSRCpuPointSampler_h
#define ArSSRCpuPointSampler_h

#include "cpu/ArSSRCpuSpanSampler.h"

namespace itk::arssr
{
/** \brief For any grid: trilinear samples voxel by voxel, then the first layers. */
class CpuPointSampler : public CpuSpanSampler
{
public:
  explicit CpuPointSampler(const CpuDecodeContext & context);

  void
  Fill(const OutputSpan & span, float * first, float * interpolated) override;

  static std::int64_t
  GetScratchBytes(const CpuPerceptron & perceptron);

private:
  at::Tensor m_Samples; // [voxel, axis], LR continuous indices, (z, y, x)
};
} // namespace itk::arssr

#endif
