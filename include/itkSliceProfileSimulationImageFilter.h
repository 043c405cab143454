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
#ifndef itkSliceProfileSimulationImageFilter_h
#define itkSliceProfileSimulationImageFilter_h

#include "itkArSSRAcquisition.h"
#include "itkArSSRAcquisitionNoise.h"
#include "itkArSSRPipeline.h"
#include "itkArSSRSliceProfileProjector.h"

#include "itkImageToImageFilter.h"

#include <optional>

namespace itk
{
/** \class SliceProfileSimulationImageFilter
 * \brief Simulates the scan with larger voxels, on a low-resolution (LR) grid, of a high-resolution (HR) image.
 *
 * An output voxel \f$ y \f$ at \f$ p \f$ is the normalised sum of the input voxels \f$ x_i \f$ at \f$ p_i \f$ under a
 * point spread \f$ h_a \f$ along each axis \f$ a \f$ of the output,
 * \f[ y = \frac{\sum_i w_i x_i}{\sum_i w_i}, \quad w_i = \prod_a h_a\bigl((p_i - p) \cdot a\bigr). \f]
 * By default these are Gaussians whose full width at half maximum (FWHM) is the output spacing; FullWidthAtHalfMaximum
 * sets other widths, and Acquisition other point spreads: boxes, k-space sampling, measured profiles, as
 * ArSSRPointSpread describes them. Along an axis where their width does not exceed the input spacing, within 1 %, the
 * input is interpolated linearly (except for k-space sampling): the in-plane axes of a thick-slice scan are left as
 * they are.
 *
 * \par Pipeline
 * \verbatim
 * HR region (support of the profiles) ─► weighted sums: along z, y, x, or over all at once ─► + noise ─► LR region
 * \endverbatim
 *
 * \par Noise
 * If the acquisition has noise of a known standard deviation, ArSSRAcquisitionNoise adds it with NoiseSeed.
 *
 * \par Output grid
 * Set one of
 * - ShrinkFactors, input voxels per output voxel along each axis (default 2), any number of at least 1: the field of
 * view is kept as in BinShrinkImageFilter, with the size rounded to the nearest;
 * - ReferenceImage with UseReferenceImageOn(): the grid of that image, rotated, permuted, flipped or anisotropic.
 *
 * Settings of both kinds are an error; ResetOutputGrid() clears them.
 *
 * Output voxels whose centre lies outside the input's extent, the box up to the outer faces of its outer voxels, get
 * DefaultPixelValue. Input voxels outside the image are left out of the sum.
 *
 * \par Streaming
 * The input requested region is that of the profiles' support around the output region, cropped to the image. The
 * output is the same bit for bit however it is divided. Arithmetic is in double precision, on intensities in single
 * precision; integer output is rounded to the nearest and clamped. Where the axes of the two grids are parallel the sum
 * is done one axis after another, else over all voxels at once.
 *
 * \par Errors
 * ExceptionObject for impossible settings and for NaN and infinite input. AbortGenerateData ends the work with
 * ProcessAborted. The filter can be used again after any of them.
 *
 * \test SliceProfileSimulationImageFilterGTest.cxx, SliceProfileAcquisitionGTest.cxx (against analytic truths)
 *
 * \sa SliceProfileDataConsistencyImageFilter
 * \sa BinShrinkImageFilter
 * \ingroup GeometricTransform
 * \ingroup Streamed
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TInputImage, typename TOutputImage = TInputImage>
class ITK_TEMPLATE_EXPORT SliceProfileSimulationImageFilter : public ImageToImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(SliceProfileSimulationImageFilter);

  using Self = SliceProfileSimulationImageFilter;
  using Superclass = ImageToImageFilter<TInputImage, TOutputImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(SliceProfileSimulationImageFilter);

  static constexpr unsigned int ImageDimension = 3;
  static_assert(TInputImage::ImageDimension == ImageDimension && TOutputImage::ImageDimension == ImageDimension,
                "Scans are 3-D images");

  using InputImageType = TInputImage;
  using OutputImageType = TOutputImage;
  using OutputPixelType = typename TOutputImage::PixelType;
  using FactorsType = FixedArray<double, ImageDimension>;
  using WidthsType = ArSSRSliceProfileProjector::WidthsType;
  using ReferenceImageBaseType = ImageBase<ImageDimension>;

  static constexpr double DefaultShrinkFactor = 2.0;

  /** Input voxels per output voxel, in (x, y, z) order, each at least 1. Default 2 along each axis. */
  void
  SetShrinkFactors(const FactorsType & factors);
  /** The same factor along each axis. */
  void
  SetShrinkFactors(double factor);
  FactorsType
  GetShrinkFactors() const;

  /** An image whose grid becomes the output's when UseReferenceImage is on; its pixels are ignored. A warning is issued
   * when UseReferenceImage is off. */
  itkSetInputMacro(ReferenceImage, ReferenceImageBaseType);
  itkGetInputMacro(ReferenceImage, ReferenceImageBaseType);
  itkSetMacro(UseReferenceImage, bool);
  itkGetConstMacro(UseReferenceImage, bool);
  itkBooleanMacro(UseReferenceImage);

  /** Clears ShrinkFactors and UseReferenceImage: factors of 2 apply again. */
  void
  ResetOutputGrid();

  /** Full width at half maximum of the slice profile along each axis of the output, in mm. 0, the default, stands for
   * the output spacing. */
  itkSetMacro(FullWidthAtHalfMaximum, WidthsType);
  itkGetConstReferenceMacro(FullWidthAtHalfMaximum, WidthsType);
  /** The same width along each axis, in mm. */
  void
  SetFullWidthAtHalfMaximum(double width);

  /** How the scan was taken: the point spread along each axis of the output, in mm, where FullWidthAtHalfMaximum does
   * not set it; and its noise, in intensities, which is added. Default: nothing is known, so that point spreads are
   * Gaussians with the output spacing as full width at half maximum. */
  void
  SetAcquisition(const ArSSRAcquisition & acquisition);
  /** The same in words, such as `z=box:4,xy=sinc`. \throws ExceptionObject for text that ArSSRAcquisition cannot read.
   */
  void
  SetAcquisition(const std::string & text);
  itkGetConstReferenceMacro(Acquisition, ArSSRAcquisition);

  /** Seed of the noise's random numbers: the same seed gives the same noise. Default 0. */
  itkSetMacro(NoiseSeed, uint64_t);
  itkGetConstMacro(NoiseSeed, uint64_t);

  /** Output value where the input does not reach. Default 0. */
  itkSetMacro(DefaultPixelValue, OutputPixelType);
  itkGetConstReferenceMacro(DefaultPixelValue, OutputPixelType);

  /** \throws ExceptionObject for settings that cannot be met. */
  void
  VerifyPreconditions() const override;

  /** Leaves the filter ready for use when something upstream throws. */
  itkArSSRPipelineMacro();

  /** Voxels that were clamped to the range of an integer pixel type in the last update, of the region it computed. */
  itkGetConstMacro(NumberOfClampedVoxels, SizeValueType);

protected:
  SliceProfileSimulationImageFilter();
  ~SliceProfileSimulationImageFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  /** The reference image has another grid. */
  void
  VerifyInputInformation() const override
  {}

  /** The output has another grid than the input. */
  void
  GenerateOutputInformation() override;

  /** Asks for the support of the slice profiles around the output region. */
  void
  GenerateInputRequestedRegion() override;

  void
  GenerateData() override;

private:
  void
  PrepareOutputData()
  {}

  std::optional<FactorsType> m_ShrinkFactors;
  bool                       m_UseReferenceImage{ false };
  WidthsType                 m_FullWidthAtHalfMaximum{};
  ArSSRAcquisition           m_Acquisition;
  uint64_t                   m_NoiseSeed{ 0 };
  OutputPixelType            m_DefaultPixelValue{};

  // State of the pipeline, not settings.
  ArSSRSliceProfileProjector m_Projector;
  ArSSRAcquisitionNoise      m_Noise;
  SizeValueType              m_NumberOfClampedVoxels{ 0 };
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkSliceProfileSimulationImageFilter.hxx"
#endif

#endif // itkSliceProfileSimulationImageFilter_h
