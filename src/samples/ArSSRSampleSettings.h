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
#ifndef ArSSRSampleSettings_h
#define ArSSRSampleSettings_h

#include "itkArSSRPointSpread.h"
#include "itkFixedArray.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief The values of a recipe that concern samples, under the recipe's names, as numbers. */
struct SampleSettings
{
  bool          cubic{ false }; /**< degradation is cubic */
  double        scaleMin{ 0.0 };
  double        scaleMax{ 0.0 };
  double        scaleStep{ 0.0 };
  double        anisotropicProbability{ 0.0 };
  double        sliceScaleMax{ 0.0 };
  double        gaussianShare{ 0.0 };
  double        gaussianWidthMin{ 0.0 };
  double        gaussianWidthMax{ 0.0 };
  double        boxShare{ 0.0 };
  double        boxWidthMin{ 0.0 };
  double        boxWidthMax{ 0.0 };
  double        sliceThicknessMin{ 0.0 };
  double        sliceThicknessMax{ 0.0 };
  double        sincShare{ 0.0 };
  double        apodizedProbability{ 0.0 };
  double        alikeProbability{ 0.0 };
  double        zeroFilledProbability{ 0.0 };
  double        zeroFilledMax{ 0.0 };
  std::int64_t  patchSize{ 0 };
  double        patchMargin{ 0.0 };
  std::uint64_t samples{ 0 };
  double        foregroundBias{ 0.0 };
  float         foregroundThreshold{ 0.0F };
  bool          flip{ false };
  bool          permute{ false };
  double        gainMin{ 0.0 };
  double        gainMax{ 0.0 };
  double        gammaMax{ 0.0 };
  double        contrastProbability{ 0.0 };
  double        noiseProbability{ 0.0 };
  double        noiseMax{ 0.0 };
  double        noiseRicianShare{ 0.0 };

  std::vector<double> resolutionLevels; /**< 1 first */
  ArSSRPointSpread    resolutionSpread; /**< in spacings of the level */
  std::size_t         syntheticVolumes{ 0 };
  std::int64_t        syntheticSize{ 0 };
  double              syntheticProbability{ 0.0 };
  std::size_t         proceduralVolumes{ 0 };
  std::int64_t        proceduralSize{ 0 };
  double              proceduralProbability{ 0.0 };

  std::uint64_t                      batch{ 0 };
  std::uint64_t                      stepsPerEpoch{ 0 };
  std::uint64_t                      seed{ 0 };
  std::size_t                        validationSamples{ 0 };
  std::vector<FixedArray<double, 3>> validationScales;
  std::vector<double>                validationNoise;
};
} // namespace itk::arssr

#endif
