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
#include "itkArSSRTrainingIntensities.h"

#include "itkArSSRIntensityStatistics.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>

namespace itk
{
bool
ArSSRTrainingIntensities::ScaleVoxels(float * voxels, SizeValueType count)
{
  ArSSRIntensityStatistics statistics;
  while (statistics.NeedsPass())
  {
    statistics.Add(voxels, count);
    statistics.EndPass();
  }
  if (statistics.IsConstant())
  {
    return false;
  }
  // In double precision, as in inference: an offset that is large beside the range would cost bits otherwise.
  const double lower = statistics.GetLower();
  const double factor = 1.0 / (statistics.GetUpper() - lower);
  std::transform(voxels, voxels + count, voxels, [lower, factor](float voxel) {
    const double scaled = (static_cast<double>(voxel) - lower) * factor;
    // Clipped after the conversion to float, so that the largest is exactly Maximum.
    return std::min(std::max(static_cast<float>(scaled), 0.0F), Maximum);
  });
  return true;
}


bool
ArSSRTrainingIntensities::ScaleImage(ImageType * image)
{
  const SizeValueType count = image == nullptr ? 0 : image->GetBufferedRegion().GetNumberOfPixels();
  if (count == 0)
  {
    itkGenericExceptionMacro("There are no voxels to scale; an image in memory is expected. "
                             "Update the filter that produces it first.");
  }
  float * voxels = image->GetBufferPointer();
  // The statistics need finite voxels: NaN has no place in the order of floats.
  const auto found = std::find_if(voxels, voxels + count, [](float voxel) { return !std::isfinite(voxel); });
  if (found != voxels + count)
  {
    itkGenericExceptionMacro("The voxel at index " << image->ComputeIndex(found - voxels) << " is " << *found
                                                   << "; finite intensities are expected. Replace such voxels, for "
                                                      "example by 0.");
  }
  const bool isScaled = ScaleVoxels(voxels, count);
  image->Modified();
  return isScaled;
}
} // end namespace itk
