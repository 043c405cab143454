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
#ifndef ArSSRAcquisitionSampler_h
#define ArSSRAcquisitionSampler_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRSampleSettings.h"

namespace itk::arssr
{
/** \brief How the scan of a sample is taken. */
struct SampleAcquisition
{
  PatchSpreads spreads;
  bool         rician{ false }; /**< whether its noise, if there is any, is Rician */
};

/** \brief Draws how scans are taken. */
class AcquisitionSampler
{
public:
  explicit AcquisitionSampler(const SampleSettings & settings)
    : m_Settings(settings)
  {}

  /** \param scale Scale of the patch. An axis that is the only one above 1 runs across thick slices. */
  SampleAcquisition
  Draw(Random & random, const GridLengths & scale) const;

private:
  ArSSRPointSpread
  DrawSpread(Random & random, bool acrossSlices) const;
  double
  DrawTaper(Random & random) const;

  SampleSettings m_Settings;
};
} // namespace itk::arssr

#endif
