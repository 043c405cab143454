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
#ifndef ArSSRDegradation_h
#define ArSSRDegradation_h

#include "samples/ArSSRIntensityCurve.h"
#include "samples/ArSSRVolume.h"
#include "itkArSSRPointSpread.h"

#include <array>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief A cube of LR voxels laid over an HR volume, its axes along the volume's. */
struct PatchGeometry
{
  std::int64_t size{ 0 }; /**< LR voxels along each axis */
  GridLengths  start{};   /**< near face, in HR voxels from the outer face of the volume's first voxel */
  GridLengths  scale{};   /**< LR spacing, in HR voxels */

  /** HR continuous index of the centre of an LR voxel. */
  double
  ToHighResolution(unsigned int axis, double index) const
  {
    return start[axis] + (index + 0.5) * scale[axis] - 0.5;
  }

  /** LR continuous index of an HR voxel, counted from the patch's first voxel. */
  double
  ToLowResolution(unsigned int axis, double index) const
  {
    return (index + 0.5 - start[axis]) / scale[axis] - 0.5;
  }
};

/** \brief HR voxels whose centres lie in a box. */
struct VoxelBox
{
  GridIndex first{};
  GridIndex size{}; /**< not below 0 */

  std::int64_t
  GetNumberOfVoxels() const
  {
    return itk::arssr::GetNumberOfVoxels(size);
  }
};

/** The voxels of a volume in a patch's field of view, without `margin` LR voxels at each face. */
VoxelBox
GetVoxelsWithin(const PatchGeometry & patch, double margin, const GridIndex & volumeSize);

/** \brief How the HR voxels along each axis (z, y, x) add up to LR voxels: a row of weights for each LR voxel. */
using SeparableWeights = std::array<std::vector<ArSSRAxisWeights>, 3>;

/** Point spreads along axes (z, y, x), in LR spacings; see ArSSRPointSpread. */
using PatchSpreads = std::array<ArSSRPointSpread, 3>;

SeparableWeights
GetPointSpreadWeights(const PatchGeometry & patch, const PatchSpreads & spreads, const GridIndex & volumeSize);

/** Cubic B-spline without low-pass filter, of the HR voxels within the patch alone, whose faces must be those of
 * voxels.
 */
SeparableWeights
GetCubicWeights(const PatchGeometry & patch);

/** LR voxels [z, y, x], in single precision, one for each row of weights along an axis. A curve, if given, is applied
 * to the HR voxels first. */
std::vector<float>
ApplyWeights(const Volume & volume, const SeparableWeights & weights, const IntensityCurve * curve = nullptr);

/** Size of a volume at a multiple of its spacing. The field of view stays the same, so the true spacing is that
 * multiple only approximately. */
GridIndex
GetDegradedSize(const GridIndex & size, double multiple);

/** The volume at a multiple of its spacing, seen under a point spread in units of the new spacing along all axes; not
 * below 0. */
Volume
DegradeVolume(const Volume &           volume,
              double                   multiple,
              const ArSSRPointSpread & spread = ArSSRPointSpread::Gaussian(1.0));
} // namespace itk::arssr

#endif
