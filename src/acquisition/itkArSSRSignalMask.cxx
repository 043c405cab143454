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
#include "itkArSSRSignalMask.h"

#include "itkIndexRange.h"

namespace itk
{
auto
ArSSRSignalMask::GetInput(const RegionType & region, const RegionType & scan) const -> RegionType
{
  if (m_Noise == 0.0 || region.GetNumberOfPixels() == 0)
  {
    return region;
  }
  RegionType input = region;
  input.PadByRadius(Radius);
  input.Crop(scan);
  return input;
}


auto
ArSSRSignalMask::Evaluate(const RegionType & region, const ArSSRVoxelBlock & scan) const -> std::vector<unsigned char>
{
  std::vector<unsigned char> counts(region.GetNumberOfPixels(), 1);
  if (m_Noise == 0.0)
  {
    return counts;
  }
  // Each neighbourhood is summed anew and in the same order, instead of by running sums, whose rounding would depend on
  // where the region begins and might change a decision at the threshold.
  const bool    isGaussian = m_Kind == Noise::Gaussian;
  SizeValueType i = 0;
  for (const auto & index : ImageRegionIndexRange<3>(region))
  {
    RegionType around(index, { { 1, 1, 1 } });
    // Cropped at the scan's faces: the block holds what GetInput() asked for, so that its own faces are the scan's
    // wherever a neighbourhood meets them.
    around = this->GetInput(around, scan.region);
    const float first = scan.voxels[scan.Offset(around.GetIndex())];
    double      sum = 0.0;
    bool        isConstant = true;
    IndexType   line = around.GetIndex();
    for (SizeValueType z = 0; z < around.GetSize(2); ++z, ++line[2])
    {
      line[1] = around.GetIndex(1);
      for (SizeValueType y = 0; y < around.GetSize(1); ++y, ++line[1])
      {
        const float * voxel = scan.voxels.data() + scan.Offset(line);
        for (SizeValueType x = 0; x < around.GetSize(0); ++x)
        {
          sum += static_cast<double>(voxel[x]);
          isConstant = isConstant && voxel[x] == first;
        }
      }
    }
    const double mean = sum / static_cast<double>(around.GetNumberOfPixels());
    counts[i++] = !isConstant && (isGaussian || mean > SmallestSignal * m_Noise) ? 1 : 0;
  }
  return counts;
}
} // end namespace itk
