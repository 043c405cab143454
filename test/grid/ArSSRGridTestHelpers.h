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
#ifndef ArSSRGridTestHelpers_h
#define ArSSRGridTestHelpers_h

#include "itkArSSRImageGeometry.h"

#include "support/ArSSRTestHelpers.h"

#include <cmath>
#include <random>
#include <vector>

namespace itk::arssr::test
{
using GeometryType = ArSSRImageGeometry;

/** How often a property is tried with other random numbers. */
constexpr int Repetitions = 200;

/** Random numbers that are the same in every run. */
class Randomness
{
public:
  explicit Randomness(unsigned int seed = 20221)
    : m_Generator(seed)
  {}

  double
  Uniform(double lower, double upper)
  {
    return std::uniform_real_distribution<double>(lower, upper)(m_Generator);
  }

  IndexValueType
  Integer(IndexValueType lower, IndexValueType upper)
  {
    return std::uniform_int_distribution<IndexValueType>(lower, upper)(m_Generator);
  }

  Size<3>
  MakeSize(SizeValueType lower, SizeValueType upper)
  {
    Size<3> size;
    for (SizeValueType & length : size)
    {
      length = static_cast<SizeValueType>(
        this->Integer(static_cast<IndexValueType>(lower), static_cast<IndexValueType>(upper)));
    }
    return size;
  }

  /** A region within another one, at least a voxel. */
  GeometryType::RegionType
  MakePart(const GeometryType::RegionType & whole)
  {
    GeometryType::RegionType part;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const auto size = static_cast<IndexValueType>(whole.GetSize(axis));
      const auto begin = this->Integer(0, size - 1);
      part.SetIndex(axis, whole.GetIndex(axis) + begin);
      part.SetSize(axis, static_cast<SizeValueType>(this->Integer(1, size - begin)));
    }
    return part;
  }

  /** A rotation about a random axis; every second one is followed by a reflection. */
  GeometryType::DirectionType
  MakeDirection()
  {
    // A random unit quaternion.
    double q[4];
    double norm = 0.0;
    do
    {
      norm = 0.0;
      for (double & component : q)
      {
        component = this->Uniform(-1.0, 1.0);
        norm += component * component;
      }
    } while (norm < 0.01 || norm > 1.0);
    const double s = 2.0 / norm;
    const double w = q[0];
    const double x = q[1];
    const double y = q[2];
    const double z = q[3];
    const double handedness = this->Integer(0, 1) == 0 ? 1.0 : -1.0;
    const double rotation[3][3] = { { 1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w) },
                                    { s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w) },
                                    { s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y) } };
    GeometryType::DirectionType direction;
    for (unsigned int row = 0; row < 3; ++row)
    {
      for (unsigned int column = 0; column < 3; ++column)
      {
        direction[row][column] = rotation[row][column] * (column == 2 ? handedness : 1.0);
      }
    }
    return direction;
  }

  /** A grid of up to `largest` voxels an axis anywhere in the world, with any direction, spacing and start index. */
  GeometryType
  MakeGeometry(SizeValueType largest)
  {
    GeometryType geometry;
    geometry.region.SetSize(this->MakeSize(1, largest));
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      geometry.region.SetIndex(axis, this->Integer(-20, 20));
      geometry.origin[axis] = this->Uniform(-300.0, 300.0);
      geometry.spacing[axis] = this->Uniform(0.2, 5.0);
    }
    geometry.direction = this->MakeDirection();
    return geometry;
  }

private:
  std::mt19937 m_Generator;
};

/** \brief Counts how often each voxel of a region is met. */
class VoxelCounts
{
public:
  explicit VoxelCounts(const GeometryType::RegionType & region)
    : m_Region(region)
    , m_Counts(region.GetNumberOfPixels())
  {}

  void
  Add(const GeometryType::IndexType & index)
  {
    ASSERT_TRUE(m_Region.IsInside(index)) << index << " is outside of " << m_Region;
    ++m_Counts[this->GetOffset(index)];
  }

  int
  operator[](const GeometryType::IndexType & index) const
  {
    return m_Counts[this->GetOffset(index)];
  }

private:
  std::size_t
  GetOffset(const GeometryType::IndexType & index) const
  {
    std::size_t offset = 0;
    for (unsigned int axis = 3; axis-- > 0;)
    {
      offset = offset * m_Region.GetSize(axis) + static_cast<std::size_t>(index[axis] - m_Region.GetIndex(axis));
    }
    return offset;
  }

  GeometryType::RegionType m_Region;
  std::vector<int>         m_Counts;
};

/** The definition of ITK's geometry: origin + direction · (spacing ∘ index). */
template <typename TIndex>
GeometryType::PointType
PhysicalPoint(const GeometryType & geometry, const TIndex & index)
{
  GeometryType::PointType point = geometry.origin;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      point[row] += geometry.direction[row][axis] * geometry.spacing[axis] * static_cast<double>(index[axis]);
    }
  }
  return point;
}

/** One of the eight corners of the field of view: outer faces of the outer voxels. */
inline GeometryType::PointType
CornerOfFieldOfView(const GeometryType & geometry, unsigned int corner)
{
  ContinuousIndex<double, 3> index;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const bool upper = ((corner >> axis) & 1U) != 0;
    index[axis] =
      static_cast<double>(upper ? geometry.region.GetUpperIndex()[axis] + 1 : geometry.region.GetIndex(axis)) - 0.5;
  }
  return PhysicalPoint(geometry, index);
}
} // namespace itk::arssr::test

#endif
