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
#ifndef itkSliceProfileSimulationImageFilter_hxx
#define itkSliceProfileSimulationImageFilter_hxx

#include "itkArSSRFilterLoop.h"
#include "itkArSSRImageVoxels.h"

#include "itkImageRegionIterator.h"

#include <cmath>

namespace itk
{
template <typename TInputImage, typename TOutputImage>
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SliceProfileSimulationImageFilter()
{
  m_FullWidthAtHalfMaximum.Fill(0.0);
  this->AddOptionalInputName("ReferenceImage");
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SetShrinkFactors(const FactorsType & factors)
{
  if (m_ShrinkFactors != factors)
  {
    m_ShrinkFactors = factors;
    this->Modified();
  }
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SetShrinkFactors(double factor)
{
  FactorsType factors;
  factors.Fill(factor);
  this->SetShrinkFactors(factors);
}


template <typename TInputImage, typename TOutputImage>
auto
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::GetShrinkFactors() const -> FactorsType
{
  FactorsType byDefault;
  // Not stored: factors that were not set do not contradict a reference image.
  byDefault.Fill(DefaultShrinkFactor);
  return m_ShrinkFactors.value_or(byDefault);
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::ResetOutputGrid()
{
  m_ShrinkFactors.reset();
  m_UseReferenceImage = false;
  this->Modified();
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SetFullWidthAtHalfMaximum(double width)
{
  WidthsType widths;
  widths.Fill(width);
  this->SetFullWidthAtHalfMaximum(widths);
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SetAcquisition(const ArSSRAcquisition & acquisition)
{
  if (m_Acquisition != acquisition)
  {
    m_Acquisition = acquisition;
    this->Modified();
  }
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::SetAcquisition(const std::string & text)
{
  this->SetAcquisition(ArSSRAcquisition::FromText(text));
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();

  ArSSRVerifyReferenceImage(m_UseReferenceImage, this->GetReferenceImage());
  // Both describe an output grid, and neither takes precedence.
  if (m_UseReferenceImage && m_ShrinkFactors)
  {
    itkExceptionMacro("UseReferenceImage is on and ShrinkFactors are set. Set one kind of output grid; "
                      "ResetOutputGrid() clears both.");
  }
  const FactorsType factors = this->GetShrinkFactors();
  for (unsigned int axis = 0; axis < ImageDimension; ++axis)
  {
    if (!(factors[axis] >= 1.0 && std::isfinite(factors[axis])))
    {
      itkExceptionMacro("ShrinkFactors are " << factors
                                             << "; finite numbers of at least 1 are expected. Voxels smaller "
                                                "than the input's need a ReferenceImage.");
    }
  }
  m_Acquisition.WithGaussianWidths(m_FullWidthAtHalfMaximum); // throws where they contradict each other
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::GenerateOutputInformation()
{
  const auto high = ArSSRImageGeometry::FromImage(*this->GetInput());
  auto       low = high;
  if (m_UseReferenceImage)
  {
    low = ArSSRImageGeometry::FromImage(*this->GetReferenceImage());
  }
  else
  {
    if (this->GetReferenceImage() != nullptr)
    {
      itkWarningMacro(
        "ReferenceImage is set but not used, because UseReferenceImage is off. Call UseReferenceImageOn().");
    }
    FactorsType factors = this->GetShrinkFactors();
    for (double & factor : factors)
    {
      // The output has 1 / factor voxels for each input voxel, in the same field of view.
      factor = 1.0 / factor;
    }
    low = high.ScaledBy(factors);
  }
  OutputImageType * output = this->GetOutput();
  output->SetLargestPossibleRegion(low.region);
  output->SetSpacing(low.spacing);
  output->SetOrigin(low.origin);
  output->SetDirection(low.direction);
  output->SetNumberOfComponentsPerPixel(1);
  const ArSSRAcquisition acquisition = m_Acquisition.WithGaussianWidths(m_FullWidthAtHalfMaximum);
  m_Projector = ArSSRSliceProfileProjector(high, low, acquisition);
  // Noise counts from the first voxel of the whole output, so that every division gives the same bits.
  m_Noise = ArSSRAcquisitionNoise(acquisition, low.spacing, m_NoiseSeed);
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();

  auto * input = const_cast<InputImageType *>(this->GetInput());
  // The superclass asks every image for the output's region, which means nothing on another grid.
  ArSSRRequestGridOnly(this->GetReferenceImage(), input);
  const OutputImageType * output = this->GetOutput();
  const auto              low = ArSSRImageVoxels<OutputImageType>::FromImage(output, output->GetRequestedRegion());
  input->SetRequestedRegion(ArSSRImageVoxels<InputImageType>::ToImage(input, m_Projector.GetHighRegion(low)));
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::GenerateData()
{
  using InputVoxels = ArSSRImageVoxels<InputImageType>;
  using OutputVoxels = ArSSRImageVoxels<OutputImageType>;

  OutputImageType * output = this->GetOutput();
  ArSSRAllocate(*output, sizeof(OutputPixelType), [this] { this->AllocateOutputs(); });
  // Simulated in single precision whatever the pixel types are; noise is added before the values are rounded.
  ArSSRVoxelBlock low(OutputVoxels::FromImage(output, output->GetRequestedRegion()));
  const auto      high = InputVoxels::Read(this->GetInput(), m_Projector.GetHighRegion(low.region), "input");

  m_Projector.Simulate(high, low, ArSSRFilterLoop(this, m_Projector.GetNumberOfSimulationLoops()));
  m_Noise.AddTo(low);

  ImageRegionIterator<OutputImageType> it(output, output->GetRequestedRegion());
  m_NumberOfClampedVoxels = 0;
  for (const float voxel : low.voxels)
  {
    // NaN: outside the input, or nothing of it is seen. Noise leaves it.
    it.Set(std::isnan(voxel) ? m_DefaultPixelValue : OutputVoxels::ToPixel(voxel, m_NumberOfClampedVoxels));
    ++it;
  }
  if (m_NumberOfClampedVoxels > 0)
  {
    itkWarningMacro(<< OutputVoxels::DescribeClamping(m_NumberOfClampedVoxels));
  }
}


template <typename TInputImage, typename TOutputImage>
void
SliceProfileSimulationImageFilter<TInputImage, TOutputImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);

  os << indent << "ShrinkFactors: " << this->GetShrinkFactors() << std::endl;
  os << indent << "UseReferenceImage: " << (m_UseReferenceImage ? "On" : "Off") << std::endl;
  os << indent << "FullWidthAtHalfMaximum: " << m_FullWidthAtHalfMaximum << " mm (0: output spacing)" << std::endl;
  os << indent << "Acquisition: " << m_Acquisition << std::endl;
  os << indent << "NoiseSeed: " << m_NoiseSeed << std::endl;
  os << indent
     << "DefaultPixelValue: " << static_cast<typename NumericTraits<OutputPixelType>::PrintType>(m_DefaultPixelValue)
     << std::endl;
  os << indent << "NumberOfClampedVoxels: " << m_NumberOfClampedVoxels << std::endl;
}
} // end namespace itk

#endif // itkSliceProfileSimulationImageFilter_hxx
