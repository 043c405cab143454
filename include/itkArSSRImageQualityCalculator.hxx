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
#ifndef itkArSSRImageQualityCalculator_hxx
#define itkArSSRImageQualityCalculator_hxx

#include "itkImageRegionConstIterator.h"

namespace itk
{
template <typename TImage>
void
ArSSRImageQualityCalculator<TImage>::SetRegion(const RegionType & region)
{
  if (!m_RegionSetByUser || m_Region != region)
  {
    m_Region = region;
    m_RegionSetByUser = true;
    this->Modified();
  }
}

template <typename TImage>
void
ArSSRImageQualityCalculator<TImage>::Compute()
{
  // Errors come first, as C++17 evaluates the object of a call before its arguments: they give the range of values, and
  // refuse NaN and infinite voxels, which SSIM does not look for.
  m_StructuralSimilarity = this->MeasureErrors().ComputeStructuralSimilarity(m_UsedValueRange);
}

template <typename TImage>
void
ArSSRImageQualityCalculator<TImage>::ComputeErrors()
{
  this->MeasureErrors();
}

template <typename TImage>
ArSSRImageQuality
ArSSRImageQualityCalculator<TImage>::MeasureErrors()
{
  const RegionType compared = this->ComparedRegion();
  // Rows are converted when they are read, by several threads at once: no copy of the images as double, and no state
  // shared.
  const auto rowsOf = [compared](const TImage * image) {
    return [compared, image](SizeValueType y, SizeValueType z, double * row) {
      RegionType rowRegion = compared;
      rowRegion.SetIndex(1, compared.GetIndex(1) + static_cast<IndexValueType>(y));
      rowRegion.SetIndex(2, compared.GetIndex(2) + static_cast<IndexValueType>(z));
      rowRegion.SetSize(1, 1);
      rowRegion.SetSize(2, 1);
      for (ImageRegionConstIterator<TImage> it(image, rowRegion); !it.IsAtEnd(); ++it, ++row)
      {
        *row = static_cast<double>(it.Get());
      }
    };
  };
  const ArSSRImageQuality quality(compared.GetSize(), rowsOf(m_Truth.GetPointer()), rowsOf(m_Image.GetPointer()));
  const auto              errors = quality.ComputeErrors();
  // 0 stands for the range of the truth in the compared region, border left out.
  m_UsedValueRange = m_ValueRange;
  if (m_ValueRange == 0.0)
  {
    m_UsedValueRange = errors.truthMaximum - errors.truthMinimum;
    if (m_UsedValueRange == 0.0)
    {
      itkExceptionMacro("The truth is constant, " << errors.truthMinimum << ", in all " << compared.GetSize()
                                                  << " voxels; PSNR and SSIM need a range of values. Set ValueRange.");
    }
  }
  m_MeanSquaredError = errors.meanSquaredError;
  m_PeakSignalToNoiseRatio = ArSSRImageQuality::PeakSignalToNoiseRatio(m_MeanSquaredError, m_UsedValueRange);
  return quality;
}

template <typename TImage>
auto
ArSSRImageQualityCalculator<TImage>::ComparedRegion() const -> RegionType
{
  if (m_Truth.IsNull())
  {
    itkExceptionMacro("The truth is not set; both images are needed.");
  }
  if (m_Image.IsNull())
  {
    itkExceptionMacro("The image is not set; both images are needed.");
  }
  const RegionType & inTruth = m_Truth->GetBufferedRegion();
  const RegionType & inImage = m_Image->GetBufferedRegion();
  // By index, not by physical position: images of equal size at other indices are not compared silently.
  RegionType region = m_RegionSetByUser ? m_Region : inTruth;
  if (!m_RegionSetByUser && inTruth != inImage)
  {
    itkExceptionMacro("The sizes differ: the image has "
                      << inImage.GetSize() << " voxels from index " << inImage.GetIndex() << ", the truth "
                      << inTruth.GetSize() << " from " << inTruth.GetIndex()
                      << ". Resample the image, or set a region that lies inside both.");
  }
  for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
  {
    // Size ≤ 2 × border; the first comparison holds for borders so large that the product would overflow.
    if (region.GetSize(axis) / 2 < m_Border || region.GetSize(axis) == 2 * m_Border)
    {
      itkExceptionMacro("A border of " << m_Border << " voxels leaves nothing of " << region.GetSize() << " voxels.");
    }
  }
  // Checked against what is in memory, before the border is taken off: iterators do not check it in release builds.
  for (const RegionType & buffered : { inTruth, inImage })
  {
    if (!buffered.IsInside(region))
    {
      itkExceptionMacro("The region of " << region.GetSize() << " voxels from index " << region.GetIndex()
                                         << " is not inside the " << buffered.GetSize() << " voxels from index "
                                         << buffered.GetIndex() << " of "
                                         << (buffered == inTruth ? "the truth." : "the image."));
    }
  }
  region.ShrinkByRadius(static_cast<OffsetValueType>(m_Border));
  return region;
}

template <typename TImage>
void
ArSSRImageQualityCalculator<TImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Truth);
  itkPrintSelfObjectMacro(Image);
  os << indent << "Region: " << std::endl;
  m_Region.Print(os, indent.GetNextIndent());
  os << indent << "RegionSetByUser: " << (m_RegionSetByUser ? "On" : "Off") << std::endl;
  os << indent << "Border: " << m_Border << std::endl;
  os << indent << "ValueRange: " << m_ValueRange << std::endl;
  os << indent << "UsedValueRange: " << m_UsedValueRange << std::endl;
  os << indent << "MeanSquaredError: " << m_MeanSquaredError << std::endl;
  os << indent << "PeakSignalToNoiseRatio: " << m_PeakSignalToNoiseRatio << std::endl;
  os << indent << "StructuralSimilarity: " << m_StructuralSimilarity << std::endl;
}
} // end namespace itk

#endif // itkArSSRImageQualityCalculator_hxx
