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
#ifndef itkArbitraryScaleSuperResolutionImageFilter_h
#define itkArbitraryScaleSuperResolutionImageFilter_h

#include "itkArSSREngine.h"
#include "itkArSSRTileLattice.h"
#include "itkArSSRImageVoxels.h"
#include "itkArSSRModel.h"
#include "itkArSSRModelFile.h"
#include "itkArSSROutputGrid.h"
#include "itkArSSRPipeline.h"

#include "itkImageToImageFilter.h"

#include <array>
#include <atomic>
#include <string>

namespace itk
{
/** \class ArbitraryScaleSuperResolutionImageFilter
 * \brief Computes a 3-D image at any scale, on any grid, with a trained ArSSR network.
 *
 * The network's encoder turns the low-resolution (LR) input into features; its implicit voxel function \f$ f \f$ gives
 * the intensity at any point \f$ p \f$ from the features \f$ v_p \f$ sampled there, \f$ I(p) = f(p, v_p) \f$
 * (ArSSR Eq. 2). One model serves every scale.
 *
 * \par Pipeline
 * \verbatim
 * input region ─► window ─► for each tile, in each pass: ──────────────────────┐
 * (tiles + halo)  to [0,1]   encoder ─► features ─► decoder at output voxels    ├─► mean of ─► bounds ─► window
 *                            (kept in the budget)  (trilinear sample, MLP)      ┘   passes               back
 * \endverbatim
 * ArSSREngine does everything between the two windows.
 *
 * \par Output grid
 * Set one of
 * - ScaleFactors, output voxels per input voxel along each axis (default 2): any number > 0, a warning below 1;
 * - OutputSpacing alone;
 * - Size, and with it OutputSpacing, OutputOrigin, OutputDirection and OutputStartIndex as needed;
 * - ReferenceImage with UseReferenceImageOn(), or SetOutputParametersFromImage().
 *
 * Settings of more than one kind are an error; ResetOutputGrid() clears them all. The first two keep the field of view,
 * as ExpandImageFilter and BinShrinkImageFilter do: the size is the nearest to input size × factor (halves up, at least
 * 1), the spacing is extent / size, the direction is the input's, the origin shifts by half the difference of the
 * spacings along the direction axes, and the start index is zero. With Size, settings left out also keep the field of
 * view (start index: zero).
 *
 * \par The border
 * Output voxels whose centre lies outside the input's extent, the box up to the outer faces of its outer voxels, get
 * DefaultPixelValue. In the outer half voxel, beyond the centres of the outer voxels, there is no LR sample on the far
 * side: there the features fade to zero, and the result is up to the network. Networks are trained for this, because
 * every upscaled image has samples there.
 *
 * \par Intensities
 * Networks expect intensities of about [0, 1]. With IntensityScaling (the default) the input is mapped so that the
 * lower end of a window becomes 0 and the upper end 1, and the output is mapped back, in double precision. The window
 * is that of SetIntensityWindow() or else comes from the whole input, as ArSSRIntensityStatistics describes: its lower
 * end is the smaller of zero and the minimum, or the minimum where zero is far below it, which a warning reports; its
 * upper end is the 99.9th percentile of the voxels above it. This reads the input two or three more times, in slabs,
 * before the first region is computed, never per region. A constant image gives the same constant. Networks of the
 * published form never give less than the window's lower end. Integer output is rounded to the nearest and clamped to
 * the pixel type's range, which a warning reports too. NaN and infinite input is an error.
 *
 * \par Bounds
 * At hard edges networks overshoot. With BoundToNeighborhood (the default) each output voxel is kept within the range
 * of the LR voxels around it, widened: each LR voxel has the range of the 3×3×3 LR voxels around it, widened at both
 * ends by its own width, but at most by BoundMargin of the intensities' range, from the minimum to the window's upper
 * end (the whole window where it was set by hand); between LR voxels the ends are interpolated linearly. So no output
 * voxel leaves the range of the 4×4×4 LR voxels nearest to it by more than that, and where these are all the same, it
 * is the same.
 *
 * \par Quality
 * With Quality 2, 4 or 8 the network processes that many copies of the scan, each mirrored along different axes, and
 * the output is the mean of the results, mirrored back. For that many times the work, PSNR rises by some tenths of a
 * dB, because errors that depend on the direction partly cancel out (self-ensemble, Timofte et al. 2016). In order, the
 * passes mirror the axes none, x y z, z, x y, x, y z, y and x z; the mean of the network's single-precision values is
 * taken in double precision and rounded once, then bounded. The differences between passes show where the network is
 * uncertain: with ComputeUncertainty the UncertaintyMap holds their standard deviation,
 * \f$ \sqrt{\sum_k (x_k - \bar x)^2 / (N - 1)} \f$, in intensities of the output, before it is bounded; 0 outside the
 * input's extent.
 *
 * \par Streaming
 * The input requested region is that of the LR tiles that the output region needs, with the encoder's halo, cropped to
 * the image. Tiles and blocks are fixed to the whole image, so on the CPU the output is the same bit for bit however it
 * is divided, whatever the quality. Memory beyond the input and output regions stays within MemoryBudget: with more
 * passes, tiles become smaller if necessary.
 *
 * \par Python
 * The keyword forms, `itk.arbitrary_scale_super_resolution_image_filter(image, reference_image=…)` and `New(…)`, turn
 * UseReferenceImage on if they are given a reference image. The function also takes NumPy arrays, xarray DataArrays and
 * torch tensors, [z, y, x], and returns the kind it was given; voxel types that the class is not wrapped for are
 * computed as float.
 *
 * \par Errors
 * ExceptionObject for conflicting or impossible output grids, an unusable model, an unknown device, a budget that is
 * too small, non-finite input, and failures of torch and CUDA. AbortGenerateData ends the work, at the next tile or
 * slab at the latest, with ProcessAborted. The filter can be used again after any of them.
 *
 * Wu et al., "An Arbitrary Scale Super-Resolution Approach for 3D MR Images via Implicit Neural Representation",
 * IEEE J. Biomed. Health Inform. 2022, https://doi.org/10.1109/JBHI.2022.3223106
 *
 * Timofte, Rothe and Van Gool, "Seven Ways to Improve Example-Based Single Image Super Resolution", CVPR 2016,
 * https://doi.org/10.1109/CVPR.2016.206
 *
 * \test ArbitraryScaleSuperResolutionImageFilterGTest.cxx (grids), …StreamingGTest.cxx (exact regions),
 * …PropertyGTest.cxx (random grids), …IntensityGTest.cxx, …BoundsGTest.cxx, …QualityGTest.cxx, …ReuseGTest.cxx,
 * …BadInputGTest.cxx
 *
 * \sa ArSSRModel
 * \sa ResampleImageFilter
 * \ingroup GeometricTransform
 * \ingroup Streamed
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TInputImage, typename TOutputImage = TInputImage>
class ITK_TEMPLATE_EXPORT ArbitraryScaleSuperResolutionImageFilter
  : public ImageToImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArbitraryScaleSuperResolutionImageFilter);

  using Self = ArbitraryScaleSuperResolutionImageFilter;
  using Superclass = ImageToImageFilter<TInputImage, TOutputImage>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArbitraryScaleSuperResolutionImageFilter);

  static constexpr unsigned int ImageDimension = 3;

  /** Largest share of the intensities' range by which an output voxel may leave the range of the LR voxels around it. A
   * smaller share would cost PSNR where a scan has details smaller than its voxels; a larger one would leave more of
   * the overshoot. */
  static constexpr double BoundMargin = 0.24;

  static_assert(TInputImage::ImageDimension == ImageDimension && TOutputImage::ImageDimension == ImageDimension,
                "ArSSR networks work on 3-D images");

  using InputImageType = TInputImage;
  using OutputImageType = TOutputImage;
  using InputPixelType = typename TInputImage::PixelType;
  using OutputPixelType = typename TOutputImage::PixelType;
  using InputImageRegionType = typename TInputImage::RegionType;
  using OutputImageRegionType = typename TOutputImage::RegionType;
  using SizeType = typename TOutputImage::SizeType;
  using IndexType = typename TOutputImage::IndexType;
  using SpacingType = typename TOutputImage::SpacingType;
  using OriginPointType = typename TOutputImage::PointType;
  using DirectionType = typename TOutputImage::DirectionType;
  using ScaleFactorsType = ArSSRImageGeometry::ScaleFactorsType;
  using ReferenceImageBaseType = ImageBase<ImageDimension>;
  using UncertaintyMapType = Image<float, ImageDimension>;
  using DataObjectPointer = typename Superclass::DataObjectPointer;
  using DataObjectIdentifierType = typename Superclass::DataObjectIdentifierType;

  /** Output voxels per input voxel, in (x, y, z) order. Default 2 along each axis. */
  void
  SetScaleFactors(const ScaleFactorsType & factors);
  /** The same factor along each axis. */
  void
  SetScaleFactors(double factor);
  ScaleFactorsType
  GetScaleFactors() const
  {
    return m_OutputGrid.GetScaleFactors();
  }

  /** Output spacing in mm. Alone it keeps the field of view, and the resulting spacing is extent / size. Getters return
   * zeros, or the identity for the direction, if nothing is set. */
  void
  SetOutputSpacing(const SpacingType & spacing);
  void
  SetOutputSpacing(const double * spacing);
  SpacingType
  GetOutputSpacing() const
  {
    return m_OutputGrid.spacing.value_or(SpacingType{});
  }

  /** Size of the output's largest possible region, in voxels. */
  void
  SetSize(const SizeType & size);
  SizeType
  GetSize() const
  {
    return m_OutputGrid.size.value_or(SizeType{});
  }

  /** Physical position of the output voxel with index (0,0,0), in mm; goes with Size. */
  void
  SetOutputOrigin(const OriginPointType & origin);
  void
  SetOutputOrigin(const double * origin);
  OriginPointType
  GetOutputOrigin() const
  {
    return m_OutputGrid.origin.value_or(OriginPointType{});
  }

  /** Direction cosines of the output; goes with Size. */
  void
  SetOutputDirection(const DirectionType & direction);
  DirectionType
  GetOutputDirection() const
  {
    return m_OutputGrid.direction.value_or(DirectionType::GetIdentity());
  }

  /** Start index of the output's largest possible region; goes with Size. */
  void
  SetOutputStartIndex(const IndexType & index);
  IndexType
  GetOutputStartIndex() const
  {
    return m_OutputGrid.startIndex.value_or(IndexType{});
  }

  /** Size, OutputSpacing, OutputOrigin, OutputDirection and OutputStartIndex from an image. */
  void
  SetOutputParametersFromImage(const ReferenceImageBaseType * image);

  /** An image whose grid becomes the output's when UseReferenceImage is on; its pixels are ignored. A warning is issued
   * when UseReferenceImage is off. */
  itkSetInputMacro(ReferenceImage, ReferenceImageBaseType);
  itkGetInputMacro(ReferenceImage, ReferenceImageBaseType);
  void
  SetUseReferenceImage(bool use);
  bool
  GetUseReferenceImage() const
  {
    return m_OutputGrid.useReference;
  }
  itkBooleanMacro(UseReferenceImage);

  /** Clears every setting of the output grid: scale factors of 2 apply again. */
  void
  ResetOutputGrid();

  /** Output value outside the input's extent. Default 0. */
  itkSetMacro(DefaultPixelValue, OutputPixelType);
  itkGetConstReferenceMacro(DefaultPixelValue, OutputPixelType);

  /** The network to use. It can be the output of a filter. Default: the model in ModelFileName. */
  itkSetInputMacro(Model, ArSSRModel);
  itkGetInputMacro(Model, ArSSRModel);

  /** File to read the model from when Model is not set, or the name of a model that comes with the module
   * (ArSSRModel::GetBundledModelNames()). Default: empty, for the first of these. When the pipeline is updated after
   * Modified(), a file that has changed is read again. */
  itkSetStringMacro(ModelFileName);
  itkGetStringMacro(ModelFileName);

  /** `auto` (default: the first CUDA device, or the CPU if there is none), `cpu`, `cuda` or `cuda:N`. */
  itkSetStringMacro(Device);
  itkGetStringMacro(Device);

  /** Precision of the network's arithmetic: `float32` (the default, never TensorFloat32), `tensorfloat32`, `bfloat16`,
   * `float16`, or `auto`: bfloat16 on a GPU with compute capability 8.0 or above, float32 elsewhere. A CPU has bfloat16
   * if it has AVX512-BF16 or AMX. A precision that the device does not support is an error. */
  itkSetStringMacro(Precision);
  itkGetStringMacro(Precision);

  /** Memory for activations, feature tiles and decoder blocks, in MiB, on the device. Default 4096. */
  itkSetMacro(MemoryBudget, SizeValueType);
  itkGetConstMacro(MemoryBudget, SizeValueType);

  /** Passes over mirrored copies of the input, whose mean is the output: 1 (the default), 2, 4 or 8. */
  itkSetMacro(Quality, unsigned int);
  itkGetConstMacro(Quality, unsigned int);

  /** Whether the filter also computes the UncertaintyMap; Quality must then be 2 or more. Default off. */
  itkSetMacro(ComputeUncertainty, bool);
  itkGetConstMacro(ComputeUncertainty, bool);
  itkBooleanMacro(ComputeUncertainty);

  /** The standard deviation of each output voxel over the passes, on the output's grid. An output of the filter; empty
   * unless ComputeUncertainty is on. */
  UncertaintyMapType *
  GetUncertaintyMap();
  const UncertaintyMapType *
  GetUncertaintyMap() const;

  using Superclass::MakeOutput;
  DataObjectPointer
  MakeOutput(const DataObjectIdentifierType & name) override;

  /** Whether intensities are mapped to the range that networks expect, and back. Default on. */
  itkSetMacro(IntensityScaling, bool);
  itkGetConstMacro(IntensityScaling, bool);
  itkBooleanMacro(IntensityScaling);

  /** The intensities that become 0 and 1 for the network, instead of those found in the whole input.
   * \throws ExceptionObject unless both are finite and lower < upper. */
  void
  SetIntensityWindow(double lower, double upper);
  /** Clears the window: the input's statistics are used again. */
  void
  ClearIntensityWindow();
  /** The window's ends: those set, or those found in the input when the filter has run. */
  itkGetConstMacro(IntensityWindowLower, double);
  itkGetConstMacro(IntensityWindowUpper, double);

  /** Whether each output voxel is kept within the widened range of the LR voxels around it. Default on. */
  itkSetMacro(BoundToNeighborhood, bool);
  itkGetConstMacro(BoundToNeighborhood, bool);
  itkBooleanMacro(BoundToNeighborhood);

  /** How many output voxels were kept from leaving that range by more than a thousandth of the window, and how many
   * were clamped to the range of an integer pixel type: of all voxels computed, region by region, since the filter, its
   * input or its model last changed. A voxel that was computed twice counts twice. */
  itkGetConstMacro(NumberOfBoundedVoxels, SizeValueType);
  itkGetConstMacro(NumberOfClampedVoxels, SizeValueType);

  /** The device that `auto` stands for, once the filter has run. */
  std::string
  GetResolvedDevice() const;

  /** What computed the output, as ArSSREngine::GetResolvedExecutor() describes it: this module's kernels for the CPU,
   * torch, or its kernel for GPUs. Empty before the filter has run, and if no voxel had to be computed. */
  std::string
  GetResolvedExecutor() const;

  /** Number of tiles encoded since the filter was made; shows whether feature tiles were reused. */
  SizeValueType
  GetNumberOfEncodedTiles() const;

  /** Releases the feature tiles that are kept for the next update. */
  void
  ReleaseFeatures();

  /** \throws ExceptionObject for settings that contradict each other or cannot be met. */
  void
  VerifyPreconditions() const override;

  /** Leaves the filter ready for use when something upstream throws; reads the whole input for its intensity window
   * before the region itself is requested. */
  itkArSSRPipelineMacro();

protected:
  ArbitraryScaleSuperResolutionImageFilter();
  ~ArbitraryScaleSuperResolutionImageFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  /** The inputs need not lie in the same space: a reference image is another grid, and a model is not an image. */
  void
  VerifyInputInformation() const override
  {}

  /** The output has another grid than the input; the model decides what is encoded, so it is made ready here. */
  void
  GenerateOutputInformation() override;

  /** Both outputs are computed together; the map has no voxels unless it is asked for. */
  void
  GenerateOutputRequestedRegion(DataObject * output) override;

  /** Asks for the tiles that the output region needs, with their halo. */
  void
  GenerateInputRequestedRegion() override;

  void
  GenerateData() override;

private:
  void
  PrepareOutputData();

  using ImageGeometry = ArSSRImageGeometry;
  using InputVoxels = ArSSRImageVoxels<TInputImage>;
  using OutputVoxels = ArSSRImageVoxels<TOutputImage>;

  void
  WarnAboutScale(const ArSSRModel & model) const;

  /** The model that is set, or the one in the file that is named. */
  const ArSSRModel *
  PrepareModel();

  /** Finds the window in the whole input unless it is known. */
  void
  UpdateIntensityWindow();

  void
  ComputeIntensityWindow();

  /** Calls a function with the voxels of one slab of the input after another, and with the fraction that is done. */
  template <typename TFunction>
  void
  ForEachInputSlab(const TFunction & function);

  void
  ResetCountsWhenChanged();

  /** Fills the output for an input of one value. Returns how many voxels were clamped. */
  SizeValueType
  FillWithConstant();

  /** \param clamped counts voxels that were clamped, from several threads. */
  void
  RunEngine(std::atomic<SizeValueType> & clamped);

  /** Changes one setting of the output grid. */
  template <typename TSetting, typename TValue>
  void
  SetGridSetting(TSetting & setting, const TValue & value);

  ArSSROutputGrid m_OutputGrid;
  OutputPixelType m_DefaultPixelValue{};

  std::string   m_ModelFileName;
  std::string   m_Device{ "auto" };
  std::string   m_Precision{ "float32" };
  SizeValueType m_MemoryBudget{ ArSSREngine::DefaultMemoryBudget };
  unsigned int  m_Quality{ 1 };
  bool          m_ComputeUncertainty{ false };

  bool   m_IntensityScaling{ true };
  bool   m_IntensityWindowIsSet{ false };
  double m_IntensityWindowLower{ 0.0 };
  double m_IntensityWindowUpper{ 1.0 };
  double m_IntensityRange{ 1.0 }; // from the minimum, or from the lower end that was set, to the upper end
  bool   m_BoundToNeighborhood{ true };

  // State of the pipeline, not settings.
  ArSSREngine::Pointer m_Engine;
  ArSSRModelFile       m_ModelFile;
  ArSSRIndexMap        m_IndexMap;
  ArSSRTileLattice     m_Lattice;
  ModifiedTimeType     m_IntensityWindowTime{ 0 }; // of the content that the window was computed from
  const DataObject *   m_IntensityWindowInput{ nullptr };
  float                m_ProgressOfStatistics{ 0.0F }; // in the update at work

  SizeValueType                   m_NumberOfBoundedVoxels{ 0 };
  SizeValueType                   m_NumberOfClampedVoxels{ 0 };
  std::array<ModifiedTimeType, 3> m_CountedState{}; // of the filter, its input and its model when these were counted
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkArbitraryScaleSuperResolutionImageFilter.hxx"
#endif

#endif // itkArbitraryScaleSuperResolutionImageFilter_h
