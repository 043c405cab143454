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
#include "itkArSSRImageGeometry.h"

#include "itkMacro.h"
#include "vnl/vnl_det.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
SizeValueType
RoundedSize(double voxels, unsigned int axis)
{
  // Halves up by hand: std::round() rounds away from zero and std::nearbyint() to even. The comparison is negated so
  // that a NaN fails it; it comes before the cast, which is undefined beyond the type's range.
  const double rounded = std::max(1.0, std::floor(voxels + 0.5));
  if (!(rounded <= static_cast<double>(ArSSRImageGeometry::MaximumSize)))
  {
    itkGenericExceptionMacro("The output would have "
                             << voxels << " voxels along axis " << axis << "; at most "
                             << ArSSRImageGeometry::MaximumSize
                             << " are supported. Ask for a smaller scale or a larger spacing.");
  }
  return static_cast<SizeValueType>(rounded);
}

void
CheckPositive(double value, const char * what, unsigned int axis)
{
  if (!(value > 0.0) || !std::isfinite(value))
  {
    itkGenericExceptionMacro("The " << what << " along axis " << axis << " is " << value
                                    << "; a positive finite number is expected.");
  }
}

// Start indices up to this size, and those of all voxels that follow, are exact in double precision.
constexpr IndexValueType LargestStartIndex = IndexValueType{ 1 } << 52;

// A rotation has the determinant 1 or -1. Below this one the columns are dependent but for rounding, and the inverse
// would magnify errors of positions a million times.
constexpr double LeastDeterminant = 1e-6;
} // namespace


ArSSRImageGeometry
ArSSRImageGeometry::FromImage(const ImageBaseType & image)
{
  return { image.GetLargestPossibleRegion(), image.GetOrigin(), image.GetSpacing(), image.GetDirection() };
}


void
ArSSRImageGeometry::Verify(const std::string & name) const
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (region.GetSize(axis) == 0 || region.GetSize(axis) > MaximumSize)
    {
      itkGenericExceptionMacro("The " << name << (region.GetSize(axis) == 0 ? " has no voxels" : " is too large")
                                      << ": its largest possible region is of size " << region.GetSize() << "; 1 to "
                                      << MaximumSize << " voxels along each axis are expected.");
    }
    if (region.GetIndex(axis) < -LargestStartIndex || region.GetIndex(axis) > LargestStartIndex)
    {
      itkGenericExceptionMacro("The " << name << " starts at index " << region.GetIndex() << "; at most "
                                      << LargestStartIndex << " in magnitude is expected. Set a smaller start index.");
    }
    CheckPositive(spacing[axis], (name + " spacing").c_str(), axis);
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!std::isfinite(origin[axis]))
    {
      itkGenericExceptionMacro("The " << name << " origin is " << origin
                                      << "; finite numbers are expected. Correct the image's header, or use "
                                         "itk::ChangeInformationImageFilter.");
    }
  }
  const double determinant = vnl_det(direction.GetVnlMatrix());
  if (!(std::abs(determinant) > LeastDeterminant) || !std::isfinite(determinant))
  {
    itkGenericExceptionMacro("The " << name << " direction has the determinant " << determinant << ":\n"
                                    << direction
                                    << "Three independent columns are expected. Correct the image's header, or use "
                                       "itk::ChangeInformationImageFilter.");
  }
}


ArSSRImageGeometry
ArSSRImageGeometry::ResizedTo(const SizeType & size) const
{
  ArSSRImageGeometry result{ RegionType(size), origin, spacing, direction };
  SpacingType        firstVoxel; // from the voxel of index zero to the result's first voxel, mm along the grid's axes
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (size[axis] == 0)
    {
      itkGenericExceptionMacro("The output size along axis " << axis << " is 0; at least 1 voxel is expected.");
    }
    const auto inputSize = static_cast<double>(region.GetSize(axis));
    // The ratio of sizes comes first: where it is a power of two, or 1, the spacing is exact, and that of
    // a grid that is doubled and halved again is the same to the last bit.
    result.spacing[axis] = spacing[axis] * (inputSize / static_cast<double>(size[axis]));
    // Outer faces coincide, so the first voxel's centre moves by half the difference of the spacings. The result starts
    // at index zero, whose position is ITK's origin; the input's first voxel may have another index.
    const double start = static_cast<double>(region.GetIndex(axis)) * spacing[axis];
    firstVoxel[axis] = start + 0.5 * (result.spacing[axis] - spacing[axis]);
  }
  result.origin = origin + direction * firstVoxel;
  return result;
}


ArSSRImageGeometry
ArSSRImageGeometry::ScaledBy(const ScaleFactorsType & factors) const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    CheckPositive(factors[axis], "scale factor", axis);
    size[axis] = RoundedSize(static_cast<double>(region.GetSize(axis)) * factors[axis], axis);
  }
  return this->ResizedTo(size);
}


ArSSRImageGeometry
ArSSRImageGeometry::RespacedTo(const SpacingType & newSpacing) const
{
  SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    CheckPositive(newSpacing[axis], "output spacing", axis);
    // The ratio of spacings first: the input's own spacing gives exactly its own size.
    size[axis] = RoundedSize(static_cast<double>(region.GetSize(axis)) * (spacing[axis] / newSpacing[axis]), axis);
  }
  return this->ResizedTo(size);
}
} // end namespace itk
