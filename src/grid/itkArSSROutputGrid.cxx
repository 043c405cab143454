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
#include "itkArSSROutputGrid.h"

#include "itkMacro.h"

#include <cmath>

namespace itk
{
namespace
{
template <typename TArray>
void
VerifyPositive(const char * name, const TArray & values)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Negated, so that a NaN is refused too.
    if (!(values[axis] > 0.0) || !std::isfinite(values[axis]))
    {
      itkGenericExceptionMacro(<< name << " are " << values << "; positive finite numbers are expected.");
    }
  }
}
} // namespace

ArSSROutputGrid::ScaleFactorsType
ArSSROutputGrid::GetScaleFactors() const
{
  ScaleFactorsType byDefault;
  byDefault.Fill(DefaultScaleFactor);
  return scaleFactors.value_or(byDefault);
}

void
ArSSROutputGrid::VerifyOneKind() const
{
  // An origin, a direction or a start index alone does not say how far the grid reaches; a spacing alone does, as the
  // field of view is kept.
  const bool goesWithSize = origin || direction || startIndex;
  const bool anythingExplicit = size || spacing || goesWithSize;
  if (useReference && (scaleFactors || anythingExplicit))
  {
    itkGenericExceptionMacro("UseReferenceImage is on and ScaleFactors, OutputSpacing, Size, OutputOrigin, "
                             "OutputDirection or OutputStartIndex is set. Set one kind of output grid; "
                             "ResetOutputGrid() clears them all.");
  }
  if (scaleFactors && anythingExplicit)
  {
    itkGenericExceptionMacro("ScaleFactors are set together with OutputSpacing, Size, OutputOrigin, OutputDirection or "
                             "OutputStartIndex. Set one kind of output grid; ResetOutputGrid() clears them all.");
  }
  if (goesWithSize && !size)
  {
    itkGenericExceptionMacro("OutputOrigin, OutputDirection or OutputStartIndex is set without Size. Set Size too, or "
                             "call ResetOutputGrid() and set ScaleFactors or OutputSpacing alone.");
  }
}

void
ArSSROutputGrid::Verify() const
{
  this->VerifyOneKind();
  VerifyPositive("ScaleFactors", this->GetScaleFactors());
  if (spacing)
  {
    VerifyPositive("OutputSpacing values", *spacing);
  }
  if (size && ((*size)[0] == 0 || (*size)[1] == 0 || (*size)[2] == 0))
  {
    itkGenericExceptionMacro("Size is " << *size << "; at least one voxel along each axis is expected.");
  }
}

ArSSRImageGeometry
ArSSROutputGrid::Compute(const ArSSRImageGeometry & input, const ImageBase<3> * reference) const
{
  if (useReference)
  {
    // The reference is taken as it is, with its start index, so that the output can be compared voxel by voxel.
    return ArSSRImageGeometry::FromImage(*reference);
  }
  if (!size)
  {
    return spacing ? input.RespacedTo(*spacing) : input.ScaledBy(this->GetScaleFactors());
  }
  // What is not set is that of the grid with this size over the input's field of view. A spacing or a direction that is
  // set leaves the origin of that grid where it is.
  ArSSRImageGeometry geometry = input.ResizedTo(*size);
  geometry.spacing = spacing.value_or(geometry.spacing);
  geometry.origin = origin.value_or(geometry.origin);
  geometry.direction = direction.value_or(geometry.direction);
  geometry.region.SetIndex(startIndex.value_or(geometry.region.GetIndex()));
  return geometry;
}
} // end namespace itk
