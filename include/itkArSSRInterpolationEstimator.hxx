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

#include <algorithm>
#include <vector>

namespace itk
{
template <typename TImage>
void
ArSSRInterpolationEstimator<TImage>::Compute()
{
  constexpr SizeValueType voxelsPerSlab = SizeValueType{ 1 } << 22; // 16 MiB of float

  if (m_Image.IsNull())
  {
    itkExceptionMacro("There is no image to look at the spectra of. Call SetImage().");
  }
  // Pipelines are not const correct.
  auto * image = const_cast<ImageType *>(m_Image.GetPointer());
  image->UpdateOutputInformation();
  const auto                   largest = image->GetLargestPossibleRegion();
  ArSSRInterpolationStatistics statistics(largest.GetSize());
  const SizeValueType          slice = largest.GetSize(0) * largest.GetSize(1);
  const SizeValueType          slab = std::max(voxelsPerSlab / slice, SizeValueType{ 1 });
  std::vector<float>           voxels;
  for (SizeValueType first = 0; first < largest.GetSize(2); first += slab)
  {
    auto region = largest;
    region.SetIndex(2, largest.GetIndex(2) + static_cast<IndexValueType>(first));
    region.SetSize(2, std::min(slab, largest.GetSize(2) - first));
    image->SetRequestedRegion(region);
    image->PropagateRequestedRegion();
    image->UpdateOutputData();
    voxels.resize(region.GetNumberOfPixels());
    ArSSRImageVoxels<TImage>::Copy(image, region, voxels.data(), "image");
    statistics.AddSlices(voxels.data(), region.GetSize(2));
  }
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
