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
#include "samples/ArSSRProceduralVolume.h"

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRRandomField.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace itk::arssr
{
namespace
{
using Field = std::vector<float>;

/** The gradient of a field of variance 1 has a root mean square of 2 pi / wavelength per voxel; times wavelength / (2
 * pi) it is 1, so that the field's values near 0 are distances in voxels. */
constexpr float PotentialPerWavelength = 0.16F;

/** \brief A volume that is painted layer over layer; lengths are in voxels. */
class Scene
{
public:
  Scene(std::int64_t size, Random & random)
    : m_Size(size)
    , m_Random(random)
    , m_BorderWidth(static_cast<float>(random.Uniform(1.0, 1.5)))
    , m_Intensity(static_cast<std::size_t>(size * size * size), 0.0F)
    , m_Texture(MakeRandomField(size, random.Uniform(2.5, 8.0), 0.4, random))
    , m_Head(this->MakeHead())
    , m_Depth(m_Head)
  {}

  /** Scalp, bone and fluid, one within the other. */
  void
  PaintShells()
  {
    for (int shell = 0; shell < 3; ++shell)
    {
      this->PaintInside(m_Depth);
      // One after the other: a compiler may choose the order of a call's arguments.
      const float wavelength = this->Draw(16.0, 40.0);
      const float variation = this->Draw(0.0, 1.5);
      this->Erode(this->Draw(2.0, 6.0), variation, wavelength);
    }
  }

  /** A folded ribbon, the core that it surrounds, and fluid in the ribbon's furrows. */
  void
  PaintRibbon()
  {
    this->PaintInside(m_Depth);
    const Field furrows = this->DrawPotential(this->Draw(14.0, 34.0));
    const float furrowDepth = this->Draw(5.0, 26.0);
    const float thickness = this->Draw(2.0, 4.5);
    Field       core = m_Depth;
    for (std::size_t i = 0; i < core.size(); ++i)
    {
      // The core stays away from the furrows as from the outer surface, so that the ribbon follows both. Potentials
      // stand in for distances here: their slope is about 1 near 0 alone, so the ribbon's thickness varies.
      const float toFurrow = std::abs(furrows[i]) + std::max(m_Depth[i] - furrowDepth, 0.0F);
      core[i] = std::min(m_Depth[i], toFurrow) - thickness;
    }
    this->PaintInside(core);

    const Field toFurrow = this->Normalize(furrows);
    const float width = this->Draw(0.5, 2.0);
    this->Paint(
      [&](std::size_t i) {
        return this->Cover(0.5F * width - std::abs(toFurrow[i])) * this->Cover(m_Depth[i]) *
               this->Cover(furrowDepth - m_Depth[i]);
      },
      this->Draw(0.0, 1.0));
  }

  /** Round things in the depth. */
  void
  PaintNuclei()
  {
    const auto number = 1 + m_Random.Below(4);
    for (std::uint64_t i = 0; i < number; ++i)
    {
      const double wavelength = this->Draw(14.0, 50.0);
      Field        nuclei = this->DrawPotential(wavelength);
      const float  size = static_cast<float>(wavelength) * this->Draw(0.12, 0.3);
      const float  depth = this->Draw(2.0, 14.0);
      for (std::size_t voxel = 0; voxel < nuclei.size(); ++voxel)
      {
        // The smaller of two signed distances is the intersection: inside a bubble and deep enough.
        nuclei[voxel] = std::min(nuclei[voxel] - size, m_Depth[voxel] - depth);
      }
      this->PaintInside(nuclei);
    }
  }

  /** Membranes, where another field lets them be. */
  void
  PaintSheets()
  {
    // The head's surface before erosion: membranes may run through all shells.
    const Field within = this->Normalize(m_Head);
    const auto  number = m_Random.Below(3);
    for (std::uint64_t i = 0; i < number; ++i)
    {
      const Field sheet = this->Normalize(this->DrawPotential(this->Draw(24.0, 80.0)));
      const Field where = this->Normalize(this->DrawPotential(this->Draw(24.0, 80.0)));
      const float width = this->Draw(0.6, 2.5);
      this->Paint(
        [&](std::size_t voxel) {
          return this->Cover(0.5F * width - std::abs(sheet[voxel])) * this->Cover(where[voxel]) *
                 this->Cover(within[voxel]);
        },
        this->Draw(0.0, 1.0));
    }
  }

  /** Vessels: where two surfaces cross. */
  void
  PaintTubes()
  {
    const Field within = this->Normalize(m_Head);
    const auto  number = 1 + m_Random.Below(3);
    for (std::uint64_t i = 0; i < number; ++i)
    {
      const double wavelength = this->Draw(24.0, 80.0);
      // The distance from the line in which two surfaces cross, if they do so at a right angle; otherwise the tube's
      // section is an ellipse.
      const Field one = this->Normalize(this->DrawPotential(wavelength));
      const Field other = this->Normalize(this->DrawPotential(wavelength));
      const float radius = this->Draw(0.4, 2.0);
      this->Paint(
        [&](std::size_t voxel) {
          const float distance = std::sqrt(one[voxel] * one[voxel] + other[voxel] * other[voxel]);
          return this->Cover(radius - distance) * this->Cover(within[voxel]);
        },
        this->Draw(0.0, 1.2));
    }
  }

  /** Bias field and noise; intensities are not negative. */
  void
  Finish(float * voxels)
  {
    // A wave of 1.5 volumes is less than one period over the volume, as the bias of a receive coil. It is cut off at
    // two standard deviations, so that the factor stays within 0.6 and 1.4.
    const Field bias = MakeRandomField(m_Size, 1.5 * static_cast<double>(m_Size), 0.3, m_Random);
    const float strength = this->Draw(0.0, 0.2);
    const float noise = this->Draw(0.0, 0.015);
    for (std::size_t i = 0; i < bias.size(); ++i)
    {
      const float clean = m_Intensity[i] * (1.0F + strength * std::min(std::max(bias[i], -2.0F), 2.0F));
      // The magnitude, as in a scanner's image; noise in the background stays positive.
      voxels[i] = std::abs(clean + noise * static_cast<float>(m_Random.Normal()));
    }
  }

private:
  float
  Draw(double low, double high)
  {
    return static_cast<float>(m_Random.Uniform(low, high));
  }

  /** Share of a voxel that lies on the positive side of a surface at this distance. */
  float
  Cover(float distance) const
  {
    return std::min(std::max(distance / m_BorderWidth + 0.5F, 0.0F), 1.0F);
  }

  /** A random field that grows by about 1 a voxel where it is 0. */
  Field
  DrawPotential(double wavelength)
  {
    Field       field = MakeRandomField(m_Size, wavelength, 0.4, m_Random);
    const float length = static_cast<float>(wavelength) * PotentialPerWavelength;
    std::transform(field.begin(), field.end(), field.begin(), [length](float value) { return length * value; });
    return field;
  }

  /** Signed distance to where a potential is 0; accurate near there, which is all that Cover() needs. */
  Field
  Normalize(Field potential) const
  {
    ToSignedDistance(potential, m_Size);
    return potential;
  }

  /** An irregular ellipsoid, positive inside. */
  Field
  MakeHead()
  {
    const auto            size = static_cast<double>(m_Size);
    std::array<double, 3> centre{};
    std::array<double, 3> radius{};
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      centre[axis] = size * m_Random.Uniform(0.42, 0.58);
      radius[axis] = size * m_Random.Uniform(0.38, 0.65);
    }
    const double meanRadius = std::cbrt(radius[0] * radius[1] * radius[2]);
    Field        head = MakeRandomField(m_Size, size * m_Random.Uniform(0.3, 0.8), 0.4, m_Random);
    const double irregularity = m_Random.Uniform(0.02, 0.07);
    std::size_t  voxel = 0;
    for (std::int64_t z = 0; z < m_Size; ++z)
    {
      for (std::int64_t y = 0; y < m_Size; ++y)
      {
        for (std::int64_t x = 0; x < m_Size; ++x, ++voxel)
        {
          const double fromZ = (static_cast<double>(z) - centre[0]) / radius[0];
          const double fromY = (static_cast<double>(y) - centre[1]) / radius[1];
          const double fromX = (static_cast<double>(x) - centre[2]) / radius[2];
          const double distance = std::sqrt(fromZ * fromZ + fromY * fromY + fromX * fromX);
          // 1 - distance is 0 on the ellipsoid and 1 at its centre; times the mean radius it is roughly in voxels.
          head[voxel] = static_cast<float>(meanRadius * (1.0 - distance + irregularity * head[voxel]));
        }
      }
    }
    return head;
  }

  /** Moves the wall inwards, by an uneven depth. */
  void
  Erode(float depth, float unevenness, double wavelength)
  {
    const Field relief = MakeRandomField(m_Size, wavelength, 0.4, m_Random);
    for (std::size_t i = 0; i < m_Depth.size(); ++i)
    {
      m_Depth[i] -= depth + unevenness * relief[i];
    }
  }

  void
  PaintInside(const Field & potential)
  {
    const Field distance = this->Normalize(potential);
    this->Paint([&](std::size_t i) { return this->Cover(distance[i]); }, this->Draw(0.0, 1.0));
  }

  /** Lays a tissue of a mean intensity over what is there; `cover` tells how much of each voxel it takes. */
  template <typename TCover>
  void
  Paint(const TCover & cover, float mean)
  {
    // Either sign: what is bright in one tissue is dark in the next, as all share one relief.
    const float texture = this->Draw(-0.05, 0.05);
    for (std::size_t i = 0; i < m_Intensity.size(); ++i)
    {
      const float share = cover(i);
      // Mixing by the share covered is the partial volume of a border voxel.
      m_Intensity[i] += share * (std::max(mean + texture * m_Texture[i], 0.0F) - m_Intensity[i]);
    }
  }

  // Initialised in this order: the head is drawn with m_Size and m_Random. Another order of draws makes other volumes
  // of the same seeds.
  std::int64_t m_Size;
  Random &     m_Random;
  float        m_BorderWidth; // over which one tissue gives way to the next
  Field        m_Intensity;
  Field        m_Texture;
  Field        m_Head;  // about the distance, in voxels, from the head's surface
  Field        m_Depth; // and from the wall that comes next
};
} // namespace

void
MakeProceduralVolume(std::uint64_t seed, std::uint64_t number, std::int64_t size, float * voxels)
{
  Random random(seed, RandomStream::ProceduralVolume, number);
  Scene  scene(size, random);
  scene.PaintShells();
  scene.PaintRibbon();
  scene.PaintNuclei();
  scene.PaintSheets();
  scene.PaintTubes();
  scene.Finish(voxels);
}
} // namespace itk::arssr
