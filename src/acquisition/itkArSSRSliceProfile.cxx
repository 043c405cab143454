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
#include "itkArSSRSliceProfile.h"

#include "image/ArSSRVoxelInterval.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>

namespace itk
{
double
ArSSRSliceProfile::GetSigma(double fwhm)
{
  // exp(-½ (FWHM / 2σ)²) = ½.
  return fwhm / (2.0 * std::sqrt(2.0 * std::log(2.0)));
}


double
ArSSRSliceProfile::GetSupportRadius(double fwhm)
{
  return IsPointSample(fwhm) ? 1.0 : SupportInSigmas * GetSigma(fwhm);
}


double
ArSSRSliceProfile::Evaluate(double distance, double fwhm)
{
  if (IsPointSample(fwhm))
  {
    // Linear interpolation between the two nearest voxels.
    return std::max(0.0, 1.0 - std::abs(distance));
  }
  const double sigmas = distance / GetSigma(fwhm);
  return std::abs(sigmas) <= SupportInSigmas ? std::exp(-0.5 * sigmas * sigmas) : 0.0;
}


ArSSRAxisWeights
ArSSRSliceProfile::GetWeights(double centre, double fwhm, SizeValueType size)
{
  if (!std::isfinite(centre) || !std::isfinite(fwhm) || fwhm < 0.0)
  {
    itkGenericExceptionMacro("A slice profile with its centre at "
                             << centre << " and a FWHM of " << fwhm
                             << " voxels was requested; a finite centre and a finite FWHM of at least 0 are expected.");
  }
  ArSSRAxisWeights result;
  double           sum = 0.0;
  const auto       seen = arssr::VoxelsWithin(-centre, 1.0, GetSupportRadius(fwhm), size);
  for (IndexValueType voxel = seen.begin; voxel < seen.end; ++voxel)
  {
    const double weight = Evaluate(static_cast<double>(voxel) - centre, fwhm);
    // Voxels at the very ends of the support may weigh 0, such as the neighbours of a point sample that lies on a
    // voxel: they are left out, so that they are not read. Weights above 0 are contiguous.
    if (weight > 0.0)
    {
      result.first = result.weights.empty() ? voxel : result.first;
      result.weights.push_back(weight);
      sum += weight;
    }
  }
  for (double & weight : result.weights)
  {
    weight /= sum;
  }
  return result;
}
} // end namespace itk
