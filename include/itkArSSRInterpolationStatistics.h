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
#ifndef itkArSSRInterpolationStatistics_h
#define itkArSSRInterpolationStatistics_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkIntTypes.h"
#include "itkSize.h"

#include <array>
#include <deque>
#include <map>
#include <vector>

namespace itk
{
/** \class ArSSRInterpolationStatistics
 * \brief Finds along which axes a scanner has interpolated a volume, by zero filling, from slices given one by one.
 *
 * A scanner that fills k-space with zeros before it transforms it gives a grid that is finer than what it acquired: the
 * spectrum along that axis, noise included, ends before the grid's Nyquist frequency. Lines along each axis are cut
 * into parts of 64 voxels (and of 32) that overlap by half; the parts are transformed under a Hann window and their
 * power is averaged (Welch). An end is a drop of that mean power, within four bins, by `LeastDrop` dB more than the
 * slopes before and after it explain: a smooth point spread has none, however much it blurs. The acquired voxel is the
 * spacing times the ratio of the Nyquist frequency to the frequency of half the power; it is reported if that ratio is
 * at least `LeastFactor`.
 *
 * Taking the magnitude of noise without a signal, and of the ringing beside an object, fills the empty part of the
 * spectrum; so do the borders of a mask. Therefore a part of a line counts only if its darkest voxel is at least a
 * third as bright as that of the brightest twentieth of all parts, and parts with a voxel of 0 or below count only if
 * there are no others.
 *
 * At most `MaximumNumberOfLines` lines along each axis are analysed, on a lattice, whatever the volume's size. Memory
 * is that of 64 slices of these lines.
 *
 * \par Limits
 * Axes of fewer than 32 voxels, and those with fewer than `FewestParts` parts of lines within the object, give no
 * answer. Where the scanner has weighted k-space before (apodisation), the frequency of half the power is below that of
 * the end, and the factor is too large. Interpolation other than zero filling, linear or by splines, leaves no end and
 * is not found.
 *
 * P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio
 * Electroacoust. 15(2), 1967, https://doi.org/10.1109/TAU.1967.1161901
 *
 * \sa ArSSRInterpolationEstimator
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRInterpolationStatistics
{
public:
  using SizeType = Size<3>;

  /** Factor of an axis for which it cannot be determined. */
  static constexpr double Unknown = 0.0;

  static constexpr double        LeastDrop = 8.0; // dB
  static constexpr double        LeastFactor = 1.2;
  static constexpr SizeValueType FewestParts = 200;
  static constexpr SizeValueType MaximumNumberOfLines = 8192;

  /** \param size of the volume, (x, y, z), in voxels. \throws ExceptionObject for an empty volume. */
  explicit ArSSRInterpolationStatistics(const SizeType & size);

  /** The next slices, [z, y, x]; intensities must be finite. \throws ExceptionObject when there are more slices than
   * the volume has. */
  void
  AddSlices(const float * voxels, SizeValueType count);

  /** By how much the grid along an axis, 0, 1 or 2 for x, y or z, is finer than what was acquired: the acquired voxel
   * over the spacing; 1 where the spectrum reaches the Nyquist frequency, and Unknown where it cannot be determined.
   * \throws ExceptionObject before all slices were added, and for any other axis. */
  double
  GetFactor(unsigned int axis) const;

  /** Drop of the power in dB at the steepest end of an axis's spectrum, beyond the slopes around it; 0 where there is
   * none. \throws ExceptionObject as GetFactor(). */
  double
  GetDrop(unsigned int axis) const;

private:
  /** \brief Parts of lines that are about equally bright. */
  struct Class
  {
    SizeValueType       parts{ 0 };
    std::vector<double> power; // [frequency], sum over the parts
  };

  /** \brief What parts of one length tell along one axis. */
  struct Spectrum
  {
    SizeValueType        length{ 0 }; // voxels of a part
    std::map<int, Class> classes;     // by the darkest voxel, in quarters of a power of two; below 0 for those below 0
  };

  /** \brief Mean power, and of how many parts. */
  struct Mean
  {
    SizeValueType       parts{ 0 };
    std::vector<double> power; // [frequency]
  };

  struct Result
  {
    double factor{ Unknown };
    double drop{ 0.0 };
  };

  Result
  GetResult(unsigned int axis) const;
  static Mean
  GetMean(const Spectrum & spectrum);
  void
  AddLine(std::vector<Spectrum> & spectra, const std::vector<float> & line);
  void
  AddPart(Spectrum & spectrum, const float * part) const;
  void
  AddColumns();
  std::vector<SizeValueType>
  GetLattice(unsigned int axis, unsigned int across) const;

  SizeType                                    m_Size;
  std::array<SizeValueType, 3>                m_Step{};  // [axis] of the lattice of the lines along it
  std::array<std::vector<Spectrum>, 3>        m_Spectra; // [axis], of long parts before those of short ones
  std::map<SizeValueType, std::vector<float>> m_Waves;   // [voxel, cosine and sine, frequency], by the parts' length
  std::deque<std::vector<float>>              m_Columns; // [slice][line along z], of the latest slices
  SizeValueType                               m_SlicesAdded{ 0 };
};
} // end namespace itk

#endif // itkArSSRInterpolationStatistics_h
