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
#include "samples/ArSSRSyntheticVolume.h"

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRRandomField.h"
#include "itkMacro.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <set>
#include <vector>

namespace itk::arssr
{
namespace
{
/** Largest number of a volume's voxels per voxel of the label map, along an axis. */
constexpr double LargestZoom = 1.6;

/** A map with more labels is taken for an image. */
constexpr std::size_t LargestNumberOfLabels = 1000;

/** Share of a part that should not be background, and how often one is looked for. */
constexpr double RequiredForeground = 0.4;
constexpr int    NumberOfAttempts = 16;

/** Share of volumes with a dark background. */
constexpr double DarkBackground = 0.8;

/** \brief The part of a label map that a volume shows. */
struct Part
{
  GridIndex   size{};  // of the volume
  GridLengths begin{}; // its near face, in voxels of the map from the outer face of the first one
  GridLengths step{};  // its voxels, in those of the map

  /** Continuous index in the map. */
  double
  GetCentre(std::size_t axis, std::int64_t voxel) const
  {
    return begin[axis] + (static_cast<double>(voxel) + 0.5) * step[axis] - 0.5;
  }

  std::int64_t
  GetNearest(std::size_t axis, std::int64_t voxel, const Volume & labels) const
  {
    const auto nearest = static_cast<std::int64_t>(std::floor(this->GetCentre(axis, voxel) + 0.5));
    return std::min(std::max(nearest, std::int64_t{ 0 }), labels.size[axis] - 1);
  }
};

/** Share of the part that is not background, estimated from every fourth voxel along each axis. */
double
GetForegroundShare(const Volume & labels, const Part & part)
{
  std::int64_t count = 0;
  std::int64_t foreground = 0;
  for (std::int64_t z = 0; z < part.size[0]; z += 4)
  {
    for (std::int64_t y = 0; y < part.size[1]; y += 4)
    {
      const float * row = labels.GetRow(part.GetNearest(0, z, labels), part.GetNearest(1, y, labels));
      for (std::int64_t x = 0; x < part.size[2]; x += 4)
      {
        foreground += row[part.GetNearest(2, x, labels)] != 0.0F ? 1 : 0;
        ++count;
      }
    }
  }
  return static_cast<double>(foreground) / static_cast<double>(count);
}

/** The first of some random parts with enough foreground, or that with most. */
Part
DrawPart(const Volume & labels, std::int64_t size, Random & random)
{
  Part   best;
  double most = -1.0;
  for (int attempt = 0; attempt < NumberOfAttempts && most < RequiredForeground; ++attempt)
  {
    Part part;
    part.size = GetSyntheticSize(labels.size, size);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      part.step[axis] = 1.0 / random.Uniform(1.0, LargestZoom);
      const double length = static_cast<double>(part.size[axis]) * part.step[axis];
      // A zoom is at least 1, so a part is never longer than the map.
      part.begin[axis] = random.Uniform(0.0, static_cast<double>(labels.size[axis]) - length);
    }
    const double share = GetForegroundShare(labels, part);
    if (share > most)
    {
      most = share;
      best = part;
    }
  }
  return best;
}

/** The voxels of the map that the part is made of, those around it included that smoothing reads; the part moves with
 * them. */
Volume
CropTo(const Volume & labels, Part & part)
{
  // Smoothing has a FWHM of up to 1.8 voxels of the map and ends at 4 sigma, 3.1 voxels: with the margin the crop gives
  // the same sums as the whole map, and a pass over it for each label costs less.
  constexpr std::int64_t margin = 4;
  GridIndex              first;
  Volume                 cropped;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    first[axis] = std::max(part.GetNearest(axis, 0, labels) - margin, std::int64_t{ 0 });
    const std::int64_t last = part.GetNearest(axis, part.size[axis] - 1, labels) + margin;
    cropped.size[axis] = std::min(last, labels.size[axis] - 1) + 1 - first[axis];
    // The part's near face now counts from the crop's first voxel.
    part.begin[axis] -= static_cast<double>(first[axis]);
  }
  for (std::int64_t z = 0; z < cropped.size[0]; ++z)
  {
    for (std::int64_t y = 0; y < cropped.size[1]; ++y)
    {
      const float * row = labels.GetRow(first[0] + z, first[1] + y) + first[2];
      cropped.voxels.insert(cropped.voxels.end(), row, row + cropped.size[2]);
    }
  }
  return cropped;
}

/** \throws ExceptionObject unless all are whole numbers. */
std::vector<float>
FindLabels(const Volume & labels, const std::string & name)
{
  std::set<float> found;
  float           latest = 0.0F;
  for (const float label : labels.voxels)
  {
    // Neighbours mostly share a label: this saves the search in the set for nearly all voxels.
    if (label == latest && !found.empty())
    {
      continue;
    }
    latest = label;
    const bool isWhole = std::isfinite(label) && label == std::floor(label);
    if (isWhole)
    {
      found.insert(label);
    }
    // Checked while the map is searched: a set of all intensities of an image would take more memory than the image.
    if (!isWhole || found.size() > LargestNumberOfLabels)
    {
      itkGenericExceptionMacro("The label map '" << name << "' holds "
                                                 << (isWhole ? "more than a thousand labels, " : "the label ") << label
                                                 << "; whole numbers are expected, one for each tissue. Give intensity "
                                                    "images as training images instead.");
    }
  }
  return { found.begin(), found.end() };
}

/** Voxels [begin, end) along each axis with the label; empty when there are none. */
GridBox
GetBox(const Volume & labels, float label)
{
  // Inverted at first, so that the first voxel sets it; without any it is empty.
  GridBox box{ labels.size, { { 0, 0, 0 } } };
  for (std::int64_t z = 0; z < labels.size[0]; ++z)
  {
    for (std::int64_t y = 0; y < labels.size[1]; ++y)
    {
      const float * row = labels.GetRow(z, y);
      const float * end = row + labels.size[2];
      const float * first = std::find(row, end, label);
      if (first == end)
      {
        continue;
      }
      const float * last = end - 1;
      while (*last != label)
      {
        --last;
      }
      box.begin = { { std::min(box.begin[0], z), std::min(box.begin[1], y), std::min(box.begin[2], first - row) } };
      box.end = { { z + 1, std::max(box.end[1], y + 1), std::max(box.end[2], last + 1 - row) } };
    }
  }
  return box;
}

/** \brief The label at each voxel of a volume: that which has the largest share after smoothing. */
class Painting
{
public:
  Painting(const Volume & labels, const Part & part, double smoothing)
    : m_Labels(labels)
    , m_Part(part)
    , m_Shares(static_cast<std::size_t>(GetNumberOfVoxels(part.size)), 0.0F)
    , m_Numbers(m_Shares.size(), 0)
  {
    const auto spread = ArSSRPointSpread::Gaussian(smoothing);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      for (std::int64_t voxel = 0; voxel < part.size[axis]; ++voxel)
      {
        m_Rows[axis].push_back(
          spread.GetWeights(part.GetCentre(axis, voxel), static_cast<SizeValueType>(labels.size[axis])));
      }
    }
  }

  void
  Add(float label, std::size_t number)
  {
    // One label at a time, as the shares of all labels together would take a volume each. A label is smoothed only
    // where its box reaches, so a small one costs little more than the pass that makes its mask.
    const GridBox    box = GetBox(m_Labels, label);
    SeparableWeights weights;
    GridBox          seen;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      // Voxels are in order, and so are what they read of the map.
      const auto & rows = m_Rows[axis];
      const auto   begin = std::find_if(rows.begin(), rows.end(), [&](const ArSSRAxisWeights & row) {
        return row.first + static_cast<std::int64_t>(row.weights.size()) > box.begin[axis];
      });
      const auto   end =
        std::find_if(begin, rows.end(), [&](const ArSSRAxisWeights & row) { return row.first >= box.end[axis]; });
      weights[axis].assign(begin, end);
      seen.begin[axis] = begin - rows.begin();
      seen.end[axis] = end - rows.begin();
    }
    // Labels of the map that this part does not show.
    if (GetNumberOfVoxels(GetSize(seen)) == 0)
    {
      return;
    }
    Volume mask;
    mask.size = m_Labels.size;
    mask.voxels.resize(m_Labels.voxels.size());
    std::transform(m_Labels.voxels.begin(), m_Labels.voxels.end(), mask.voxels.begin(), [label](float other) {
      return other == label ? 1.0F : 0.0F;
    });
    this->Compare(ApplyWeights(mask, weights), seen, number);
  }

  const std::vector<std::size_t> &
  GetNumbers() const
  {
    return m_Numbers;
  }

private:
  void
  Compare(const std::vector<float> & shares, const GridBox & seen, std::size_t number)
  {
    const float * share = shares.data();
    for (std::int64_t z = seen.begin[0]; z < seen.end[0]; ++z)
    {
      for (std::int64_t y = seen.begin[1]; y < seen.end[1]; ++y)
      {
        for (std::int64_t x = seen.begin[2]; x < seen.end[2]; ++x, ++share)
        {
          const auto voxel = static_cast<std::size_t>((z * m_Part.size[1] + y) * m_Part.size[2] + x);
          // Strictly above: of equal shares the smaller label wins, as labels come in ascending order. Shares add up to
          // 1 at each voxel, so one of them is above 0.
          if (*share > m_Shares[voxel])
          {
            m_Shares[voxel] = *share;
            m_Numbers[voxel] = number;
          }
        }
      }
    }
  }

  const Volume &           m_Labels;
  Part                     m_Part;
  SeparableWeights         m_Rows; // of the whole volume
  std::vector<float>       m_Shares;
  std::vector<std::size_t> m_Numbers; // of the label with that share
};

/** \brief A random field over a volume that need not be a cube. */
class Relief
{
public:
  // MakeRandomField() makes cubes: the longest side counts, and what lies outside the volume is not used.
  Relief(const GridIndex & size, double wavelength, double spread, Random & random)
    : m_Side(*std::max_element(size.begin(), size.end()))
    , m_Field(MakeRandomField(m_Side, wavelength, spread, random))
  {}

  const float *
  GetRow(std::int64_t z, std::int64_t y) const
  {
    return m_Field.data() + (z * m_Side + y) * m_Side;
  }

private:
  std::int64_t       m_Side;
  std::vector<float> m_Field;
};

/** \brief How a tissue looks. */
struct Tissue
{
  float mean;
  float texture; // standard deviation; negative: the relief that all tissues share is inverted
};

std::vector<Tissue>
DrawTissues(const std::vector<float> & labels, Random & random)
{
  std::vector<Tissue> tissues;
  for (const float label : labels)
  {
    // The chance comes first, so that each label takes three numbers, whichever it is.
    const bool dark = random.Chance(DarkBackground) && label == 0.0F;
    tissues.push_back({ static_cast<float>(random.Uniform(0.0, dark ? 0.04 : 1.0)),
                        static_cast<float>(random.Uniform(-0.05, 0.05) * (dark ? 0.2 : 1.0)) });
  }
  return tissues;
}

/** Blurs borders as the voxels of a scan do. */
Volume
BlurBorders(const Volume & sharp, double width)
{
  const auto       spread = ArSSRPointSpread::Gaussian(width);
  SeparableWeights weights;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    for (std::int64_t voxel = 0; voxel < sharp.size[axis]; ++voxel)
    {
      weights[axis].push_back(
        spread.GetWeights(static_cast<double>(voxel), static_cast<SizeValueType>(sharp.size[axis])));
    }
  }
  // Widths above 1.01 voxels, the limit of a point sample, so that the Gaussian does spread borders.
  return { sharp.size, ApplyWeights(sharp, weights) };
}
} // namespace

GridIndex
GetSyntheticSize(const GridIndex & labels, std::int64_t size)
{
  return { { std::min(labels[0], size), std::min(labels[1], size), std::min(labels[2], size) } };
}

void
MakeSyntheticVolume(std::uint64_t       seed,
                    std::uint64_t       number,
                    const Volume &      labels,
                    const std::string & name,
                    std::int64_t        size,
                    float *             voxels)
{
  // The draws come in a fixed order: part, smoothing, tissues, texture, bias, blur. Tissues are
  // drawn for all labels of the whole map, so that the number of draws does not depend on the part.
  Random                    random(seed, RandomStream::SyntheticVolume, number);
  const std::vector<float>  all = FindLabels(labels, name);
  Part                      part = DrawPart(labels, size, random);
  const Volume              map = CropTo(labels, part);
  Painting                  painting(map, part, random.Uniform(1.2, 1.8));
  const std::vector<Tissue> tissues = DrawTissues(all, random);
  for (std::size_t label = 0; label < all.size(); ++label)
  {
    painting.Add(all[label], label);
  }

  const Relief texture(part.size, random.Uniform(2.5, 8.0), 0.4, random);
  const double longest = static_cast<double>(*std::max_element(part.size.begin(), part.size.end()));
  const Relief bias(part.size, 1.5 * longest, 0.3, random);
  const auto   strength = static_cast<float>(random.Uniform(0.0, 0.25));
  // Texture and bias come before the blur, so that they have no more detail than the borders.
  Volume              painted{ part.size, {} };
  const std::size_t * label = painting.GetNumbers().data();
  for (std::int64_t z = 0; z < part.size[0]; ++z)
  {
    for (std::int64_t y = 0; y < part.size[1]; ++y)
    {
      const float * textureRow = texture.GetRow(z, y);
      const float * biasRow = bias.GetRow(z, y);
      for (std::int64_t x = 0; x < part.size[2]; ++x)
      {
        const Tissue & tissue = tissues[*label++];
        const float    clean = std::max(tissue.mean + tissue.texture * textureRow[x], 0.0F);
        painted.voxels.push_back(clean * (1.0F + strength * std::min(std::max(biasRow[x], -2.0F), 2.0F)));
      }
    }
  }
  const Volume blurred = BlurBorders(painted, random.Uniform(1.02, 1.6));
  std::copy(blurred.voxels.begin(), blurred.voxels.end(), voxels);
}
} // namespace itk::arssr
