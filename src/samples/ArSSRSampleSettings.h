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
#include "itkArSSRTrainingRecipe.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief What a recipe says of samples, each value under its name there, as numbers. */
struct SampleSettings
{
  /** \throws ExceptionObject when the recipe contradicts itself. */
  explicit SampleSettings(const ArSSRTrainingRecipe & recipe);

  bool          cubic; /**< degradation is cubic */
  double        scaleMin;
  double        scaleMax;
  double        scaleStep;
  double        anisotropicProbability;
  double        sliceScaleMax;
  double        gaussianShare;
  double        gaussianWidthMin;
  double        gaussianWidthMax;
  double        boxShare;
  double        boxWidthMin;
  double        boxWidthMax;
  double        sliceThicknessMin;
  double        sliceThicknessMax;
  double        sincShare;
  double        apodizedProbability;
  double        alikeProbability;
  double        zeroFilledProbability;
  double        zeroFilledMax;
  std::int64_t  patchSize;
  double        patchMargin;
  std::uint64_t samples;
  double        foregroundBias;
  float         foregroundThreshold;
  bool          flip;
  bool          permute;
  double        gainMin;
  double        gainMax;
  double        gammaMax;
  double        contrastProbability;
  double        noiseProbability;
  double        noiseMax;
  double        noiseRicianShare;

  std::vector<double> resolutionLevels; /**< 1 first */
  ArSSRPointSpread    resolutionSpread; /**< in spacings of the level */
  std::size_t         syntheticVolumes;
  std::int64_t        syntheticSize;
  double              syntheticProbability;
  std::size_t         proceduralVolumes;
  std::int64_t        proceduralSize;
  double              proceduralProbability;

  std::uint64_t                               batch;
  std::uint64_t                               stepsPerEpoch;
  std::uint64_t                               seed;
  std::size_t                                 validationSamples;
  std::vector<ArSSRTrainingRecipe::ScaleType> validationScales;
  std::vector<double>                         validationNoise;
};
} // namespace itk::arssr

#endif
