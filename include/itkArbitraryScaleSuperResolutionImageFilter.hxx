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
#ifndef itkArbitraryScaleSuperResolutionImageFilter_hxx
#define itkArbitraryScaleSuperResolutionImageFilter_hxx

#include "itkArSSRIntensityStatistics.h"
#include "itkArSSRRegions.h"

#include "itkImageRegionIteratorWithIndex.h"
#include "itkImageRegionSplitterSlowDimension.h"
#include "itkMultiThreaderBase.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace itk
{
template <typename TInputImage, typename TOutputImage>
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ArbitraryScaleSuperResolutionImageFilter()
  : m_Engine(ArSSREngine::New())
{
  this->AddOptionalInputName("ReferenceImage");
  this->AddOptionalInputName("Model");
  // The map is always an output, with an empty region while it is off, so that a pipeline can be built before it is
  // turned on.
  this->SetOutput("UncertaintyMap", UncertaintyMapType::New());
}


template <typename TInputImage, typename TOutputImage>
auto
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::MakeOutput(const DataObjectIdentifierType & name)
  -> DataObjectPointer
{
  return name == "UncertaintyMap" ? DataObjectPointer(UncertaintyMapType::New()) : Superclass::MakeOutput(name);
}


template <typename TInputImage, typename TOutputImage>
auto
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GetUncertaintyMap() -> UncertaintyMapType *
{
  return static_cast<UncertaintyMapType *>(this->ProcessObject::GetOutput("UncertaintyMap"));
}


template <typename TInputImage, typename TOutputImage>
auto
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GetUncertaintyMap() const
  -> const UncertaintyMapType *
{
  return static_cast<const UncertaintyMapType *>(this->ProcessObject::GetOutput("UncertaintyMap"));
}


template <typename TInputImage, typename TOutputImage>
template <typename TSetting, typename TValue>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetGridSetting(TSetting &     setting,
                                                                                    const TValue & value)
{
  // A setting that stays the same must not make the pipeline run again.
  if (setting != value)
  {
    setting = value;
    this->Modified();
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetScaleFactors(const ScaleFactorsType & factors)
{
  this->SetGridSetting(m_OutputGrid.scaleFactors, factors);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetScaleFactors(double factor)
{
  ScaleFactorsType factors;
  factors.Fill(factor);
  this->SetScaleFactors(factors);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputSpacing(const SpacingType & spacing)
{
  this->SetGridSetting(m_OutputGrid.spacing, spacing);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputSpacing(const double * spacing)
{
  this->SetOutputSpacing(SpacingType(spacing));
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetSize(const SizeType & size)
{
  this->SetGridSetting(m_OutputGrid.size, size);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputOrigin(const OriginPointType & origin)
{
  this->SetGridSetting(m_OutputGrid.origin, origin);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputOrigin(const double * origin)
{
  this->SetOutputOrigin(OriginPointType(origin));
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputDirection(const DirectionType & direction)
{
  this->SetGridSetting(m_OutputGrid.direction, direction);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputStartIndex(const IndexType & index)
{
  this->SetGridSetting(m_OutputGrid.startIndex, index);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetUseReferenceImage(bool use)
{
  this->SetGridSetting(m_OutputGrid.useReference, use);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetOutputParametersFromImage(
  const ReferenceImageBaseType * image)
{
  if (image == nullptr)
  {
    itkExceptionMacro("SetOutputParametersFromImage() needs an image, not a null pointer.");
  }
  this->SetSize(image->GetLargestPossibleRegion().GetSize());
  this->SetOutputSpacing(image->GetSpacing());
  this->SetOutputOrigin(image->GetOrigin());
  this->SetOutputDirection(image->GetDirection());
  this->SetOutputStartIndex(image->GetLargestPossibleRegion().GetIndex());
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ResetOutputGrid()
{
  // Also turns UseReferenceImage off: it is part of the grid's settings.
  m_OutputGrid = ArSSROutputGrid();
  this->Modified();
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::SetIntensityWindow(double lower, double upper)
{
  if (!std::isfinite(lower) || !std::isfinite(upper) || !(lower < upper))
  {
    itkExceptionMacro("The intensity window is [" << lower << ", " << upper
                                                  << "]; two finite numbers, the lower one first, are expected.");
  }
  m_IntensityWindowLower = lower;
  m_IntensityWindowUpper = upper;
  m_IntensityRange = upper - lower;
  m_IntensityWindowIsSet = true;
  this->Modified();
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ClearIntensityWindow()
{
  m_IntensityWindowIsSet = false;
  // The window that was set has replaced the one found: that is computed anew.
  m_IntensityWindowInput = nullptr;
  this->Modified();
}


template <typename TInputImage, typename TOutputImage>
std::string
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GetResolvedDevice() const
{
  return m_Engine->GetResolvedDevice();
}


template <typename TInputImage, typename TOutputImage>
std::string
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GetResolvedExecutor() const
{
  return m_Engine->GetResolvedExecutor();
}


template <typename TInputImage, typename TOutputImage>
SizeValueType
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GetNumberOfEncodedTiles() const
{
  return m_Engine->GetNumberOfEncodedTiles();
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ReleaseFeatures()
{
  m_Engine->ReleaseFeatures();
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();

  m_OutputGrid.Verify();
  ArSSRVerifyReferenceImage(m_OutputGrid.useReference, this->GetReferenceImage());
  if (this->GetModel() != nullptr && !m_ModelFileName.empty())
  {
    itkExceptionMacro("Both Model and ModelFileName ('" << m_ModelFileName << "') are set. Set one of them.");
  }
  if (m_ComputeUncertainty && m_Quality < 2)
  {
    itkExceptionMacro("ComputeUncertainty is on, but Quality is "
                      << m_Quality
                      << ": a single pass has no standard deviation. Set Quality to "
                         "2, 4 or 8.");
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::WarnAboutScale(const ArSSRModel & model) const
{
  // Rounding of sizes makes a scale a little different from the factor that was asked for.
  constexpr double tolerance = 0.05;

  // A model that does not say what it was trained for leaves these limits, which every scale meets.
  double smallest = 0.0;
  double largest = std::numeric_limits<double>::infinity();
  model.GetMetaDataNumber("trained_scale_min", smallest);
  model.GetMetaDataNumber("trained_scale_max", largest);
  const auto       voxelSize = m_IndexMap.GetVoxelSize();
  ScaleFactorsType scales;
  bool             isBelowOne = false;
  bool             isUntrained = false;
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    scales[axis] = 1.0 / voxelSize[axis];
    const bool enlarges = scales[axis] > 1.0 + tolerance; // what is left as it is needs no training
    isBelowOne = isBelowOne || scales[axis] < 1.0 - tolerance;
    isUntrained =
      isUntrained || (enlarges && (scales[axis] < smallest - tolerance || scales[axis] > largest + tolerance));
  }
  // Warnings, no errors: both give an image, though a worse one than the scan allows.
  if (isBelowOne)
  {
    itkWarningMacro("The scales along the input's axes are " << scales
                                                             << ": below 1 the output is sampled without a low-pass "
                                                                "filter.");
  }
  if (isUntrained)
  {
    itkWarningMacro("The scales along the input's axes are " << scales << "; the model was trained for " << smallest
                                                             << " to " << largest << '.');
  }
}


template <typename TInputImage, typename TOutputImage>
const ArSSRModel *
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::PrepareModel()
{
  if (const ArSSRModel * model = this->GetModel())
  {
    if (model->GetSource())
    {
      const_cast<ArSSRModel *>(model)->Update(); // its halo must be known before regions are
    }
    if (model->IsEmpty())
    {
      itkExceptionMacro("Model is empty. Call its ReadFile() or SetRandomNetwork() first.");
    }
    return model;
  }
  // Read once, and again only when the file has changed.
  return m_ModelFile.Get(ArSSRModel::FindModelFile(m_ModelFileName));
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GenerateOutputInformation()
{
  const InputImageType * input = this->GetInput();
  const ImageGeometry    inputGeometry = ImageGeometry::FromImage(*input);
  inputGeometry.Verify("input");
  if (!m_OutputGrid.useReference && this->GetReferenceImage() != nullptr)
  {
    itkWarningMacro(
      "ReferenceImage is set but not used, because UseReferenceImage is off. Call UseReferenceImageOn().");
  }
  const ImageGeometry outputGeometry = m_OutputGrid.Compute(inputGeometry, this->GetReferenceImage());
  m_IndexMap = ArSSRIndexMap(inputGeometry, outputGeometry);
  OutputImageType * output = this->GetOutput();
  output->SetLargestPossibleRegion(outputGeometry.region);
  output->SetSpacing(outputGeometry.spacing);
  output->SetOrigin(outputGeometry.origin);
  output->SetDirection(outputGeometry.direction);
  output->SetNumberOfComponentsPerPixel(1);
  this->GetUncertaintyMap()->CopyInformation(output);
  // AllocateOutputs() allocates every output: an empty region keeps the map from taking memory.
  if (!m_ComputeUncertainty)
  {
    this->GetUncertaintyMap()->SetLargestPossibleRegion(OutputImageRegionType());
  }

  m_Engine->SetDevice(m_Device);
  m_Engine->SetPrecision(m_Precision);
  m_Engine->SetNumberOfPasses(m_Quality);
  // The model is needed this early because its halo decides which input region is asked for.
  const ArSSRModel * model = this->PrepareModel();
  this->WarnAboutScale(*model);

  // Tiles are planned last, as their size depends on all that is set here. They belong to the whole image, not to the
  // region that is asked for, so that every division gives the same bits.
  m_Engine->SetModel(model);
  m_Engine->SetMemoryBudget(m_MemoryBudget);
  m_Lattice = m_Engine->PlanTiles(inputGeometry.region.GetSize());
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GenerateOutputRequestedRegion(DataObject * output)
{
  Superclass::GenerateOutputRequestedRegion(output);
  // The superclass gives every output the region of the one that was asked for.
  if (!m_ComputeUncertainty)
  {
    this->GetUncertaintyMap()->SetRequestedRegion(OutputImageRegionType());
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();

  auto * input = const_cast<InputImageType *>(this->GetInput());
  // The superclass asks every image for the output's region, which means nothing on another grid.
  ArSSRRequestGridOnly(this->GetReferenceImage(), input);

  // Whole tiles with the halo of the encoder, even for a single voxel: a tile is encoded as a whole, whatever region
  // needs it.
  const auto tiles = m_Lattice.GetTilesOf(m_IndexMap, this->GetOutput()->GetRequestedRegion());
  // Output that lies outside the input altogether needs none of it.
  const auto region =
    tiles.GetNumberOfPixels() > 0 ? m_Lattice.GetInputRegionOfTiles(tiles) : ArSSRTileLattice::RegionType{};
  input->SetRequestedRegion(InputVoxels::ToImage(input, region));
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::PrepareOutputData()
{
  // Runs before the inputs of a region are updated. The window belongs to the whole input, so that it cannot wait for
  // the regions that GenerateData() sees.
  m_ProgressOfStatistics = 0.0F;
  if (m_IntensityScaling && !m_IntensityWindowIsSet)
  {
    this->UpdateIntensityWindow();
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::UpdateIntensityWindow()
{
  auto * input = const_cast<InputImageType *>(this->GetInput());
  // The pointer is compared only. An image at a freed address is told apart by its time, as ITK gives no time twice.
  if (m_IntensityWindowInput == input && m_IntensityWindowTime == ArSSRGetContentTime(*input))
  {
    return;
  }
  this->SetAbortGenerateData(false); // of an earlier update, as ITK does where GenerateData() begins
  // Should anything throw from here on, the next update computes the window anew.
  m_IntensityWindowInput = nullptr;
  try
  {
    const bool isEdited = ArSSRIsEdited(*input);
    this->ComputeIntensityWindow();
    if (isEdited && !ArSSRIsEdited(*input))
    {
      this->ComputeIntensityWindow(); // the source was asked for other regions, and the edited pixels are gone
    }
  }
  catch (const ProcessAborted &)
  {
    this->InvokeEvent(AbortEvent());
    throw;
  }
  m_IntensityWindowInput = input;
  m_IntensityWindowTime = ArSSRGetContentTime(*input);

  // Reading slabs has left the requested region of the last one: the region that the output needs is asked for again.
  this->GenerateInputRequestedRegion();
  input->PropagateRequestedRegion();
}


template <typename TInputImage, typename TOutputImage>
template <typename TFunction>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ForEachInputSlab(const TFunction & function)
{
  constexpr SizeValueType voxelsPerSlab = SizeValueType{ 1 } << 23; // 32 MiB of float, 64 MiB of double

  auto *                     input = const_cast<InputImageType *>(this->GetInput());
  const InputImageRegionType largest = input->GetLargestPossibleRegion();
  // Slabs along the slowest axis are contiguous in the files and buffers of most sources.
  const auto splitter = ImageRegionSplitterSlowDimension::New();
  const auto wanted = largest.GetNumberOfPixels() / voxelsPerSlab + 1;
  const auto slabs = splitter->GetNumberOfSplits(largest, static_cast<unsigned int>(wanted));

  std::vector<typename InputVoxels::ExactType> buffer;
  for (unsigned int slab = 0; slab < slabs; ++slab)
  {
    InputImageRegionType region = largest;
    splitter->GetSplit(slab, slabs, region);
    ArSSRUpdateRegion(input, region);
    buffer.resize(region.GetNumberOfPixels());
    // Also verifies that voxels are finite, in the first pass over them.
    InputVoxels::Copy(input, region, buffer.data(), "input");
    function(buffer, static_cast<float>(slab + 1) / static_cast<float>(slabs));
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ComputeIntensityWindow()
{
  // Share of the filter's progress; the rest is the network's, which takes longer in most cases.
  constexpr float shareOfStatistics = 0.1F;

  ArSSRIntensityStatistics statistics;
  ArSSRReportProgress(this, m_ProgressOfStatistics);
  for (unsigned int pass = 0; statistics.NeedsPass(); ++pass)
  {
    // Statistics may find after the first pass that they need a third one: what is left of their share is divided among
    // the passes that are left, so that progress never falls.
    const float begin = m_ProgressOfStatistics;
    const float share = (shareOfStatistics - begin) / static_cast<float>(statistics.GetNumberOfPasses() - pass);
    this->ForEachInputSlab([&](const auto & values, float fraction) {
      // The abort flag is looked at after each slab, which bounds how long an abort takes.
      statistics.Add(values.data(), values.size());
      m_ProgressOfStatistics = begin + share * fraction;
      ArSSRReportProgress(this, m_ProgressOfStatistics);
    });
    statistics.EndPass();
  }
  m_IntensityWindowLower = statistics.GetLower();
  m_IntensityWindowUpper = statistics.GetUpper();
  // The window may begin at 0, below all intensities; the bounds are a share of what the image has.
  m_IntensityRange = m_IntensityWindowUpper - statistics.GetMinimum();
  if (statistics.IsFarFromZero())
  {
    itkWarningMacro("The intensities, " << statistics.GetMinimum() << " to " << statistics.GetMaximum()
                                        << ", are far from 0 compared with their range: the network's intensity "
                                           "window begins at the minimum instead of 0 and is ["
                                        << m_IntensityWindowLower << ", " << m_IntensityWindowUpper << "].");
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::ResetCountsWhenChanged()
{
  // Requests for other regions of the same result change none of these times: their counts add up.
  const std::array<ModifiedTimeType, 3> state{ this->GetMTime(),
                                               ArSSRGetContentTime(*this->GetInput()),
                                               m_Engine->GetModel()->GetMTime() };
  if (state != m_CountedState)
  {
    m_CountedState = state;
    m_NumberOfBoundedVoxels = 0;
    m_NumberOfClampedVoxels = 0;
  }
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::GenerateData()
{
  OutputImageType * output = this->GetOutput();
  const std::size_t bytesPerVoxel = sizeof(OutputPixelType) + (m_ComputeUncertainty ? sizeof(float) : 0);
  ArSSRAllocate(*output, bytesPerVoxel, [this] { this->AllocateOutputs(); });
  // The engine writes voxels inside the input's extent only.
  output->FillBuffer(m_DefaultPixelValue);
  this->GetUncertaintyMap()->FillBuffer(0.0F);
  this->ResetCountsWhenChanged();

  // One warning for all regions of a result, not one for each stream division.
  const bool                 hadClamped = m_NumberOfClampedVoxels > 0;
  std::atomic<SizeValueType> clamped{ 0 };
  if (m_IntensityScaling && !(m_IntensityWindowUpper > m_IntensityWindowLower))
  {
    clamped = this->FillWithConstant(); // only statistics give such a window: the whole input has one value
  }
  else
  {
    this->RunEngine(clamped);
  }
  m_NumberOfClampedVoxels += clamped;
  if (clamped > 0 && !hadClamped)
  {
    itkWarningMacro(<< OutputVoxels::DescribeClamping(clamped));
  }
}


template <typename TInputImage, typename TOutputImage>
SizeValueType
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::FillWithConstant()
{
  OutputImageType * output = this->GetOutput();
  SizeValueType     clamped = 0;
  for (ImageRegionIteratorWithIndex<OutputImageType> it(output, output->GetRequestedRegion()); !it.IsAtEnd(); ++it)
  {
    if (m_Lattice.IsInsideExtent(m_IndexMap.Evaluate(it.GetIndex())))
    {
      it.Set(OutputVoxels::ToPixel(m_IntensityWindowLower, clamped));
    }
  }
  return clamped;
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::RunEngine(std::atomic<SizeValueType> & clamped)
{
  const InputImageType * input = this->GetInput();
  OutputImageType *      output = this->GetOutput();
  // Without scaling, the identity: the same code maps.
  const double lower = m_IntensityScaling ? m_IntensityWindowLower : 0.0;
  const double range = m_IntensityScaling ? m_IntensityWindowUpper - m_IntensityWindowLower : 1.0;

  ArSSREngine::Job job;
  job.lattice = m_Lattice;
  job.indexMap = m_IndexMap;
  job.outputRegion = output->GetRequestedRegion();
  job.boundToNeighborhood = m_BoundToNeighborhood;
  // The bound is a share of the range of the intensities; the engine works in units of the window.
  job.boundMargin = static_cast<float>(BoundMargin * (m_IntensityScaling ? m_IntensityRange / range : 1.0));
  job.readInput = [&](const ArSSRTileLattice::RegionType & region, float * buffer) {
    // In double precision: a large offset would cost the network's single precision bits otherwise.
    InputVoxels::CopyMapped(input, InputVoxels::ToImage(input, region), buffer, "input", [=](double value) {
      return (value - lower) / range;
    });
  };
  job.writeOutput = [&](const IndexType & first, const float * values, SizeValueType count) {
    // A row of output voxels is contiguous along x in the buffer of the requested region.
    OutputPixelType * pixels = output->GetBufferPointer() + output->ComputeOffset(first);
    // Called from several threads for different rows: counted locally, so that the atomic is touched once per row at
    // most.
    SizeValueType clampedHere = 0;
    std::transform(values, values + count, pixels, [=, &clampedHere](float value) {
      return OutputVoxels::ToPixel(lower + range * static_cast<double>(value), clampedHere);
    });
    if (clampedHere > 0)
    {
      clamped += clampedHere;
    }
  };
  if (m_ComputeUncertainty)
  {
    job.writeDeviation =
      [=, map = this->GetUncertaintyMap()](const IndexType & first, const float * values, SizeValueType count) {
        std::transform(values, values + count, map->GetBufferPointer() + map->ComputeOffset(first), [=](float value) {
          // A deviation is scaled and has no offset.
          return static_cast<float>(range * static_cast<double>(value));
        });
      };
  }
  job.reportProgress = [this](float fraction) {
    ArSSRReportProgress(this, m_ProgressOfStatistics + (1.0F - m_ProgressOfStatistics) * fraction);
  };

  // Both limits of ITK count: the threads that the process may use, and the work units of this filter.
  m_Engine->SetNumberOfThreads(
    std::min<unsigned int>(this->GetMultiThreader()->GetMaximumNumberOfThreads(), this->GetNumberOfWorkUnits()));
  m_NumberOfBoundedVoxels += m_Engine->Run(job);
}


template <typename TInputImage, typename TOutputImage>
void
ArbitraryScaleSuperResolutionImageFilter<TInputImage, TOutputImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);

  const auto note = [](bool isSet) {
    return isSet ? "" : " (not set)";
  };
  os << indent << "ScaleFactors: " << this->GetScaleFactors() << note(m_OutputGrid.scaleFactors.has_value())
     << std::endl;
  os << indent << "OutputSpacing: " << this->GetOutputSpacing() << note(m_OutputGrid.spacing.has_value()) << std::endl;
  os << indent << "Size: " << this->GetSize() << note(m_OutputGrid.size.has_value()) << std::endl;
  os << indent << "OutputOrigin: " << this->GetOutputOrigin() << note(m_OutputGrid.origin.has_value()) << std::endl;
  os << indent << "OutputDirection:" << note(m_OutputGrid.direction.has_value()) << std::endl;
  os << this->GetOutputDirection() << std::endl;
  os << indent << "OutputStartIndex: " << this->GetOutputStartIndex() << note(m_OutputGrid.startIndex.has_value())
     << std::endl;
  os << indent << "UseReferenceImage: " << (this->GetUseReferenceImage() ? "On" : "Off") << std::endl;
  os << indent
     << "DefaultPixelValue: " << static_cast<typename NumericTraits<OutputPixelType>::PrintType>(m_DefaultPixelValue)
     << std::endl;
  os << indent << "ModelFileName: " << m_ModelFileName << std::endl;
  os << indent << "Device: " << m_Device << std::endl;
  os << indent << "Precision: " << m_Precision << std::endl;
  os << indent << "MemoryBudget: " << m_MemoryBudget << " MiB" << std::endl;
  os << indent << "Quality: " << m_Quality << std::endl;
  os << indent << "ComputeUncertainty: " << (m_ComputeUncertainty ? "On" : "Off") << std::endl;
  os << indent << "IntensityScaling: " << (m_IntensityScaling ? "On" : "Off") << std::endl;
  os << indent << "IntensityWindow: [" << m_IntensityWindowLower << ", " << m_IntensityWindowUpper << ']'
     << (m_IntensityWindowIsSet ? "" : " (from the input)") << std::endl;
  os << indent << "BoundToNeighborhood: " << (m_BoundToNeighborhood ? "On" : "Off") << std::endl;
  os << indent << "NumberOfBoundedVoxels: " << m_NumberOfBoundedVoxels << std::endl;
  os << indent << "NumberOfClampedVoxels: " << m_NumberOfClampedVoxels << std::endl;
  os << indent << "TileSize: " << m_Lattice.GetTileSize() << std::endl;
  itkPrintSelfObjectMacro(Engine);
}
} // end namespace itk

#endif // itkArbitraryScaleSuperResolutionImageFilter_hxx
