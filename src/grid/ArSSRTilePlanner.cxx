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
#include "grid/ArSSRTilePlanner.h"

#include "itkMacro.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace itk::arssr
{
namespace
{
using SizeType = ArSSRTileLattice::SizeType;

constexpr double BytesPerMiB = 1024.0 * 1024.0;

// Numbers of tiles along an axis that are tried one by one; beyond them the number is doubled each time. So there are
// at most about 40 sizes of an axis to try, even of one with 2^20 voxels, and some ten thousand lattices.
constexpr SizeValueType EveryDivisionUpTo = 24;

double
NumberOfVoxels(const SizeType & size)
{
  return static_cast<double>(size[0]) * static_cast<double>(size[1]) * static_cast<double>(size[2]);
}

std::vector<SizeValueType>
TileSizesToTry(SizeValueType imageSize)
{
  std::vector<SizeValueType> sizes;
  SizeValueType              divisions = 1;
  while (sizes.empty() || sizes.back() > 1)
  {
    // Rounded up, so the last tile is the smallest; several numbers of divisions give the same size, which is tried
    // once. The loop ends with tiles of one voxel, the least that PlanTiles() can offer.
    const SizeValueType size = (imageSize + divisions - 1) / divisions;
    if (sizes.empty() || size < sizes.back())
    {
      sizes.push_back(size);
    }
    divisions = divisions < EveryDivisionUpTo ? divisions + 1 : 2 * divisions;
  }
  return sizes;
}

// LR voxels that are encoded along one axis, over all of its tiles, halos included. Input regions are boxes on a grid,
// so the voxels encoded in a whole lattice are the product of the lengths along the axes.
double
EncodedLength(SizeValueType imageSize, SizeValueType tileSize, SizeValueType haloRadius)
{
  const ArSSRTileLattice lattice({ { imageSize, 1, 1 } }, { { tileSize, 1, 1 } }, haloRadius);
  double                 length = 0.0;
  for (SizeValueType tile = 0; tile < lattice.GetNumberOfTiles()[0]; ++tile)
  {
    length += static_cast<double>(lattice.GetInputRegion({ { static_cast<IndexValueType>(tile), 0, 0 } }).GetSize(0));
  }
  return length;
}
} // namespace


double
TileCosts::GetTileBytes(double inputVoxels, double featureVoxels) const
{
  return static_cast<double>(inputBytesPerVoxel) * inputVoxels +
         static_cast<double>(featureBytesPerVoxel) * featureVoxels;
}


double
TileCosts::GetTileBytes(const ArSSRTileLattice & lattice) const
{
  // Every tile is taken for the largest one: the bound must hold for whichever tile is kept.
  SizeType features = lattice.GetFeatureSizeBound();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    features[axis] = std::min(features[axis] + 2 * sampleMargin, lattice.GetImageSize()[axis]);
  }
  return static_cast<double>(passes) *
         this->GetTileBytes(NumberOfVoxels(lattice.GetInputSizeBound()), NumberOfVoxels(features));
}


double
TileCosts::GetPeakBytes(const ArSSRTileLattice & lattice) const
{
  // One pass is encoded at a time, while the tiles of all passes are kept.
  return static_cast<double>(fixedBytes) +
         static_cast<double>(encodeBytesPerVoxel) * NumberOfVoxels(lattice.GetInputSizeBound()) +
         this->GetTileBytes(lattice);
}


double
TileCosts::GetLayerBytes(const ArSSRTileLattice & lattice) const
{
  const SizeType & tiles = lattice.GetNumberOfTiles();
  return this->GetTileBytes(lattice) * static_cast<double>(tiles[0] * tiles[1]);
}


ArSSRTileLattice
PlanTiles(const SizeType & imageSize, const TileCosts & costs, SizeValueType budgetMiB)
{
  const double budget = static_cast<double>(budgetMiB) * BytesPerMiB;

  std::array<std::vector<SizeValueType>, 3> sizes;
  std::array<std::vector<double>, 3>        lengths;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    sizes[axis] = TileSizesToTry(imageSize[axis]);
    for (const SizeValueType size : sizes[axis])
    {
      lengths[axis].push_back(EncodedLength(imageSize[axis], size, costs.haloRadius));
    }
  }

  struct Best
  {
    double                          work{ 0.0 };
    std::optional<ArSSRTileLattice> lattice;

    void
    Offer(double candidateWork, const ArSSRTileLattice & candidate)
    {
      if (!lattice || candidateWork < work)
      {
        work = candidateWork;
        lattice = candidate;
      }
    }
  };
  Best holdsLayer;
  Best fits;
  // Of lattices with equal work the first one offered wins. z varies fastest, so that is the one that is cut along z:
  // its tiles are slabs of whole slices, which an output that is streamed along z needs one after the other.
  for (std::size_t x = 0; x < sizes[0].size(); ++x)
  {
    for (std::size_t y = 0; y < sizes[1].size(); ++y)
    {
      for (std::size_t z = 0; z < sizes[2].size(); ++z)
      {
        const ArSSRTileLattice lattice(imageSize, { { sizes[0][x], sizes[1][y], sizes[2][z] } }, costs.haloRadius);
        const double           peak = costs.GetPeakBytes(lattice);
        if (peak > budget)
        {
          continue;
        }
        const double work = lengths[0][x] * lengths[1][y] * lengths[2][z];
        fits.Offer(work, lattice);
        // The runner keeps tiles in what the peak leaves of the budget; see Runner::Run().
        if (peak + costs.GetLayerBytes(lattice) <= budget)
        {
          holdsLayer.Offer(work, lattice);
        }
      }
    }
  }
  if (holdsLayer.lattice)
  {
    return *holdsLayer.lattice;
  }
  if (fits.lattice)
  {
    return *fits.lattice;
  }
  // No lattice has a lower peak than tiles of one voxel, so this is the least budget.
  const ArSSRTileLattice smallest(imageSize, { { 1, 1, 1 } }, costs.haloRadius);
  itkGenericExceptionMacro("MemoryBudget is " << budgetMiB << " MiB; this model needs at least "
                                              << std::ceil(costs.GetPeakBytes(smallest) / BytesPerMiB)
                                              << " MiB for an image of " << imageSize
                                              << " voxels. Set a larger budget.");
}
} // namespace itk::arssr
