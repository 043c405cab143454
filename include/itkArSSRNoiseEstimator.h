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
#ifndef itkArSSRNoiseEstimator_h
#define itkArSSRNoiseEstimator_h

#include "itkArSSRNoiseStatistics.h"

#include "itkImage.h"
#include "itkObject.h"
#include "itkObjectFactory.h"

namespace itk
{
/** \class ArSSRNoiseEstimator
 * \brief Estimates the standard deviation of a scan's noise from the scan alone.
 *
 * It suits magnitude images, whose noise is Rician, with or without a background, skull-stripped images with exact
 * zeros, and images with Gaussian noise; ArSSRNoiseStatistics describes the method and its limits. The image is read in
 * slabs of slices, so that a pipeline can stream and memory grows with the image by only a few bytes per hundred
 * voxels.
 *
 * \code
 * auto estimator = itk::ArSSRNoiseEstimator<itk::Image<float, 3>>::New();
 * estimator->SetImage(reader->GetOutput());
 * estimator->Compute();
 * std::cout << estimator->GetNoise() << '\n'; // in the image's unit
 * \endcode
 *
 * \sa ArSSRNoiseStatistics
 * \sa ArSSRAcquisition
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ITK_TEMPLATE_EXPORT ArSSRNoiseEstimator : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRNoiseEstimator);

  using Self = ArSSRNoiseEstimator;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRNoiseEstimator);

  static_assert(TImage::ImageDimension == 3, "Scans are images of three dimensions");

  using ImageType = TImage;
  using MaskImageType = Image<unsigned char, 3>;
  using NoiseEnum = ArSSRAcquisitionEnums::Noise;

  /** The scan; brought up to date by Compute(). */
  itkSetConstObjectMacro(Image, ImageType);
  itkGetConstObjectMacro(Image, ImageType);

  /** Only voxels where the mask is not 0, at equal indices, are used. Without a mask, all are. */
  itkSetConstObjectMacro(MaskImage, MaskImageType);
  itkGetConstObjectMacro(MaskImage, MaskImageType);

  /** The kind of the noise; `Auto`, the default, stands for Gaussian if an intensity is below 0, and for Rician
   * otherwise. */
  itkSetEnumMacro(Kind, NoiseEnum);
  itkGetEnumMacro(Kind, NoiseEnum);

  /** Estimates the noise.
   * \throws ExceptionObject when there is no image, for a mask of another region, for an image with fewer than four
   * voxels along every axis, and for NaN and infinite voxels. */
  void
  Compute();

  /** Standard deviation, in the image's unit; 0 where there is no noise. */
  itkGetConstMacro(Noise, double);

  /** Gaussian or Rician. */
  itkGetEnumMacro(UsedKind, NoiseEnum);

  /** Windows that the estimate rests on. */
  itkGetConstMacro(NumberOfWindows, SizeValueType);

protected:
  ArSSRNoiseEstimator() = default;
  ~ArSSRNoiseEstimator() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  using RegionType = typename TImage::RegionType;

  void
  VerifyInputs() const;

  typename TImage::ConstPointer        m_Image;
  typename MaskImageType::ConstPointer m_MaskImage;
  NoiseEnum                            m_Kind{ NoiseEnum::Auto };
  double                               m_Noise{ 0.0 };
  NoiseEnum                            m_UsedKind{ NoiseEnum::Auto };
  SizeValueType                        m_NumberOfWindows{ 0 };
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkArSSRNoiseEstimator.hxx"
#endif

#endif // itkArSSRNoiseEstimator_h
