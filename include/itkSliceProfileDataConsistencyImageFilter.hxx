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

#include "itkImageRegionIterator.h"
#include "itkIndexRange.h"

#include <cmath>

namespace itk
{
template <typename TImage>
SliceProfileDataConsistencyImageFilter<TImage>::SliceProfileDataConsistencyImageFilter()
{
  m_FullWidthAtHalfMaximum.Fill(0.0);
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

  const ArSSRSliceProfileProjector projector(ArSSRImageGeometry::FromImage(*high),
                                             ArSSRImageGeometry::FromImage(*low),
                                             m_Acquisition.WithGaussianWidths(m_FullWidthAtHalfMaximum),
                                             m_UseVoxelsOutsideScan
                                               ? ArSSRSliceProfileProjector::Sees::AllVoxels
                                               : ArSSRSliceProfileProjector::Sees::VoxelsInsideLow);
  if (!projector.IsCoarser())
  {
    itkWarningMacro("The low-resolution image, of spacing "
                    << low->GetSpacing() << ", has no larger voxels than the high-resolution image, of spacing "
                    << high->GetSpacing() << ". Was a spacing not set?");
  }
  m_Consistency = ArSSRSliceProfileConsistency(projector, m_NumberOfIterations, m_Tolerance);
}


template <typename TImage>
void
SliceProfileDataConsistencyImageFilter<TImage>::GenerateOutputRequestedRegion(DataObject * output)
{
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

  this->AllocateOutputs();
  const auto request = this->GetRequest();
  const auto needed = m_Consistency.GetInput(request);
  const auto low = Voxels::Read(this->GetLowResolutionImage(), needed.low, "low-resolution image");
  auto       high = Voxels::Read(this->GetInput(), needed.high, "high-resolution image");

  const auto result = m_Consistency.Run(request, high, low, ArSSRFilterLoop(this, m_Consistency.GetNumberOfLoops()));
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
    // Pixel types that single precision does not hold come back as they were where nothing is corrected.
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
  os << indent << "Tolerance: " << m_Tolerance << std::endl;
  os << indent << "FullWidthAtHalfMaximum: " << m_FullWidthAtHalfMaximum << " mm (0: low-resolution spacing)"
     << std::endl;
  os << indent << "Acquisition: " << m_Acquisition << std::endl;
  os << indent << "UseVoxelsOutsideScan: " << (m_UseVoxelsOutsideScan ? "On" : "Off") << std::endl;
  os << indent << "InitialResidualRootMeanSquare: " << m_InitialResidualRootMeanSquare << std::endl;
  os << indent << "ResidualRootMeanSquare: " << m_ResidualRootMeanSquare << std::endl;
  os << indent << "ResidualMaximum: " << m_ResidualMaximum << std::endl;
  os << indent << "NumberOfElapsedIterations: " << m_NumberOfElapsedIterations << std::endl;
  os << indent << "NumberOfClampedVoxels: " << m_NumberOfClampedVoxels << std::endl;
}
} // end namespace itk

#endif // itkSliceProfileDataConsistencyImageFilter_hxx
