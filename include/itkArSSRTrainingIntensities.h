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
#ifndef itkArSSRTrainingIntensities_h
#define itkArSSRTrainingIntensities_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkImage.h"
#include "itkIntTypes.h"

namespace itk
{
/** \class ArSSRTrainingIntensities
 * \brief Brings intensities to the range that models are trained in; training and evaluation share it.
 *
 * The window of ArSSRIntensityStatistics becomes [0, 1]. Intensities are then clipped to [0, `Maximum`]: a few bright
 * voxels would otherwise outweigh all others.
 *
 * \sa ArSSRIntensityStatistics
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRTrainingIntensities
{
public:
  using ImageType = Image<float, 3>;

  /** Where bright voxels are clipped. */
  static constexpr float Maximum = 1.2F;

  /** Scales all voxels of an image, which must be finite, in place. Returns false, and leaves them unchanged, if all
   * are the same: then there is no window. */
  static bool
  ScaleVoxels(float * voxels, SizeValueType count);

  /** Scales an image in memory in place, by the window of its buffered region, as ScaleVoxels() does.
   * \throws ExceptionObject for a null pointer, an image without voxels, and NaN and infinite voxels. */
  static bool
  ScaleImage(ImageType * image);

  /** The same as `Maximum`, for languages without class constants. */
  static float
  GetMaximum()
  {
    return Maximum;
  }
};
} // end namespace itk

#endif // itkArSSRTrainingIntensities_h
