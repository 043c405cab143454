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
#ifndef itkSliceProfileDataConsistencyImageFilter_hxx
#define itkSliceProfileDataConsistencyImageFilter_hxx

#include "itkArSSRFilterLoop.h"
#include "itkArSSRImageVoxels.h"
#include "itkArSSRNoiseEstimator.h"
#include "itkArSSRRegions.h"

#include "itkImageRegionIterator.h"
#include "itkIndexRange.h"

#include <algorithm>
#include <functional>

namespace itk
{
template <typename TImage>
SliceProfileDataConsistencyImageFilter<TImage>::SliceProfileDataConsistencyImageFilter()
{
  m_FullWidthAtHalfMaximum.Fill(0.0);
  // Also reachable as input 1, after the HR image as input 0.
  this->AddRequiredInputName("LowResolutionImage", 1);
  this->SetOutput("ResidualMap", ResidualMapType::New());
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::SetFullWidthAtHalfMaximum(double width)
{
  WidthsType widths;
  widths.Fill(width);
  this->SetFullWidthAtHalfMaximum(widths);
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::SetAcquisition(const ArSSRAcquisition & acquisition)
{
  if (m_Acquisition != acquisition)
  {
    m_Acquisition = acquisition;
    this->Modified();
  }
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::SetAcquisition(const std::string & text)
{
  this->SetAcquisition(ArSSRAcquisition::FromText(text));
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::MakeOutput(const DataObjectIdentifierType & name) -> DataObjectPointer
{
  return name == "ResidualMap" ? DataObjectPointer(ResidualMapType::New()) : Superclass::MakeOutput(name);
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::GetResidualMap() -> ResidualMapType *
{
  return static_cast<ResidualMapType *>(this->ProcessObject::GetOutput("ResidualMap"));
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::GetResidualMap() const -> const ResidualMapType *
{
  return static_cast<const ResidualMapType *>(this->ProcessObject::GetOutput("ResidualMap"));
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::GetHaloRadius() const -> SizeType
{
  return m_Consistency.GetHaloRadius();
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();

  if (!(m_Tolerance >= 0.0)) // an infinite one is the same as no iterations
  {
    itkExceptionMacro("Tolerance is " << m_Tolerance << "; an intensity of at least 0 is expected.");
  }
  m_Acquisition.WithGaussianWidths(m_FullWidthAtHalfMaximum); // throws where they contradict each other
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::GenerateOutputInformation()
{
  const ImageType * high = this->GetInput();
  const ImageType * low = this->GetLowResolutionImage();
  this->GetOutput()->CopyInformation(high);
  this->GetResidualMap()->CopyInformation(low);

  m_Projector = ArSSRSliceProfileProjector(ArSSRImageGeometry::FromImage(*high),
                                           ArSSRImageGeometry::FromImage(*low),
                                           m_Acquisition.WithGaussianWidths(m_FullWidthAtHalfMaximum),
                                           m_UseVoxelsOutsideScan ? ArSSRSliceProfileProjector::Sees::AllVoxels
                                                                  : ArSSRSliceProfileProjector::Sees::VoxelsInsideLow);
  // An image that no spacing was set of has ITK's default of 1 mm, and would be compared at the wrong scale.
  if (!m_Projector.IsCoarser())
  {
    itkWarningMacro("The voxels of the low-resolution image (spacing "
                    << low->GetSpacing() << ") are not larger than those of the high-resolution image (spacing "
                    << high->GetSpacing() << "). Check both spacings.");
  }
  this->MakeConsistency();
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::MakeConsistency()
{
  ArSSRSliceProfileConsistency::Settings settings;
  settings.iterations = m_NumberOfIterations;
  settings.tolerance = m_Tolerance;
  // Until the choice is made, the largest number of iterations stands: its halo covers every choice.
  if (m_StopAtNoise && !this->NeedsChoice())
  {
    settings.iterations = m_Choice.iterations;
    settings.lastStep = m_Choice.lastStep;
    settings.mask = ArSSRSignalMask(m_Noise, m_NoiseKind);
  }
  m_Consistency = ArSSRSliceProfileConsistency(m_Projector, settings);
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::PrepareOutputData()
{
  // The choice belongs to both whole images, and is made before the inputs of the first region are updated.
  m_ProgressOfChoice = 0.0;
  if (m_StopAtNoise && this->NeedsChoice())
  {
    this->UpdateChoice();
  }
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::GetInputToUpdate(bool isLow) -> ImageType *
{
  return const_cast<ImageType *>(isLow ? this->GetLowResolutionImage() : this->GetInput());
}


template <typename TImage>
auto
SliceProfileDataConsistencyImageFilter<TImage>::GetState() -> StateType
{
  return { { this->GetMTime(),
             ArSSRGetContentTime(*this->GetInputToUpdate(false)),
             ArSSRGetContentTime(*this->GetInputToUpdate(true)) } };
}


template <typename TImage>
bool
SliceProfileDataConsistencyImageFilter<TImage>::NeedsChoice()
{
  return m_ChosenState != this->GetState();
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::UpdateChoice()
{
  this->SetAbortGenerateData(false); // of an earlier update, as ITK does where GenerateData() begins
  // Should anything throw from here on, no state equals this one, and the next update chooses anew.
  m_ChosenState = StateType{};
  const auto areEdited = [this] {
    return std::array<bool, 2>{ { ArSSRIsEdited(*this->GetInputToUpdate(false)),
                                  ArSSRIsEdited(*this->GetInputToUpdate(true)) } };
  };
  try
  {
    const auto wereEdited = areEdited();
    this->FindNoise();
    this->Choose();
    if (wereEdited != areEdited())
    {
      this->FindNoise(); // a source was asked for other regions, and the edited pixels are gone
      this->Choose();
    }
  }
  catch (const ProcessAborted &)
  {
    this->InvokeEvent(AbortEvent());
    throw;
  }
  // Taken afterwards, as reading the slabs may have overwritten edited pixels. The iterations that were chosen may need
  // a smaller halo: regions are asked for again, in place of those of the last slab.
  m_ChosenState = this->GetState();
  this->MakeConsistency();

  this->GenerateInputRequestedRegion();
  this->GetInputToUpdate(false)->PropagateRequestedRegion();
  this->GetInputToUpdate(true)->PropagateRequestedRegion();
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::FindNoise()
{
  constexpr SizeValueType fewestVoxels = 4; // of which ArSSRNoiseEstimator can tell

  m_Noise = m_Acquisition.IsNoiseKnown() ? m_Acquisition.GetNoise() : 0.0;
  m_NoiseKind = m_Acquisition.GetNoiseKind();
  // Without noise its kind does not matter.
  const bool  isKnown = m_Acquisition.IsNoiseKnown() && (m_Noise == 0.0 || m_NoiseKind != NoiseEnum::Auto);
  ImageType * scan = this->GetInputToUpdate(true);
  const auto  size = scan->GetLargestPossibleRegion().GetSize();
  if (!isKnown && *std::max_element(size.begin(), size.end()) >= fewestVoxels)
  {
    // Streams the scan in slabs of its own.
    auto estimator = ArSSRNoiseEstimator<ImageType>::New();
    estimator->SetImage(scan);
    estimator->SetKind(m_NoiseKind);
    estimator->Compute();
    // A deviation that is known stays where only the kind was left to find.
    m_Noise = m_Acquisition.IsNoiseKnown() ? m_Noise : estimator->GetNoise();
    m_NoiseKind = estimator->GetUsedKind();
  }
}


template <typename TImage>
SizeValueType
SliceProfileDataConsistencyImageFilter<TImage>::GetSlicesOfSlab() const
{
  // The request at hand takes that much memory anyway.
  const auto most = std::max(m_VoxelsPerSlab, this->GetInput()->GetRequestedRegion().GetNumberOfPixels());
  RegionType slab = m_Projector.GetLowRegion();
  const auto last = static_cast<IndexValueType>(slab.GetSize(2));
  // Halved until its HR voxels fit. How many slices there are depends on the request, but not the choice that is made:
  // sums are kept per slice.
  while (slab.GetSize(2) > 1 && m_Consistency.GetInput({ RegionType{}, slab }).high.GetNumberOfPixels() > most)
  {
    slab.SetSize(2, (slab.GetSize(2) + 1) / 2);
    slab.SetIndex(2, (last - static_cast<IndexValueType>(slab.GetSize(2))) / 2); // inside, with its halo on both sides
  }
  return slab.GetSize(2);
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::Choose()
{
  using Voxels = ArSSRImageVoxels<ImageType>;
  constexpr double shareOfChoice = 0.5; // of the filter's progress

  // For a scan without noise: all iterations, and a whole last step.
  m_Choice = ArSSRDiscrepancyPrinciple::Choice{};
  m_Choice.iterations = m_NumberOfIterations;
  if (m_Noise == 0.0)
  {
    return;
  }
  // Measured with the mask and the tolerance that the iterations themselves will have.
  ArSSRSliceProfileConsistency::Settings settings;
  settings.iterations = m_NumberOfIterations;
  settings.tolerance = m_Tolerance;
  settings.mask = ArSSRSignalMask(m_Noise, m_NoiseKind);
  m_Consistency = ArSSRSliceProfileConsistency(m_Projector, settings);

  RegionType                slab = m_Projector.GetLowRegion();
  const SizeValueType       slices = slab.GetSize(2);
  const SizeValueType       slicesOfSlab = this->GetSlicesOfSlab();
  const SizeValueType       slabs = (slices + slicesOfSlab - 1) / slicesOfSlab;
  ArSSRDiscrepancyPrinciple principle(slices, m_NumberOfIterations, m_Noise);
  ArSSRFilterLoop           loop(this, slabs * m_Consistency.GetNumberOfLoops(), 0.0, shareOfChoice);
  m_ProgressOfChoice = shareOfChoice;
  const auto read = [](ImageType * image, const RegionType & region, const char * name) {
    ArSSRUpdateRegion(image, Voxels::ToImage(image, region));
    return Voxels::Read(image, region, name);
  };
  // Each slab runs all iterations on an HR block with the halo of them all, whose margins slabs compute again: more
  // work, for memory that does not grow with the image.
  for (SizeValueType first = 0; first < slices; first += slicesOfSlab)
  {
    slab.SetIndex(2, static_cast<IndexValueType>(first));
    slab.SetSize(2, std::min(slicesOfSlab, slices - first));
    const auto needed = m_Consistency.GetInput({ RegionType{}, slab });
    auto       high = read(this->GetInputToUpdate(false), needed.high, "high-resolution image");
    const auto low = read(this->GetInputToUpdate(true), needed.low, "low-resolution image");
    m_Consistency.Measure(slab, high, low, std::ref(loop), principle);
  }
  m_Choice = principle.Choose();
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::GenerateOutputRequestedRegion(DataObject * output)
{
  // Outputs lie on different grids, so that a part of one names no part of the other. Whole belongs to whole.
  ImageBase<ImageDimension> * corrected = this->GetOutput();
  ImageBase<ImageDimension> * residual = this->GetResidualMap();
  auto *                      asked = output == residual ? residual : corrected;
  auto *                      other = output == residual ? corrected : residual;

  typename TImage::RegionType region(other->GetLargestPossibleRegion().GetIndex(), SizeType{});
  if (asked->GetRequestedRegion() == asked->GetLargestPossibleRegion())
  {
    region = other->GetLargestPossibleRegion();
  }
  other->SetRequestedRegion(region);
}


template <typename TImage>
ArSSRSliceProfileConsistency::Request
SliceProfileDataConsistencyImageFilter<TImage>::GetRequest() const
{
  const ImageType *       corrected = this->GetOutput();
  const ResidualMapType * residual = this->GetResidualMap();
  return { ArSSRImageVoxels<ImageType>::FromImage(corrected, corrected->GetRequestedRegion()),
           ArSSRImageVoxels<ResidualMapType>::FromImage(residual, residual->GetRequestedRegion()) };
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();

  using Voxels = ArSSRImageVoxels<ImageType>;
  auto *     high = const_cast<ImageType *>(this->GetInput());
  auto *     low = const_cast<ImageType *>(this->GetLowResolutionImage());
  const auto needed = m_Consistency.GetInput(this->GetRequest());
  high->SetRequestedRegion(Voxels::ToImage(high, needed.high));
  low->SetRequestedRegion(Voxels::ToImage(low, needed.low));
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::GenerateData()
{
  using Voxels = ArSSRImageVoxels<ImageType>;

  ArSSRAllocate(*this->GetOutput(), sizeof(typename TImage::PixelType), [this] { this->AllocateOutputs(); });
  const auto request = this->GetRequest();
  const auto needed = m_Consistency.GetInput(request);
  // Copies in single precision. The input itself stays for the pixels that come back unchanged.
  const auto low = Voxels::Read(this->GetLowResolutionImage(), needed.low, "low-resolution image");
  auto       high = Voxels::Read(this->GetInput(), needed.high, "high-resolution image");

  const ArSSRFilterLoop loop(this, m_Consistency.GetNumberOfLoops(), m_ProgressOfChoice);
  const auto            result = m_Consistency.Run(request, high, low, loop);
  m_InitialResidualRootMeanSquare = result.first.rootMeanSquare;
  m_ResidualRootMeanSquare = result.last.rootMeanSquare;
  m_ResidualMaximum = result.last.maximum;
  m_NumberOfElapsedIterations = result.iterations;

  ImageType *                         corrected = this->GetOutput();
  ImageRegionConstIterator<ImageType> in(this->GetInput(), corrected->GetRequestedRegion());
  ImageRegionIterator<ImageType>      out(corrected, corrected->GetRequestedRegion());
  m_NumberOfClampedVoxels = 0;
  for (const auto & index : ImageRegionIndexRange<ImageDimension>(request.high))
  {
    // Where nothing is corrected, the pixel is copied: its type may hold more digits than single precision.
    const float voxel = high.voxels[high.Offset(index)];
    out.Set(voxel == static_cast<float>(in.Get()) ? in.Get() : Voxels::ToPixel(voxel, m_NumberOfClampedVoxels));
    ++in;
    ++out;
  }
  if (m_NumberOfClampedVoxels > 0)
  {
    itkWarningMacro(<< Voxels::DescribeClamping(m_NumberOfClampedVoxels));
  }
  ResidualMapType *                    residual = this->GetResidualMap();
  ImageRegionIterator<ResidualMapType> map(residual, residual->GetRequestedRegion());
  for (const float value : result.residual.voxels)
  {
    map.Set(value);
    ++map;
  }
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);

  os << indent << "NumberOfIterations: " << m_NumberOfIterations << std::endl;
  os << indent << "StopAtNoise: " << (m_StopAtNoise ? "On" : "Off") << std::endl;
  os << indent << "VoxelsPerSlab: " << m_VoxelsPerSlab << std::endl;
  os << indent << "Tolerance: " << m_Tolerance << std::endl;
  os << indent << "FullWidthAtHalfMaximum: " << m_FullWidthAtHalfMaximum << " mm (0: low-resolution spacing)"
     << std::endl;
  os << indent << "Acquisition: " << m_Acquisition << std::endl;
  os << indent << "UseVoxelsOutsideScan: " << (m_UseVoxelsOutsideScan ? "On" : "Off") << std::endl;
  os << indent << "InitialResidualRootMeanSquare: " << m_InitialResidualRootMeanSquare << std::endl;
  os << indent << "ResidualRootMeanSquare: " << m_ResidualRootMeanSquare << std::endl;
  os << indent << "ResidualMaximum: " << m_ResidualMaximum << std::endl;
  os << indent << "NumberOfElapsedIterations: " << m_NumberOfElapsedIterations << std::endl;
  os << indent << "Noise: " << m_Noise << " (" << m_NoiseKind << ')' << std::endl;
  os << indent << "LastStep: " << m_Choice.lastStep << std::endl;
  os << indent << "InitialDiscrepancy: " << m_Choice.first << std::endl;
  os << indent << "Discrepancy: " << m_Choice.last << std::endl;
  os << indent << "IsNoiseReached: " << (m_Choice.isReached ? "On" : "Off") << std::endl;
  os << indent << "NumberOfClampedVoxels: " << m_NumberOfClampedVoxels << std::endl;
}
} // end namespace itk

#endif // itkSliceProfileDataConsistencyImageFilter_hxx
