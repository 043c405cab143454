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
// Writes a phantom to try the other examples on: nested ellipsoids in a field of view of 48 x 40 x 32 mm that is turned
// about the z axis. The field of view is the same for every voxel size.

#include "itkImage.h"
#include "itkImageFileWriter.h"
#include "itkImageRegionIteratorWithIndex.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>

namespace
{
using ImageType = itk::Image<short, 3>;

struct Ellipsoid
{
  double centre[3]; // mm, from the middle of the field of view along the image's axes
  double radius[3]; // mm
  short  intensity;
};

// Later ones lie on top: skull, brain, two ventricles, a lesion.
constexpr Ellipsoid Head[] = {
  { { 0.0, 0.0, 0.0 }, { 21.0, 17.0, 14.0 }, 900 },  { { 0.0, 0.0, 0.0 }, { 18.5, 14.5, 11.5 }, 450 },
  { { -4.0, 1.0, 1.0 }, { 2.5, 6.0, 4.0 }, 120 },    { { 4.0, 1.0, 1.0 }, { 2.5, 6.0, 4.0 }, 120 },
  { { 10.0, -5.0, -2.0 }, { 2.0, 2.0, 2.0 }, 1200 },
};

constexpr double FieldOfView[] = { 48.0, 40.0, 32.0 }; // mm

short
IntensityAt(const double (&position)[3])
{
  short intensity = 20;
  for (const Ellipsoid & ellipsoid : Head)
  {
    double distance = 0.0;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double component = (position[axis] - ellipsoid.centre[axis]) / ellipsoid.radius[axis];
      distance += component * component;
    }
    intensity = distance <= 1.0 ? ellipsoid.intensity : intensity;
  }
  return intensity;
}

ImageType::Pointer
MakePhantom(double voxelSize, double angle)
{
  ImageType::SizeType    size;
  ImageType::SpacingType spacing;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    size[axis] = static_cast<itk::SizeValueType>(std::ceil(FieldOfView[axis] / voxelSize));
    spacing[axis] = FieldOfView[axis] / static_cast<double>(size[axis]);
  }
  ImageType::DirectionType direction;
  direction.SetIdentity();
  direction[0][0] = direction[1][1] = std::cos(angle);
  direction[1][0] = std::sin(angle);
  direction[0][1] = -direction[1][0];

  const auto image = ImageType::New();
  image->SetRegions(size);
  image->SetSpacing(spacing);
  image->SetDirection(direction);
  image->Allocate();

  // The middle of the field of view is the world's origin.
  itk::ContinuousIndex<double, 3> middle;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    middle[axis] = 0.5 * static_cast<double>(size[axis]) - 0.5;
  }
  const auto offset = image->TransformContinuousIndexToPhysicalPoint<double>(middle);
  image->SetOrigin(image->GetOrigin() - offset.GetVectorFromOrigin());

  for (itk::ImageRegionIteratorWithIndex<ImageType> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    double position[3];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      position[axis] = (static_cast<double>(it.GetIndex()[axis]) - middle[axis]) * spacing[axis];
    }
    it.Set(IntensityAt(position));
  }
  return image;
}
} // namespace

int
main(int argc, char * argv[])
{
  if (argc < 3 || argc > 4)
  {
    std::cerr << "Usage: " << argv[0] << " output voxelSize [angle]\n(voxel size in mm, angle in degrees)" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    constexpr double radiansPerDegree = 0.017453292519943295;
    const double     angle = argc > 3 ? std::stod(argv[3]) * radiansPerDegree : 0.0;
    itk::WriteImage(MakePhantom(std::stod(argv[2]), angle), argv[1]);
  }
  catch (const std::exception & error)
  {
    std::cerr << "Error: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
