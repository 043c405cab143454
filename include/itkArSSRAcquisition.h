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
#ifndef itkArSSRAcquisition_h
#define itkArSSRAcquisition_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRPointSpread.h"

#include "itkFixedArray.h"

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace itk
{
/** \class ArSSRAcquisitionEnums
 * \brief Enumerations of ArSSRAcquisition.
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArSSRAcquisitionEnums
{
public:
  /** \brief How noise adds to intensities. */
  enum class Noise : uint8_t
  {
    Auto = 0,     /**< not known */
    Gaussian = 1, /**< a normal deviate is added */
    Rician = 2,   /**< the magnitude of a complex number is taken, with normal deviates in both of its parts */
  };
};

/** Print the names that texts use: `auto`, `gaussian`, `rician`. */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRAcquisitionEnums::Noise value);


/** \class ArSSRAcquisition
 * \brief How a scan was taken: the point spread along each of its axes, and its noise. All of it may be unknown.
 *
 * Axes are those of the scan's grid, in (x, y, z) order; lengths are in mm. The noise is given as a standard deviation
 * in the scan's units: of the added number, or, for Rician noise, of each part of the complex number.
 *
 * \par Text
 * `z=box:4,xy=sinc,noise=12:rician`: the axes that share a point spread, then that point spread in the form of
 * ArSSRPointSpread; and the noise. Anything left out is `auto`. A point spread alone applies to all axes: `sinc:hann`,
 * `auto`.
 *
 * \sa ArSSRPointSpread
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRAcquisition
{
public:
  using Noise = ArSSRAcquisitionEnums::Noise;
  using SpacingType = FixedArray<double, 3>;

  /** Stands for an unknown standard deviation. */
  static constexpr double AutomaticNoise = -1.0;

  /** Nothing is known. */
  ArSSRAcquisition() = default;

  /** Reads what ToText() writes, with parts in any order. \throws ExceptionObject for anything else; the message says
   * what is expected. */
  static ArSSRAcquisition
  FromText(const std::string & text);
  std::string
  ToText() const;

  /** Point spread along an axis: 0, 1 or 2 for x, y or z. \throws ExceptionObject for any other. */
  const ArSSRPointSpread &
  GetPointSpread(unsigned int axis) const;
  void
  SetPointSpread(unsigned int axis, const ArSSRPointSpread & spread);
  /** The same along all axes. */
  void
  SetPointSpread(const ArSSRPointSpread & spread);

  /** Standard deviation of the noise, in the scan's units; AutomaticNoise if it is unknown.
   * \throws ExceptionObject when it is given and not finite or below 0. */
  void
  SetNoise(double deviation, Noise kind = Noise::Auto);
  double
  GetNoise() const
  {
    return m_Noise;
  }
  Noise
  GetNoiseKind() const
  {
    return m_NoiseKind;
  }
  bool
  IsNoiseKnown() const
  {
    return m_Noise >= 0.0;
  }

  /** This acquisition with a Gaussian along each axis whose full width at half maximum, in mm, is above 0. \throws
   * ExceptionObject for widths that are negative or not finite, and if the point spread along such an axis is already
   * known. */
  ArSSRAcquisition
  WithGaussianWidths(const SpacingType & fwhm) const;

  /** This acquisition with each unknown point spread replaced by the one assumed for a scan with this spacing, in mm;
   * the noise is unchanged. */
  ArSSRAcquisition
  Resolved(const SpacingType & spacing) const;

  bool
  operator==(const ArSSRAcquisition & other) const
  {
    return m_PointSpreads == other.m_PointSpreads && m_Noise == other.m_Noise && m_NoiseKind == other.m_NoiseKind;
  }
  bool
  operator!=(const ArSSRAcquisition & other) const
  {
    return !(*this == other);
  }

private:
  std::array<ArSSRPointSpread, 3> m_PointSpreads;
  double                          m_Noise{ AutomaticNoise };
  Noise                           m_NoiseKind{ Noise::Auto };
};

/** Prints ToText(). */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, const ArSSRAcquisition & acquisition);
} // end namespace itk

#endif // itkArSSRAcquisition_h
