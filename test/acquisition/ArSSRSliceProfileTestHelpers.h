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
#ifndef ArSSRSliceProfileTestHelpers_h
#define ArSSRSliceProfileTestHelpers_h

#include "filters/ArSSRFilterTestHelpers.h"
#include "grid/ArSSRGridTestHelpers.h"

#include <ostream>
#include <string>
#include <vector>

namespace itk::arssr::test
{
/** A high-resolution grid and a low-resolution one that lie in some way to each other. */
struct GridPair
{
  std::string  name;
  GeometryType high;
  GeometryType low;
  bool         isParallel;
};

inline std::ostream &
operator<<(std::ostream & os, const GridPair & pair)
{
  return os << pair.name;
}

inline GeometryType
MakeGrid(const GeometryType::SizeType &      size,
         const std::vector<double> &         spacing,
         const GeometryType::IndexType &     start = { { 0, 0, 0 } },
         const GeometryType::DirectionType & direction = GeometryType::DirectionType::GetIdentity())
{
  GeometryType grid;
  grid.region = GeometryType::RegionType(start, size);
  grid.spacing = GeometryType::SpacingType(spacing.data());
  grid.direction = direction;
  grid.origin.Fill(0.0);
  return grid;
}

/** The same grid with the centre of its field of view elsewhere, in mm. */
inline GeometryType
CentredAt(GeometryType grid, const GeometryType::PointType & centre)
{
  ContinuousIndex<double, 3> middle;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    middle[axis] =
      static_cast<double>(grid.region.GetIndex(axis)) + 0.5 * static_cast<double>(grid.region.GetSize(axis)) - 0.5;
  }
  grid.origin += centre - PhysicalPoint(grid, middle);
  return grid;
}

inline GeometryType::DirectionType
RotationAboutZ(double angle)
{
  auto direction = GeometryType::DirectionType::GetIdentity();
  direction[0][0] = direction[1][1] = std::cos(angle);
  direction[1][0] = std::sin(angle);
  direction[0][1] = -std::sin(angle);
  return direction;
}

/** Every way in which two grids can lie: small, around one point, each pair overlapping in part. */
inline std::vector<GridPair>
GridPairs()
{
  Randomness                  random;
  const auto                  oblique = random.MakeDirection();
  const auto                  tilted = random.MakeDirection();
  GeometryType::DirectionType permuted; // LR x, y, z along HR -z, x, -y
  permuted.Fill(0.0);
  permuted[2][0] = -1.0;
  permuted[0][1] = 1.0;
  permuted[1][2] = -1.0;
  const GeometryType::PointType centre(std::vector<double>{ 31.0, -12.5, 140.0 }.data());
  const GeometryType::PointType beside(std::vector<double>{ 32.3, -11.9, 138.7 }.data());

  const auto high = CentredAt(MakeGrid({ { 15, 13, 11 } }, { 1.0, 1.1, 0.9 }, { { -3, 5, 2 } }, oblique), centre);
  const auto low =
    [&](const GeometryType::SizeType & size, const std::vector<double> & spacing, const auto & direction) {
      return MakeGrid(size, spacing, { { 4, -2, 7 } }, direction);
    };
  return {
    { "KeptFieldOfView", high, high.ResizedTo({ { 6, 5, 4 } }), true },
    { "ThickSlices", high, high.ResizedTo({ { 15, 13, 3 } }), true },
    { "Shifted", high, CentredAt(low({ { 7, 6, 5 } }, { 2.3, 2.0, 1.9 }, oblique), beside), true },
    { "PermutedAndFlipped",
      high,
      CentredAt(low({ { 4, 8, 6 } }, { 2.5, 1.7, 2.2 }, oblique * permuted), beside),
      true },
    { "FinerAlongOneAxis", high, CentredAt(low({ { 6, 21, 5 } }, { 2.4, 0.6, 2.0 }, oblique), beside), true },
    { "RotatedAboutZ",
      high,
      CentredAt(low({ { 6, 6, 5 } }, { 2.3, 2.0, 1.9 }, oblique * RotationAboutZ(0.4)), beside),
      false },
    { "Oblique", high, CentredAt(low({ { 6, 5, 4 } }, { 2.1, 2.6, 2.9 }, tilted), beside), false },
    { "ObliqueThickSlices", high, CentredAt(low({ { 12, 12, 3 } }, { 1.0, 1.0, 4.0 }, tilted), beside), false },
  };
}

template <typename TImage = FloatImage>
typename TImage::Pointer
ImageOn(const GeometryType & grid)
{
  auto image = SyntheticImage<TImage>(grid.region.GetSize(), grid.region.GetIndex());
  image->SetOrigin(grid.origin);
  image->SetSpacing(grid.spacing);
  image->SetDirection(grid.direction);
  return image;
}

/** A part of a region: number `piece` of `divisions` along an axis. Can be empty. */
inline RegionType
Piece(const RegionType & whole, unsigned int axis, unsigned int piece, unsigned int divisions)
{
  const SizeValueType first = whole.GetSize(axis) * piece / divisions;
  const SizeValueType last = whole.GetSize(axis) * (piece + 1) / divisions;
  RegionType          region = whole;
  region.SetIndex(axis, whole.GetIndex(axis) + static_cast<IndexValueType>(first));
  region.SetSize(axis, last - first);
  return region;
}

/** Asks for one output of a filter piece by piece along each axis and compares each piece with the whole, bit for bit.
 */
template <typename TImage>
void
ExpectSameInEveryDivision(TImage & output, const TImage & whole)
{
  ASSERT_GT(ValueRange(whole), 0.5) << "the output is constant: nothing is tested";
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    for (const unsigned int divisions : { 2U, 3U, 16U })
    {
      for (unsigned int piece = 0; piece < divisions; ++piece)
      {
        const RegionType part = Piece(whole.GetLargestPossibleRegion(), axis, piece, divisions);
        if (part.GetNumberOfPixels() > 0)
        {
          output.ReleaseData(); // else a part of what is there is not computed again
          output.SetRequestedRegion(part);
          output.Update();
          ASSERT_EQ(output.GetBufferedRegion(), part);
          ASSERT_TRUE(SameBits(output, whole, part)) << "axis " << axis << ", piece " << piece << " of " << divisions;
        }
      }
    }
  }
}

/** A copy with no source. */
template <typename TImage>
typename TImage::Pointer
Copied(const TImage & image)
{
  auto copy = TImage::New();
  copy->CopyInformation(&image);
  copy->SetRegions(image.GetLargestPossibleRegion());
  copy->Allocate();
  ImageAlgorithm::Copy(&image, copy.GetPointer(), image.GetLargestPossibleRegion(), image.GetLargestPossibleRegion());
  return copy;
}
} // namespace itk::arssr::test

#endif
