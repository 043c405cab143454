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
#ifndef itkArSSROutputGrid_h
#define itkArSSROutputGrid_h

#include "itkArSSRImageGeometry.h"

#include <iosfwd>
#include <optional>

namespace itk
{
/** \class ArSSROutputGrid
 * \brief The output grid that a user requests, in one of four mutually exclusive ways.
 *
 * Scale factors alone (default: 2 along each axis), spacing alone, a size with any other properties of the grid, or the
 * grid of a reference image. Properties that are not set follow from the input so that the field of view is kept.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSROutputGrid
{
public:
  using SizeType = ArSSRImageGeometry::SizeType;
  using IndexType = ArSSRImageGeometry::IndexType;
  using PointType = ArSSRImageGeometry::PointType;
  using SpacingType = ArSSRImageGeometry::SpacingType;
  using DirectionType = ArSSRImageGeometry::DirectionType;
  using ScaleFactorsType = ArSSRImageGeometry::ScaleFactorsType;

  static constexpr double DefaultScaleFactor = 2.0;

  std::optional<ScaleFactorsType> scaleFactors;
  std::optional<SpacingType>      spacing; /**< mm */
  std::optional<SizeType>         size;
  std::optional<PointType>        origin; /**< mm */
  std::optional<DirectionType>    direction;
  std::optional<IndexType>        startIndex;
  bool                            useReference{ false };

  /** The factors in force: those set, or the default. */
  ScaleFactorsType
  GetScaleFactors() const;

  /** \throws ExceptionObject for settings of more than one kind, for an origin, direction or start index without a
   * size, and for factors, spacings and sizes that no grid can have. */
  void
  Verify() const;

  /** The grid for an input. `reference` is used when useReference is set, and must not be null then.
   * \throws ExceptionObject when the grid would be too large. */
  ArSSRImageGeometry
  Compute(const ArSSRImageGeometry & input, const ImageBase<3> * reference) const;

private:
  void
  VerifyOneKind() const;
};
} // end namespace itk

#endif // itkArSSROutputGrid_h
