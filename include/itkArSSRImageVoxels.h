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
#ifndef itkArSSRImageVoxels_h
#define itkArSSRImageVoxels_h

#include "itkArSSRVoxelBlock.h"

#include "itkImageRegionConstIterator.h"
#include "itkNumericTraits.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>

namespace itk
{
/** \class ArSSRImageVoxels
 * \brief Converts between an image of any scalar pixel type and blocks of float whose regions count from the image's
 * first voxel.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ArSSRImageVoxels
{
public:
  using RegionType = ArSSRVoxelBlock::RegionType;
  using PixelType = typename TImage::PixelType;

  /** A region that counts from the image's first voxel, in the image's own indices, and the reverse. */
  static RegionType
  ToImage(const TImage * image, const RegionType & region)
  {
    return Shifted(image, region, 1);
  }
  static RegionType
  FromImage(const TImage * image, const RegionType & region)
  {
    return Shifted(image, region, -1);
  }

  /** \param name The image's name in the message.
   * \throws ExceptionObject at the first voxel of the region that is not finite. */
  static ArSSRVoxelBlock
  Read(const TImage * image, const RegionType & region, const char * name)
  {
    ArSSRVoxelBlock block(region);
    Copy(image, ToImage(image, region), block.voxels.data(), name);
    return block;
  }

  /** A type that holds every pixel value: float, or double if float does not. */
  using ExactType =
    std::conditional_t<(std::numeric_limits<PixelType>::digits > std::numeric_limits<float>::digits), double, float>;

  /** The same to a buffer, x fastest, for a region in the image's own indices. */
  template <typename TValue>
  static void
  Copy(const TImage * image, const RegionType & region, TValue * voxel, const char * name)
  {
    CopyMapped(image, region, voxel, name, [](double value) { return value; });
  }

  /** The same, with a function of each voxel, in double precision. */
  template <typename TValue, typename TFunction>
  static void
  CopyMapped(const TImage * image, const RegionType & region, TValue * voxel, const char * name, const TFunction & map)
  {
    for (ImageRegionConstIterator<TImage> it(image, region); !it.IsAtEnd(); ++it, ++voxel)
    {
      const float single = static_cast<float>(it.Get());
      if (!std::isfinite(single))
      {
        itkGenericExceptionMacro("The voxel of the " << name << " at index " << it.GetIndex() << " is " << single
                                                     << " (in single precision). Finite intensities are expected: "
                                                        "replace such voxels first.");
      }
      *voxel = static_cast<TValue>(map(static_cast<double>(it.Get())));
    }
  }

  /** Integers are rounded to the nearest, halves up, and clamped to the pixel type's range. \param clamped is
   * incremented if the value is clamped. */
  static PixelType
  ToPixel(double value, SizeValueType & clamped)
  {
    if constexpr (std::is_integral<PixelType>::value)
    {
      // The largest 64-bit integers are no doubles: compare before the conversion, with the limit rounded up.
      constexpr auto lowest = std::numeric_limits<PixelType>::lowest();
      constexpr auto highest = std::numeric_limits<PixelType>::max();
      const double   rounded = std::floor(value + 0.5);
      if (!(rounded > static_cast<double>(lowest)))
      {
        clamped += rounded == static_cast<double>(lowest) ? 0 : 1;
        return lowest;
      }
      if (rounded >= static_cast<double>(highest))
      {
        clamped += rounded == static_cast<double>(highest) ? 0 : 1;
        return highest;
      }
      return static_cast<PixelType>(rounded);
    }
    else
    {
      return static_cast<PixelType>(value);
    }
  }

  /** The message for a number of voxels that ToPixel() clamped. */
  static std::string
  DescribeClamping(SizeValueType clamped)
  {
    using PrintType = typename NumericTraits<PixelType>::PrintType;
    std::ostringstream text;
    text << clamped << (clamped == 1 ? " voxel was" : " voxels were") << " clamped to the output pixel type's range, "
         << static_cast<PrintType>(std::numeric_limits<PixelType>::lowest()) << " to "
         << static_cast<PrintType>(std::numeric_limits<PixelType>::max())
         << ". A floating-point output keeps the intensities outside it.";
    return text.str();
  }

private:
  static RegionType
  Shifted(const TImage * image, const RegionType & region, IndexValueType sign)
  {
    const auto start = image->GetLargestPossibleRegion().GetIndex();
    RegionType result = region;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      result.SetIndex(axis, region.GetIndex(axis) + sign * start[axis]);
    }
    return result;
  }
};
} // end namespace itk

#endif // itkArSSRImageVoxels_h
