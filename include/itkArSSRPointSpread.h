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
#ifndef itkArSSRPointSpread_h
#define itkArSSRPointSpread_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRSliceProfile.h"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace itk
{
/** \class ArSSRPointSpreadEnums
 * \brief Enumerations of ArSSRPointSpread.
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArSSRPointSpreadEnums
{
public:
  /** \brief What a point spread looks like. */
  enum class Kind : uint8_t
  {
    Auto = 0,     /**< not known */
    Gaussian = 1, /**< a Gaussian; its width is the full width at half maximum (FWHM) */
    Box = 2,      /**< the same everywhere in a slab; its width is the slab's thickness */
    Sinc = 3,     /**< k-space sampled up to a largest frequency; its width is the acquired voxel's: 1 / (2 k_max) */
    Measured = 4, /**< samples at equal steps */
  };
};

/** Print the names that texts use: `auto`, `gaussian`, `box`, `sinc`, `measured`. */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRPointSpreadEnums::Kind value);


/** \class ArSSRPointSpread
 * \brief What a voxel of a scan sees along one axis: the scan's point spread, or slice profile.
 *
 * With \f$ u \f$ for the distance from the voxel's centre and \f$ w \f$ for the width, a voxel sees an object under
 * - `gaussian`: \f$ \exp(-\frac{1}{2} (u / \sigma)^2) \f$, \f$ \sigma = w / (2 \sqrt{2 \ln 2}) \f$, as
 * ArSSRSliceProfile;
 * - `box`: 1 where \f$ |u| < w / 2 \f$, else 0: a slice of the thickness \f$ w \f$ with sharp faces;
 * - `sinc`: \f$ \int_{-1/(2w)}^{1/(2w)} W(2 w f) \cos(2 \pi f u)\, df \f$: what a scan that samples k-space up to
 * \f$ 1 / (2 w) \f$ sees. The window \f$ W \f$ is a Tukey window of taper \f$ \alpha \f$, 1 up to \f$ 1 - \alpha \f$
 * and half a cosine from there to 0 at 1: no window for a taper of 0, a Hann window for 1;
 * - `measured`: straight lines between samples at equal steps around the voxel's centre, 0 one step beyond the ends;
 * - `auto`: unknown; Resolved() replaces it by a Gaussian.
 *
 * The width belongs to the scan's physics and is independent of its spacing: a slice may be thinner than the distance
 * to the next one (gaps) or thicker (overlap), and a scanner may interpolate to voxels smaller than those it acquired
 * (zero filling: a `sinc` wider than the spacing). A width that is not given stands for the spacing: see Resolved().
 *
 * \par Units
 * A point spread has no unit of its own: widths and steps are in its user's unit, mm in an ArSSRAcquisition, and
 * Scaled() converts them. The functions on high-resolution (HR) voxels, IsPointSample() to GetWeights(), use the HR
 * voxel as the unit.
 *
 * \par Weights of HR voxels
 * A Gaussian is sampled at the voxels' centres, as ArSSRSliceProfile does, with the same bits. For a box or a measured
 * profile, a voxel's weight is the part of the profile that lies within the voxel, as if the voxel were uniform: a
 * slice whose faces are voxel faces is exactly the mean of its voxels. A sinc is sampled at the centres, as for a
 * band-limited image, without frequencies that the HR voxels do not hold; it ends `SincSupport` acquired voxels from
 * its centre, tapered by a Lanczos window if its own window is narrower than a quarter of k-space: up to 0.8 of its
 * largest frequency the modulation is accurate to 0.006. Rows are normalised to a sum of 1; HR voxels outside the image
 * are left out, and the others make up for them.
 *
 * Except for a sinc, a width of up to ArSSRSliceProfile::PointSampleLimit HR voxels cannot be represented by samples:
 * the voxel is then a point sample, by linear interpolation. A measured profile's width is here its area over its
 * maximum.
 *
 * \par Text
 * `auto`, `gaussian`, `gaussian:2.5`, `box:4`, `sinc`, `sinc:1.2:hann`, `sinc:tukey:0.5`, `measured:0.5:0/0.4/1/0.4/0`:
 * the kind, the width if it is given, the window of a sinc and a Tukey window's taper; the step and samples of a
 * measured one.
 *
 * Tukey's window: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform",
 * Proc. IEEE 66(1), 1978, https://doi.org/10.1109/PROC.1978.10837
 *
 * \sa ArSSRAcquisition
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRPointSpread
{
public:
  using Kind = ArSSRPointSpreadEnums::Kind;

  /** Stands for an unspecified width. */
  static constexpr double AutomaticWidth = 0.0;

  /** Acquired voxels on each side of a sinc's centre that are summed over. */
  static constexpr double SincSupport = 16.0;

  /** An unknown point spread. */
  ArSSRPointSpread() = default;

  /** \throws ExceptionObject unless the width is finite and above 0, or AutomaticWidth. */
  static ArSSRPointSpread
  Gaussian(double fwhm = AutomaticWidth);
  static ArSSRPointSpread
  Box(double width = AutomaticWidth);

  /** \param voxel Width of an acquired voxel: 1 / (2 k_max). \param taper Share of k-space, from its outer end, over
   * which the window falls to zero. \throws ExceptionObject also unless the taper is in [0, 1]. */
  static ArSSRPointSpread
  Sinc(double voxel = AutomaticWidth, double taper = 0.0);

  /** \param samples In the direction of growing index, the voxel's centre in their middle; may be below 0.
   * \throws ExceptionObject unless samples are finite with a sum above 0, and the step is above 0. */
  static ArSSRPointSpread
  Measured(const std::vector<double> & samples, double step);

  /** Reads what ToText() writes. \throws ExceptionObject for anything else; the message says what is expected. */
  static ArSSRPointSpread
  FromText(const std::string & text);
  std::string
  ToText() const;

  Kind
  GetKind() const
  {
    return m_Kind;
  }

  /** AutomaticWidth if it is not given; for a measured profile, its area over its maximum. */
  double
  GetWidth() const;

  /** The taper of a sinc's window; 0 for other kinds. */
  double
  GetTaper() const
  {
    return m_Taper;
  }

  /** The samples of a measured profile and their step; empty and 0 for other kinds. */
  const std::vector<double> &
  GetSamples() const
  {
    return m_Samples;
  }
  double
  GetStep() const
  {
    return m_Step;
  }

  /** Whether the kind and the width are known. */
  bool
  IsResolved() const
  {
    return m_Kind == Kind::Measured || (m_Kind != Kind::Auto && m_Width != AutomaticWidth);
  }

  /** The point spread with defaults for what is unknown: a Gaussian, and the scan's spacing as its width. */
  ArSSRPointSpread
  Resolved(double spacing) const;

  /** The same point spread in another unit, `factor` of which make up one of the present unit. */
  ArSSRPointSpread
  Scaled(double factor) const;

  /** The same point spread seen in the other direction. */
  ArSSRPointSpread
  Mirrored() const;

  /** Whether it is too narrow to be represented by samples at HR voxels, so that linear interpolation is used. This
   * function and those that follow \throw ExceptionObject unless IsResolved(). */
  bool
  IsPointSample() const;

  /** Distance from the scan's voxel, in HR voxels, beyond which the centres of HR voxels are not seen. */
  double
  GetSupportRadius() const;

  /** Weight, before normalisation, of an HR voxel at a distance from the scan's voxel, centre to centre in HR voxels.
   */
  double
  Evaluate(double distance) const;

  /** Weights of the HR voxels 0 … `size` - 1 in the scan's voxel with its centre at the continuous index `centre`.
   * Empty if the HR voxels within the image give no answer: beyond the support, and from outside the image where lobes
   * of both signs are left. \throws ExceptionObject when the centre is not finite. */
  ArSSRAxisWeights
  GetWeights(double centre, SizeValueType size) const;

  /** Modulation transfer: the remaining amplitude of a wave with a crest at the voxel's centre, for a frequency in
   * cycles per unit of length. 1 at 0; negative where contrast is reversed. It is the real part of the profile's
   * Fourier transform, and all of it if the profile is symmetric. */
  double
  GetModulation(double frequency) const;

  bool
  operator==(const ArSSRPointSpread & other) const;
  bool
  operator!=(const ArSSRPointSpread & other) const
  {
    return !(*this == other);
  }

private:
  ArSSRPointSpread(Kind kind, double width, double taper);

  void
  VerifyResolved() const;

  Kind                m_Kind{ Kind::Auto };
  double              m_Width{ AutomaticWidth };
  double              m_Taper{ 0.0 };
  std::vector<double> m_Samples;
  double              m_Step{ 0.0 };
};

/** Prints ToText(). */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, const ArSSRPointSpread & spread);
} // end namespace itk

#endif // itkArSSRPointSpread_h
