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
#ifndef itkArSSRInterpolationEstimator_h
#define itkArSSRInterpolationEstimator_h

#include "itkArSSRInterpolationStatistics.h"

#include "itkFixedArray.h"
#include "itkObject.h"
#include "itkObjectFactory.h"

namespace itk
{
/** \class ArSSRInterpolationEstimator
 * \brief Finds from a scan alone along which axes the scanner has interpolated it by zero filling, and by how much.
 *
 * The spectrum of such a scan ends before its grid's Nyquist frequency; ArSSRInterpolationStatistics describes the
 * method and its limits. The image is read in slabs of slices, so that a pipeline can stream and memory does not grow
 * with the image.
 *
 * \code
 * auto estimator = itk::ArSSRInterpolationEstimator<itk::Image<float, 3>>::New();
 * estimator->SetImage(reader->GetOutput());
 * estimator->Compute();
 * std::cout << estimator->GetFactors() << '\n'; // [2, 2, 1]: acquired voxels twice the grid's, except along z
 * \endcode
 *
 * \sa ArSSRInterpolationStatistics
 * \sa ArSSRPointSpread
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ITK_TEMPLATE_EXPORT ArSSRInterpolationEstimator : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRInterpolationEstimator);

  using Self = ArSSRInterpolationEstimator;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRInterpolationEstimator);

  static_assert(TImage::ImageDimension == 3, "Scans are images of three dimensions");

  using ImageType = TImage;
  using FactorsType = FixedArray<double, 3>;

  /** Factor of an axis for which it cannot be determined. */
  static constexpr double Unknown = ArSSRInterpolationStatistics::Unknown;

  /** The scan; brought up to date by Compute(). */
  itkSetConstObjectMacro(Image, ImageType);
  itkGetConstObjectMacro(Image, ImageType);

  /** Analyses the spectra. \throws ExceptionObject when there is no image, for an empty one, and for NaN and infinite
   * voxels. */
  void
  Compute();

  /** The width of an acquired voxel over the spacing, along (x, y, z): 1 where the scanner has not interpolated,
   * Unknown where it cannot be determined. */
  itkGetConstReferenceMacro(Factors, FactorsType);

  /** Drop of the power in dB where the spectrum along (x, y, z) ends, beyond the slopes around it. */
  itkGetConstReferenceMacro(Drops, FactorsType);

protected:
  ArSSRInterpolationEstimator() = default;
  ~ArSSRInterpolationEstimator() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  typename TImage::ConstPointer m_Image;
  FactorsType                   m_Factors{};
  FactorsType                   m_Drops{};
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkArSSRInterpolationEstimator.hxx"
#endif

#endif // itkArSSRInterpolationEstimator_h
