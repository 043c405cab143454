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
#ifndef itkArSSRNoiseStatistics_h
#define itkArSSRNoiseStatistics_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRAcquisition.h"

#include "itkIntTypes.h"
#include "itkSize.h"

#include <array>
#include <limits>
#include <vector>

namespace itk
{
/** \class ArSSRNoiseStatistics
 * \brief Finds the standard deviation of the noise in a volume that is given slice by slice.
 *
 * Second-order differences along all three axes at once, \f$ (1, -2, 1) / \sqrt{6} \f$ along each, keep the variance of
 * white noise and little of the anatomy. Their mean square in a window of 4×4×4 voxels is the noise's variance if the
 * window holds nothing but noise, and more otherwise: the estimate is the mode over all windows, on a logarithmic
 * scale, as in Aja-Fernández et al. Neither the background nor the anatomy has to be found first, and a part of the
 * windows is enough. Borders of the anatomy pull that mode up; if the lower flank of the density of windows far above
 * the noise indicates less, that value is used. With next to no noise, the mode is the anatomy's. Its borders fill only
 * a part of a window, so that the mode of a quantile of the absolute differences, instead of their mean square, is then
 * much lower and is used.
 *
 * In a magnitude image the noise is Rician, and its variance at low intensities is smaller: in the background, 0.43 of
 * that of either part of the complex signal. Each window's variance is corrected for that by its mean, after Koay and
 * Basser. An image with intensities below 0 is not a magnitude image, and its noise is treated as Gaussian unless the
 * kind is given.
 *
 * Windows that are constant and equal to 0, or to the image's smallest intensity, are treated as padding or a removed
 * background and left out; other constant windows count as windows without noise. The variance that rounding to whole
 * numbers adds, 1/12, is subtracted if all intensities are whole numbers.
 *
 * Along an axis with fewer than 4 voxels there are no differences. Memory is that of ten slices, and of a window's
 * three numbers for 64 voxels.
 *
 * \par Limits
 * Noise that scanners or filters have smoothed is not white: the estimate is then below its deviation. The finest
 * textures of a scan are taken for noise: noise of 1 % of the intensities is overestimated by up to a tenth, and by
 * more if voxels are so large that few windows are free of borders.
 *
 * S. Aja-Fernández, A. Tristán-Vega, C. Alberola-López, "Noise estimation in single- and multiple-coil magnetic
 * resonance data based on statistical models", Magn. Reson. Imaging 27(10), 2009,
 * https://doi.org/10.1016/j.mri.2009.05.025; C. G. Koay, P. J. Basser, "Analytically exact correction scheme for signal
 * extraction from noisy magnitude MR signals", J. Magn. Reson. 179(2), 2006, https://doi.org/10.1016/j.jmr.2006.01.016
 *
 * \sa ArSSRNoiseEstimator
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRNoiseStatistics
{
public:
  using Noise = ArSSRAcquisitionEnums::Noise;
  using SizeType = Size<3>;

  /** Voxels of a window along an axis, if there are as many. */
  static constexpr SizeValueType WindowSize = 4;

  /** \param size of the volume, (x, y, z), in voxels. \throws ExceptionObject unless there are four or more along at
   * least one axis, and the volume is not empty. */
  explicit ArSSRNoiseStatistics(const SizeType & size, Noise kind = Noise::Auto);

  /** The next slices, [z, y, x]; intensities must be finite. \param mask As many numbers, or null: a window counts if
   * none of the voxels it is made of is 0. \throws ExceptionObject when there are more slices than the volume has. */
  void
  AddSlices(const float * voxels, const unsigned char * mask, SizeValueType count);

  /** Standard deviation of the noise, in the image's unit: of the added number, or, for Rician noise, of each part of
   * the complex signal. 0 if no window shows any. \throws ExceptionObject before all slices were added. */
  double
  GetDeviation() const;

  /** Gaussian or Rician. */
  Noise
  GetKind() const;

  /** Windows that the estimate rests on. */
  SizeValueType
  GetNumberOfWindows() const;

private:
  struct Window
  {
    float variance; // of the noise, by the mean square of the differences
    float typical;  // the same by a quantile of their magnitudes
    float mean;     // of the intensities
  };

  bool
  IsPadding(const Window & window) const
  {
    return window.variance == 0.0F && (window.mean == 0.0F || window.mean == m_Minimum);
  }

  bool
  HasWholeWindows() const
  {
    return m_Order == decltype(m_Order){ { 2, 2, 2 } } &&
           m_Window == decltype(m_Window){ { WindowSize, WindowSize, WindowSize } };
  }

  std::vector<double>
  GetLogarithms(float Window::*variance, double least, bool onlyBright) const;
  void
  AddLayer();
  bool
  IsInsideMask(const std::array<SizeValueType, 3> & first) const;

  SizeType                     m_Size;
  Noise                        m_Kind;
  std::array<SizeValueType, 3> m_Order{};   // of differences along x, y and z
  std::array<SizeValueType, 3> m_Window{};  // coefficients of a window
  std::array<SizeValueType, 3> m_Windows{}; // along each axis
  SizeValueType                m_SlicesAdded{ 0 };
  std::vector<float>           m_Slices; // [z, y, x], those that a window to come is made of
  std::vector<unsigned char>   m_Mask;   // as many, or empty
  std::vector<Window>          m_Found;

  float m_Minimum{ std::numeric_limits<float>::max() };
  bool  m_AreWhole{ true }; // all intensities are whole numbers
};
} // end namespace itk

#endif // itkArSSRNoiseStatistics_h
