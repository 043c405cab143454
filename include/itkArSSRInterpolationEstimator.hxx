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
#ifndef itkArSSRInterpolationEstimator_hxx
#define itkArSSRInterpolationEstimator_hxx

#include "itkArSSRImageVoxels.h"
#include "itkArSSRRegions.h"

#include <vector>

namespace itk
{
template <typename TImage>
void
ArSSRInterpolationEstimator<TImage>::Compute()
{
  if (m_Image.IsNull())
  {
    itkExceptionMacro("The image is not set. Call SetImage() first.");
  }
  const_cast<ImageType *>(m_Image.GetPointer())->UpdateOutputInformation(); // pipelines are not const correct
  const auto                   largest = m_Image->GetLargestPossibleRegion();
  ArSSRInterpolationStatistics statistics(largest.GetSize());
  std::vector<float>           voxels;
  // Slabs of whole slices, in order, as the statistics need; a streaming source never makes the whole image.
  ArSSRForEachSlab(largest, [&](const typename ImageType::RegionType & region) {
    ArSSRUpdateRegion(m_Image.GetPointer(), region);
    voxels.resize(region.GetNumberOfPixels());
    ArSSRImageVoxels<TImage>::Copy(m_Image.GetPointer(), region, voxels.data(), "image");
    statistics.AddSlices(voxels.data(), region.GetSize(2));
  });
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    m_Factors[axis] = statistics.GetFactor(axis);
    m_Drops[axis] = statistics.GetDrop(axis);
  }
}

template <typename TImage>
void
ArSSRInterpolationEstimator<TImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Image);
  os << indent << "Factors: " << m_Factors << std::endl;
  os << indent << "Drops: " << m_Drops << std::endl;
}
} // end namespace itk

#endif // itkArSSRInterpolationEstimator_hxx
