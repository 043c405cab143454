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
#ifndef itkArSSRImageGeometry_h
#define itkArSSRImageGeometry_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkFixedArray.h"
#include "itkImageBase.h"

#include <string>

namespace itk
{
/** \class ArSSRImageGeometry
 * \brief Where the voxels of a 3-D image lie in the world: largest region, origin, spacing and direction.
 *
 * All three-component members are in ITK's axis order (x, y, z); lengths are in mm. As everywhere in ITK the origin is
 * the position of the voxel with index (0,0,0), whether or not that index is inside the region.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRImageGeometry
{
  using ImageBaseType = ImageBase<3>;
  using SizeType = ImageBaseType::SizeType;
  using IndexType = ImageBaseType::IndexType;
  using RegionType = ImageBaseType::RegionType;
  using PointType = ImageBaseType::PointType;
  using SpacingType = ImageBaseType::SpacingType;
  using DirectionType = ImageBaseType::DirectionType;
  using ScaleFactorsType = FixedArray<double, 3>;

  RegionType    region;
  PointType     origin{};
  SpacingType   spacing{};
  DirectionType direction{};

  /** The geometry of an image's largest possible region. */
  static ArSSRImageGeometry
  FromImage(const ImageBaseType & image);

  /** \throws ExceptionObject when the geometry is invalid: a size that is zero or exceeds `MaximumSize`, a start index
   * beyond 2^52, a spacing that is not a positive finite number, an origin that is not finite, or a direction of
   * dependent columns. `name` names the image in the message. */
  void
  Verify(const std::string & name) const;

  /** The grid of `size` voxels that covers the same field of view: the box from the outer face of the first voxel to
   * the outer face of the last one. Its spacing is extent / size, its start index zero, its direction the same, and its
   * origin is shifted along the direction axes by half the difference of the spacings (from the first voxel's centre).
   * \throws ExceptionObject when a size is zero. */
  ArSSRImageGeometry
  ResizedTo(const SizeType & size) const;

  /** ResizedTo() the size nearest to size * factor, at least one voxel; halves are rounded up.
   * \throws ExceptionObject when a factor is not a positive finite number or a size exceeds `MaximumSize`. */
  ArSSRImageGeometry
  ScaledBy(const ScaleFactorsType & factors) const;

  /** ResizedTo() the size nearest to extent / spacing, at least one voxel; halves are rounded up. The resulting spacing
   * is extent / size and so differs from the requested one by the rounding of the size.
   * \throws ExceptionObject when a spacing is not a positive finite number or a size exceeds `MaximumSize`. */
  ArSSRImageGeometry
  RespacedTo(const SpacingType & newSpacing) const;

  /** Longest axis accepted, in voxels: coordinates stay exact in single precision well beyond it. */
  static constexpr SizeValueType MaximumSize = SizeValueType{ 1 } << 20;
};
} // end namespace itk

#endif // itkArSSRImageGeometry_h
