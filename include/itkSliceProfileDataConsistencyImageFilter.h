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
#ifndef itkSliceProfileDataConsistencyImageFilter_h
#define itkSliceProfileDataConsistencyImageFilter_h

#include "itkArSSRAcquisition.h"
#include "itkArSSRDiscrepancyPrinciple.h"
#include "itkArSSRPipeline.h"
#include "itkArSSRSliceProfileConsistency.h"

#include "itkImage.h"
#include "itkImageToImageFilter.h"

#include <array>

namespace itk
{
/** \class SliceProfileDataConsistencyImageFilter
 * \brief Measures how well a high-resolution (HR) image agrees with the low-resolution (LR) scan it was made from, and
 * makes it agree.
 *
 * The LR scan is simulated from the HR image, as SliceProfileSimulationImageFilter does it. The residual map is the
 * scan minus the simulation: where it is not noise, the HR image cannot be right. Each of NumberOfIterations
 * interpolates the residual on the HR grid and adds 1.5 times the result (iterative back-projection, Irani and Peleg
 * 1991); ArSSRSliceProfileConsistency has the formulas. It works on the output of any upsampler, and on any two grids:
 * rotated, permuted, flipped, anisotropic.
 *
 * Inputs: the HR image (0) and the LowResolutionImage (1). Outputs: the corrected image, on the HR grid, and the
 * ResidualMap, LR scan - simulated scan after the last iteration, as float on the LR grid.
 *
 * \par Pipeline
 * \verbatim
 * HR image ─► + ───────────────────────────────┬─► HR image that agrees
 *             ▲                                ▼
 *             └─ 1.5 × interpolated ◄─ scan - simulated scan ─► residual map
 *                (NumberOfIterations times)
 * \endverbatim
 *
 * \par Intensities
 * Both images must have the same intensity scale. Single precision is used within; the residual is that of the
 * corrected image before it is rounded to the nearest, and clamped, for an integer pixel type.
 *
 * \par Point spreads
 * The simulation must see the HR image as the scan did: if the scan was not taken as FullWidthAtHalfMaximum and
 * Acquisition say, the correction makes the image disagree with it. Frequencies that a point spread does not let
 * through, those beyond the largest one sampled in k-space, stay as the upsampler made them. A `box` wider than two LR
 * spacings reverses contrast within what the LR grid holds, which iterations enlarge.
 *
 * \par Tolerance
 * Where the absolute residual of an LR voxel does not exceed Tolerance, it is taken for zero in that iteration, and the
 * work ends when that is so everywhere. Scans have noise, and the correction fits it too; after ten iterations the
 * finest noise is enlarged ten times. A tolerance of two or three standard deviations keeps noise out, and fewer
 * iterations dampen it.
 *
 * \par Stopping at the noise
 * StopAtNoise ends the iterations where the residual has come down to the scan's noise (ArSSRDiscrepancyPrinciple): all
 * that such an image still lacks is noise. NumberOfIterations is then the largest number, which a scan without noise
 * gets; an image that agrees to within the noise, such as a denoising network's, stays as it is. The last iteration may
 * be partial: GetLastStep(). The noise is that of the Acquisition, or else what ArSSRNoiseEstimator finds in the scan,
 * and 0 for a scan too small to estimate it. Voxels without a signal well above Rician noise, whose average is not zero
 * there, and constant parts of the scan neither count nor are corrected (ArSSRSignalMask). If the given noise is too
 * large, the iterations end early; if it is too small, noise gets in. A point spread that is not the scan's lets noise
 * in too, because the residual then holds more than noise.
 *
 * \par The borders
 * HR voxels whose centre lies outside the LR image's extent, the box up to the outer faces of its outer voxels, stay as
 * they are. Because an upsampler knows nothing of them, they are left out of the simulation, like everything outside
 * the image; UseVoxelsOutsideScan includes them. LR voxels whose centre lies outside the HR image's extent have a
 * residual of 0 and do not count.
 *
 * \par Streaming
 * A region of the corrected image needs the HR image in a halo of GetHaloRadius(), about 5 LR voxels for each iteration
 * with Gaussians and boxes and about 19 with k-space sampling, and the LR image in the same place. The output is the
 * same bit for bit however it is divided. With StopAtNoise, the number of iterations is a property of the two whole
 * images: it is found before the first part is computed, in a pass over both in slabs of the LR image, and kept until
 * something changes. VoxelsPerSlab bounds its memory. A request for the whole of one output gives the whole of both; a
 * request for a part gives that part, and leaves the other output empty.
 *
 * \par Errors
 * ExceptionObject for impossible settings and for NaN and infinite voxels. AbortGenerateData ends the work with
 * ProcessAborted. The filter can be used again after any of them.
 *
 * M. Irani and S. Peleg, "Improving resolution by image registration", CVGIP: Graphical Models and Image Processing
 * 53(3), 1991, https://doi.org/10.1016/1049-9652(91)90045-L
 *
 * \test SliceProfileDataConsistencyImageFilterGTest.cxx, SliceProfileDataConsistencyImageFilterNoiseGTest.cxx,
 * SliceProfileAcquisitionGTest.cxx
 *
 * \sa SliceProfileSimulationImageFilter
 * \sa ArbitraryScaleSuperResolutionImageFilter
 * \ingroup ImageEnhancement
 * \ingroup Streamed
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ITK_TEMPLATE_EXPORT SliceProfileDataConsistencyImageFilter : public ImageToImageFilter<TImage, TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(SliceProfileDataConsistencyImageFilter);

  using Self = SliceProfileDataConsistencyImageFilter;
  using Superclass = ImageToImageFilter<TImage, TImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(SliceProfileDataConsistencyImageFilter);

  static constexpr unsigned int ImageDimension = 3;
  static_assert(TImage::ImageDimension == ImageDimension, "Scans are 3-D images");

  using ImageType = TImage;
  using ResidualMapType = Image<float, ImageDimension>;
  using SizeType = typename TImage::SizeType;
  using WidthsType = ArSSRSliceProfileProjector::WidthsType;
  using NoiseEnum = ArSSRAcquisitionEnums::Noise;
  using DataObjectPointer = typename Superclass::DataObjectPointer;
  using DataObjectIdentifierType = typename Superclass::DataObjectIdentifierType;

  /** The scan that the HR image was made from. */
  itkSetInputMacro(LowResolutionImage, ImageType);
  itkGetInputMacro(LowResolutionImage, ImageType);

  /** Corrections to make. 0 gives the residual map alone and passes the HR image through. Default 10. */
  itkSetMacro(NumberOfIterations, unsigned int);
  itkGetConstMacro(NumberOfIterations, unsigned int);

  /** Whether iterations end when the residual has come down to the scan's noise. Default off. */
  itkSetMacro(StopAtNoise, bool);
  itkGetConstMacro(StopAtNoise, bool);
  itkBooleanMacro(StopAtNoise);

  /** Largest number of HR voxels, halo included, in a slab of the pass that StopAtNoise needs. A slab has at least one
   * slice, and may have as many voxels as the current request. Default 2^26: 256 MiB of single precision. */
  itkSetMacro(VoxelsPerSlab, SizeValueType);
  itkGetConstMacro(VoxelsPerSlab, SizeValueType);

  /** Largest absolute residual that is taken for zero, in the images' intensities. Default 0. */
  itkSetMacro(Tolerance, double);
  itkGetConstMacro(Tolerance, double);

  /** Full width at half maximum of the slice profile along each axis of the LR image, in mm. 0, the default, stands for
   * the LR spacing. */
  itkSetMacro(FullWidthAtHalfMaximum, WidthsType);
  itkGetConstReferenceMacro(FullWidthAtHalfMaximum, WidthsType);
  /** The same width along each axis, in mm. */
  void
  SetFullWidthAtHalfMaximum(double width);

  /** How the scan was taken: the point spread along each axis of the LR image, in mm, where FullWidthAtHalfMaximum does
   * not set it. Default: nothing is known, so that point spreads are Gaussians with the LR spacing as full width at
   * half maximum. */
  void
  SetAcquisition(const ArSSRAcquisition & acquisition);
  /** The same in words, such as `z=box:4,xy=sinc`. \throws ExceptionObject for text that ArSSRAcquisition cannot read.
   */
  void
  SetAcquisition(const std::string & text);
  itkGetConstReferenceMacro(Acquisition, ArSSRAcquisition);

  /** Whether HR voxels whose centre is outside the LR image's extent are seen in the simulation: for HR images that are
   * not upsampled LR images. Default off. */
  itkSetMacro(UseVoxelsOutsideScan, bool);
  itkGetConstMacro(UseVoxelsOutsideScan, bool);
  itkBooleanMacro(UseVoxelsOutsideScan);

  /** LR scan - simulated scan, after the last iteration, on the LR grid. An output of the filter. */
  ResidualMapType *
  GetResidualMap();
  const ResidualMapType *
  GetResidualMap() const;

  /** Root mean square of the residual before the first iteration and after the last one, and its largest absolute value
   * then: over all LR voxels inside the HR image, once the whole of an output was requested. */
  itkGetConstMacro(InitialResidualRootMeanSquare, double);
  itkGetConstMacro(ResidualRootMeanSquare, double);
  itkGetConstMacro(ResidualMaximum, double);

  /** Iterations done in the last update: fewer than NumberOfIterations if the tolerance or the noise was reached
   * earlier. */
  itkGetConstMacro(NumberOfElapsedIterations, unsigned int);

  /** What StopAtNoise has found, after an update: the standard deviation and the kind of the scan's noise that were
   * used, the share of the last iteration's correction that was made, and the root mean square of the residual where it
   * counts, before the first iteration and after the last one, and whether that has come down to the noise. Without
   * noise nothing is measured: the root mean squares are 0. */
  itkGetConstMacro(Noise, double);
  itkGetEnumMacro(NoiseKind, NoiseEnum);
  double
  GetLastStep() const
  {
    return m_Choice.lastStep;
  }
  double
  GetInitialDiscrepancy() const
  {
    return m_Choice.first;
  }
  double
  GetDiscrepancy() const
  {
    return m_Choice.last;
  }
  bool
  GetIsNoiseReached() const
  {
    return m_Choice.isReached;
  }

  /** HR voxels, along each axis, that a voxel of the corrected image reads around itself. Known once the output
   * information is up to date; that of NumberOfIterations until StopAtNoise has found a smaller number. */
  SizeType
  GetHaloRadius() const;

  /** \throws ExceptionObject for settings that cannot be met. */
  void
  VerifyPreconditions() const override;

  /** Leaves the filter ready for use when something upstream throws; finds where to stop before the filter runs, which
   * may update the inputs. */
  itkArSSRPipelineMacro();

  /** Voxels that were clamped to the range of an integer pixel type in the last update, of the region it computed. */
  itkGetConstMacro(NumberOfClampedVoxels, SizeValueType);

  using Superclass::MakeOutput;
  DataObjectPointer
  MakeOutput(const DataObjectIdentifierType & name) override;

protected:
  SliceProfileDataConsistencyImageFilter();
  ~SliceProfileDataConsistencyImageFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  /** The two images are different grids. */
  void
  VerifyInputInformation() const override
  {}

  /** Each output has the grid of one of the inputs. */
  void
  GenerateOutputInformation() override;

  /** The other output is computed as a whole or not at all. */
  void
  GenerateOutputRequestedRegion(DataObject * output) override;

  /** Asks for the halo of all iterations. */
  void
  GenerateInputRequestedRegion() override;

  void
  GenerateData() override;

private:
  void
  PrepareOutputData();

  using RegionType = typename TImage::RegionType;
  using StateType = std::array<ModifiedTimeType, 3>;

  ArSSRSliceProfileConsistency::Request
  GetRequest() const;

  ImageType *
  GetInputToUpdate(bool isLow);

  /** Changes with whatever the choice depends on. */
  StateType
  GetState();

  bool
  NeedsChoice();

  /** Makes the iterations those of the settings, or those that were chosen. */
  void
  MakeConsistency();

  /** Finds the noise and chooses the iterations, unless that was done for this state. */
  void
  UpdateChoice();
  void
  FindNoise();
  void
  Choose();

  /** LR slices of which the HR voxels for all iterations are no more than those of the request, or of a slab. */
  SizeValueType
  GetSlicesOfSlab() const;

  unsigned int m_NumberOfIterations{ 10 };
  double       m_Tolerance{ 0.0 };
  WidthsType   m_FullWidthAtHalfMaximum{};
  bool         m_UseVoxelsOutsideScan{ false };


  bool          m_StopAtNoise{ false };
  SizeValueType m_VoxelsPerSlab{ SizeValueType{ 1 } << 26 };

  ArSSRAcquisition m_Acquisition;

  // What StopAtNoise has found, and for which state of the filter and its inputs.
  double                            m_Noise{ 0.0 };
  NoiseEnum                         m_NoiseKind{ NoiseEnum::Auto };
  ArSSRDiscrepancyPrinciple::Choice m_Choice;
  StateType                         m_ChosenState{};
  double                            m_ProgressOfChoice{ 0.0 };

  // Results, and state of the pipeline.
  double                       m_InitialResidualRootMeanSquare{ 0.0 };
  double                       m_ResidualRootMeanSquare{ 0.0 };
  double                       m_ResidualMaximum{ 0.0 };
  unsigned int                 m_NumberOfElapsedIterations{ 0 };
  SizeValueType                m_NumberOfClampedVoxels{ 0 };
  ArSSRSliceProfileProjector   m_Projector;
  ArSSRSliceProfileConsistency m_Consistency;
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkSliceProfileDataConsistencyImageFilter.hxx"
#endif

#endif // itkSliceProfileDataConsistencyImageFilter_h
