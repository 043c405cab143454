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
#ifndef itkArSSRNoiseEstimator_hxx
#define itkArSSRNoiseEstimator_hxx

#include "itkArSSRImageVoxels.h"
#include "itkArSSRRegions.h"

#include "itkImageRegionConstIterator.h"

#include <vector>

namespace itk
{
template <typename TImage>
void
ArSSRNoiseEstimator<TImage>::VerifyInputs() const
{
  if (m_Image.IsNull())
  {
    itkExceptionMacro("The image is not set. Call SetImage() first.");
  }
  // Pipelines are not const correct. Only the information is updated: both regions must be known before the first slab.
  const_cast<ImageType *>(m_Image.GetPointer())->UpdateOutputInformation();
  if (m_MaskImage)
  {
    const_cast<MaskImageType *>(m_MaskImage.GetPointer())->UpdateOutputInformation();
    const RegionType & ofMask = m_MaskImage->GetLargestPossibleRegion();
    const RegionType & ofImage = m_Image->GetLargestPossibleRegion();
    // Slabs of both are asked for by the same region, in indices.
    if (ofMask != ofImage)
    {
      itkExceptionMacro("The mask has " << ofMask.GetSize() << " voxels from index " << ofMask.GetIndex()
                                        << ", the image " << ofImage.GetSize() << " from " << ofImage.GetIndex()
                                        << "; the same region is expected. Resample the mask to the image's grid.");
    }
  }
}

template <typename TImage>
void
ArSSRNoiseEstimator<TImage>::Compute()
{
  this->VerifyInputs();
  const RegionType           largest = m_Image->GetLargestPossibleRegion();
  ArSSRNoiseStatistics       statistics(largest.GetSize(), m_Kind);
  std::vector<float>         voxels;
  std::vector<unsigned char> mask;
  ArSSRForEachSlab(largest, [&](const RegionType & region) {
    // Image and mask advance together, slab by slab, so that neither has to be in memory as a whole.
    ArSSRUpdateRegion(m_Image.GetPointer(), region);
    voxels.resize(region.GetNumberOfPixels());
    ArSSRImageVoxels<TImage>::Copy(m_Image.GetPointer(), region, voxels.data(), "image");
    if (m_MaskImage)
    {
      ArSSRUpdateRegion(m_MaskImage.GetPointer(), region);
      mask.clear();
      for (ImageRegionConstIterator<MaskImageType> it(m_MaskImage, region); !it.IsAtEnd(); ++it)
      {
        // Of one byte whatever the image is; x fastest, as the voxels.
        mask.push_back(it.Get());
      }
    }
    statistics.AddSlices(voxels.data(), m_MaskImage ? mask.data() : nullptr, region.GetSize(2));
  });
  m_Noise = statistics.GetDeviation();
  m_UsedKind = statistics.GetKind();
  m_NumberOfWindows = statistics.GetNumberOfWindows();
}

template <typename TImage>
void
ArSSRNoiseEstimator<TImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Image);
  itkPrintSelfObjectMacro(MaskImage);
  os << indent << "Kind: " << m_Kind << std::endl;
  os << indent << "Noise: " << m_Noise << std::endl;
  os << indent << "UsedKind: " << m_UsedKind << std::endl;
  os << indent << "NumberOfWindows: " << m_NumberOfWindows << std::endl;
}
} // end namespace itk

#endif // itkArSSRNoiseEstimator_hxx
