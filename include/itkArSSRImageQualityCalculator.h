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
#ifndef itkArSSRImageQualityCalculator_h
#define itkArSSRImageQualityCalculator_h

#include "itkArSSRImageQuality.h"

#include "itkImage.h"
#include "itkObject.h"
#include "itkObjectFactory.h"

namespace itk
{
/** \class ArSSRImageQualityCalculator
 * \brief Measures how close an image is to a true one: mean squared error, PSNR and structural similarity.
 *
 * Both images are compared voxel by voxel at equal indices, over the truth's buffered region or the region that is set,
 * less a border. Their positions in space are ignored. As with ITK's other calculators, the images are used as they are
 * in memory: update the pipelines that produce them first, and call Compute() again after a change.
 *
 * PSNR is \f$10 \log_{10}(range^2 / MSE)\f$ in dB, infinite for equal images. For the structural similarity see
 * ArSSRImageQuality. Memory beside the images does not grow with their number of rows and planes.
 *
 * \code
 * auto calculator = itk::ArSSRImageQualityCalculator<itk::Image<float, 3>>::New();
 * calculator->SetTruth(truth);
 * calculator->SetImage(image);
 * calculator->SetBorder(6);
 * calculator->Compute();
 * std::cout << calculator->GetPeakSignalToNoiseRatio() << " dB\n";
 * \endcode
 *
 * \sa ArSSRImageQuality
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ITK_TEMPLATE_EXPORT ArSSRImageQualityCalculator : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRImageQualityCalculator);

  using Self = ArSSRImageQualityCalculator;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRImageQualityCalculator);

  using ImageType = TImage;
  using RegionType = typename TImage::RegionType;

  static_assert(TImage::ImageDimension == 3, "Volumes are compared: images of three dimensions");

  /** The image that the other one is measured against. */
  itkSetConstObjectMacro(Truth, ImageType);
  itkGetConstObjectMacro(Truth, ImageType);

  /** The image to measure. */
  itkSetConstObjectMacro(Image, ImageType);
  itkGetConstObjectMacro(Image, ImageType);

  /** Voxels to compare, border included; the truth's buffered region, which must then be the image's too, unless set.
   */
  void
  SetRegion(const RegionType & region);
  itkGetConstReferenceMacro(Region, RegionType);

  /** Voxels left out on every side of the region. */
  itkSetMacro(Border, SizeValueType);
  itkGetConstMacro(Border, SizeValueType);

  /** The range of values that PSNR and SSIM refer to; zero, the default, stands for the truth's maximum less its
   * minimum in the compared region. */
  itkSetMacro(ValueRange, double);
  itkGetConstMacro(ValueRange, double);

  /** Computes all measures.
   * \throws ExceptionObject for an image that is missing, for images of different size, a region that is not inside
   * both, a region of fewer than 11 voxels along an axis once the border is left out, NaN and infinite voxels, and a
   * range that is not above zero, as of a constant truth. */
  void
  Compute();

  /** Computes all but the structural similarity, in one pass; the region may then be small.
   * \throws ExceptionObject as Compute() does. */
  void
  ComputeErrors();

  /** The range used: the one set, or the truth's. */
  itkGetConstMacro(UsedValueRange, double);

  /** In the images' units, squared. */
  itkGetConstMacro(MeanSquaredError, double);

  /** In dB. */
  itkGetConstMacro(PeakSignalToNoiseRatio, double);

  /** At most 1, that of equal images. */
  itkGetConstMacro(StructuralSimilarity, double);

protected:
  ArSSRImageQualityCalculator() = default;
  ~ArSSRImageQualityCalculator() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  RegionType
  ComparedRegion() const;

  ArSSRImageQuality
  MeasureErrors();

  typename TImage::ConstPointer m_Truth;
  typename TImage::ConstPointer m_Image;
  RegionType                    m_Region;
  bool                          m_RegionSetByUser{ false };
  SizeValueType                 m_Border{ 0 };
  double                        m_ValueRange{ 0.0 };
  double                        m_UsedValueRange{ 0.0 };
  double                        m_MeanSquaredError{ 0.0 };
  double                        m_PeakSignalToNoiseRatio{ 0.0 };
  double                        m_StructuralSimilarity{ 0.0 };
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkArSSRImageQualityCalculator.hxx"
#endif

#endif // itkArSSRImageQualityCalculator_h
