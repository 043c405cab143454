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
#ifndef itkArSSRRegions_h
#define itkArSSRRegions_h

#include "itkImageRegion.h"

#include <algorithm>

namespace itk
{
/** Makes a region of an image available: its source is asked for that region and no more. Pipelines are not
 * const-correct, so the image may be const. */
template <typename TImage>
void
ArSSRUpdateRegion(const TImage * image, const typename TImage::RegionType & region)
{
  auto * updated = const_cast<TImage *>(image);
  updated->SetRequestedRegion(region);
  updated->PropagateRequestedRegion();
  updated->UpdateOutputData();
}


/** Calls a function with one slab of whole slices after another; together they make up a region, which must not be
 * empty. A slab has more than one slice only if it has at most 2^22 voxels, 16 MiB of float. */
template <typename TFunction>
void
ArSSRForEachSlab(const ImageRegion<3> & region, const TFunction & function)
{
  constexpr SizeValueType voxelsPerSlab = SizeValueType{ 1 } << 22;

  const SizeValueType slices = std::max(voxelsPerSlab / (region.GetSize(0) * region.GetSize(1)), SizeValueType{ 1 });
  for (SizeValueType first = 0; first < region.GetSize(2); first += slices)
  {
    ImageRegion<3> slab = region;
    slab.SetIndex(2, region.GetIndex(2) + static_cast<IndexValueType>(first));
    slab.SetSize(2, std::min(slices, region.GetSize(2) - first));
    function(slab);
  }
}
} // end namespace itk

#endif // itkArSSRRegions_h
