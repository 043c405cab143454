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
#include "itkArSSRDiscrepancyPrinciple.h"

#include <algorithm>
#include <cmath>

namespace itk
{
namespace
{
double
RootMean(double sum, SizeValueType count)
{
  return count > 0 ? std::sqrt(sum / static_cast<double>(count)) : 0.0;
}
} // namespace


ArSSRDiscrepancyPrinciple::ArSSRDiscrepancyPrinciple(SizeValueType slices, unsigned int iterations, double noise)
  : m_Limit(Factor * noise * Factor * noise)
  , m_Sums(iterations + 1, std::vector<Sums>(slices))
{}


void
ArSSRDiscrepancyPrinciple::Add(unsigned int                       iteration,
                               const ArSSRVoxelBlock &            residual,
                               const ArSSRVoxelBlock &            previous,
                               const std::vector<unsigned char> & counts)
{
  const auto &        size = residual.region.GetSize();
  const SizeValueType slice = size[0] * size[1];
  for (SizeValueType z = 0, i = 0; z < size[2]; ++z)
  {
    // Sums are stored, not added: a slice that is given again replaces what it gave before.
    Sums sums;
    sums.slices = 1;
    for (const SizeValueType end = i + slice; i < end; ++i)
    {
      if (counts[i])
      {
        const auto value = static_cast<double>(residual.voxels[i]);
        sums.squares += value * value;
        sums.products += iteration > 0 ? value * static_cast<double>(previous.voxels[i]) : 0.0;
        ++sums.count;
      }
    }
    m_Sums[iteration][static_cast<SizeValueType>(residual.region.GetIndex(2)) + z] = sums;
  }
}


auto
ArSSRDiscrepancyPrinciple::GetTotal(unsigned int iteration) const -> Sums
{
  Sums total;
  // In the order of the slices, whatever the order in which they came: floating-point sums depend on it.
  for (const Sums & sums : m_Sums[iteration])
  {
    total.squares += sums.squares;
    total.products += sums.products;
    total.count += sums.count;
    total.slices += sums.slices;
  }
  return total;
}


bool
ArSSRDiscrepancyPrinciple::IsReached(unsigned int iteration) const
{
  // Sums of some slices alone could be below the limit by chance, and which ones are there depends on the division.
  // Where no voxel counts, 0 ≤ 0 holds: nothing contradicts the image, and it stays as it is.
  const Sums total = this->GetTotal(iteration);
  return total.slices == m_Sums[iteration].size() && total.squares <= m_Limit * static_cast<double>(total.count);
}


auto
ArSSRDiscrepancyPrinciple::Choose() const -> Choice
{
  Choice choice;
  Sums   total = this->GetTotal(0);
  choice.first = RootMean(total.squares, total.count);
  choice.last = choice.first;
  // Iterations beyond the first one that is reached may have been measured for some slices and are not looked at.
  while (!this->IsReached(choice.iterations) && choice.iterations + 1 < m_Sums.size())
  {
    const Sums before = total;
    total = this->GetTotal(++choice.iterations);
    choice.last = RootMean(total.squares, total.count);
    if (this->IsReached(choice.iterations))
    {
      // |(1 - t) before + t now|² = limit: a t² - 2 b t + c = 0, of whose two solutions the smaller one is wanted,
      // (b - √(b² - ac)) / a. Its form c / (b + √…) cancels no digits, and holds for a = 0. The discriminant is not
      // negative, as the residual is above the limit at t = 0 and not at t = 1, but rounding may make it so; b is above
      // 0 for the same reason.
      const double limit = m_Limit * static_cast<double>(total.count);
      const double a = before.squares - 2.0 * total.products + total.squares;
      const double b = before.squares - total.products;
      const double c = before.squares - limit;
      choice.lastStep = std::min(1.0, c / (b + std::sqrt(std::max(b * b - a * c, 0.0))));
      choice.last = RootMean(limit, total.count);
    }
  }
  choice.isReached = this->IsReached(choice.iterations);
  return choice;
}
} // end namespace itk
