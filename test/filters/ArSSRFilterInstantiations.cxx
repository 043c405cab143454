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
#include "itkArSSRImageQualityCalculator.h"
#include "itkArbitraryScaleSuperResolutionImageFilter.h"
#include "itkArbitraryScaleSuperResolutionTrainingFilter.h"
#include "itkSliceProfileDataConsistencyImageFilter.h"
#include "itkSliceProfileSimulationImageFilter.h"

#include "itkImage.h"

// All members of the filters, whether a test calls them or not: that they compile, and for scripts/lint.sh to look at.
namespace itk
{
using ShortImage = Image<short, 3>;
using FloatImage = Image<float, 3>;

template class ArbitraryScaleSuperResolutionImageFilter<FloatImage>;
template class ArbitraryScaleSuperResolutionImageFilter<ShortImage, FloatImage>;
template class ArbitraryScaleSuperResolutionTrainingFilter<FloatImage>;
template class ArSSRImageQualityCalculator<ShortImage>;
template class SliceProfileDataConsistencyImageFilter<FloatImage>;
template class SliceProfileSimulationImageFilter<FloatImage>;
} // namespace itk
