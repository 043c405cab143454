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
#include "itkArSSRInterpolationStatistics.h"

#include "acquisition/ArSSRSpectrumEnd.h"
#include "itkMacro.h"
#include "itkMath.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

// Lines on a lattice across each axis are cut into overlapping parts, whose power spectra are summed by the brightness
// of the part's darkest voxel. Only at the end, when it is known what is bright in the volume, the sums of the bright
// classes are averaged and searched for an end of the spectrum. No voxels are kept but those of the lines along z that
// the next part needs.
namespace itk
{
namespace
{
// Longer ones first: they resolve frequencies better, and shorter ones are used where there are too few of them.
constexpr std::array<SizeValueType, 2> PartLengths{ { 64, 32 } };

constexpr double StepsOfTwo = 4.0;      // classes of brightness for each power of two
constexpr int    KeyOfOne = 1000;       // so that keys stay above 0 down to the smallest float, 2^-149: 1000 - 4 × 149
constexpr double BrightestShare = 0.05; // the parts that define what is bright
constexpr int    DarkestSteps = 6;      // classes below those that still count: a factor of 2^(6/4) = 2.8

/** The class of a part with this darkest voxel, in the order of brightness: quarters of a power of two, above 0 for
 * intensities above 0 and mirrored for those below. Classes allow the threshold, which depends on the whole volume, to
 * be chosen at the end without keeping the parts. */
int
GetKey(float darkest)
{
  const float magnitude = std::abs(darkest);
  if (magnitude == 0.0F)
  {
    return 0;
  }
  const int key = KeyOfOne + static_cast<int>(std::floor(StepsOfTwo * std::log2(magnitude)));
  return darkest > 0.0F ? key : -key;
}

/** Cosines and sines under Hann's window, [voxel, cosine and sine, frequency]: a part's transform is a sum of rows of
 * this matrix, 66 contiguous floats for a part of 64 voxels, which vectorises. Windows are sampled at half voxels, and
 * so symmetric about the part's middle. */
std::vector<float>
GetWaves(SizeValueType length)
{
  std::vector<float> waves;
  for (SizeValueType voxel = 0; voxel < length; ++voxel)
  {
    const double step = 2.0 * Math::pi / static_cast<double>(length);
    const double hann = 0.5 - 0.5 * std::cos(step * (static_cast<double>(voxel) + 0.5));
    for (const double quarter : { 0.0, 0.5 * Math::pi })
    {
      for (SizeValueType frequency = 0; frequency <= length / 2; ++frequency)
      {
        // A whole number of turns is taken away in integers, where it is exact.
        const double phase = step * static_cast<double>(voxel * frequency % length);
        waves.push_back(static_cast<float>(hann * std::cos(phase - quarter)));
      }
    }
  }
  return waves;
}
} // namespace

ArSSRInterpolationStatistics::ArSSRInterpolationStatistics(const SizeType & size)
  : m_Size(size)
{
  if (size.CalculateProductOfElements() == 0)
  {
    itkGenericExceptionMacro(
      "A volume of " << size
                     << " voxels is empty and has no spectrum; at least one voxel along each axis is expected.");
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const SizeValueType first = size[(axis + 1) % 3];
    const SizeValueType second = size[(axis + 2) % 3];
    SizeValueType       step = 1;
    // The smallest step of a square lattice across the axis that has no more lines than are allowed.
    while (((first - 1) / step + 1) * ((second - 1) / step + 1) > MaximumNumberOfLines)
    {
      ++step;
    }
    m_Step[axis] = step;
    for (const SizeValueType length : PartLengths)
    {
      if (size[axis] >= length)
      {
        m_Spectra[axis].push_back({ length, {} });
        m_Waves.emplace(length, GetWaves(length));
      }
    }
  }
}

/** Indices across an axis, along another one, of the lines that are looked at. */
std::vector<SizeValueType>
ArSSRInterpolationStatistics::GetLattice(unsigned int axis, unsigned int across) const
{
  std::vector<SizeValueType> indices;
  for (SizeValueType index = std::min(m_Step[axis], m_Size[across]) / 2; index < m_Size[across]; index += m_Step[axis])
  {
    indices.push_back(index);
  }
  return indices;
}

void
ArSSRInterpolationStatistics::AddSlices(const float * voxels, SizeValueType count)
{
  if (m_SlicesAdded + count > m_Size[2])
  {
    itkGenericExceptionMacro("In total " << m_SlicesAdded + count << " slices were given for a volume of " << m_Size[2]
                                         << '.');
  }
  const SizeValueType slice = m_Size[0] * m_Size[1];
  std::vector<float>  line;
  for (SizeValueType i = 0; i < count; ++i, ++m_SlicesAdded)
  {
    const float * first = voxels + i * slice;
    for (unsigned int axis = 0; axis < 2; ++axis)
    {
      // Lines along x and y lie within the slice, and are complete: they are transformed at once.
      const std::vector<SizeValueType> slices = this->GetLattice(axis, 2);
      if (m_Spectra[axis].empty() || !std::binary_search(slices.begin(), slices.end(), m_SlicesAdded))
      {
        continue;
      }
      const SizeValueType alongLine = axis == 0 ? 1 : m_Size[0];
      const SizeValueType acrossLines = axis == 0 ? m_Size[0] : 1;
      for (const SizeValueType across : this->GetLattice(axis, 1 - axis))
      {
        line.clear();
        for (SizeValueType voxel = 0; voxel < m_Size[axis]; ++voxel)
        {
          line.push_back(first[across * acrossLines + voxel * alongLine]);
        }
        this->AddLine(m_Spectra[axis], line);
      }
    }
    if (!m_Spectra[2].empty())
    {
      // Lines along z come one voxel for each slice: the latest slices are kept at the places of the lattice alone.
      std::vector<float> column;
      for (const SizeValueType y : this->GetLattice(2, 1))
      {
        for (const SizeValueType x : this->GetLattice(2, 0))
        {
          column.push_back(first[y * m_Size[0] + x]);
        }
      }
      m_Columns.push_back(std::move(column));
      this->AddColumns();
    }
  }
}

/** The parts of the lines along z that end with the latest slice. */
void
ArSSRInterpolationStatistics::AddColumns()
{
  // The latest slice is in m_Columns, but not yet counted. Parts begin at multiples of half their length, as along x
  // and y.
  const SizeValueType slices = m_SlicesAdded + 1;
  std::vector<float>  part;
  for (Spectrum & spectrum : m_Spectra[2])
  {
    if (slices < spectrum.length || (slices - spectrum.length) % (spectrum.length / 2) != 0)
    {
      continue;
    }
    for (std::size_t column = 0; column < m_Columns.back().size(); ++column)
    {
      part.clear();
      for (std::size_t slice = m_Columns.size() - spectrum.length; slice < m_Columns.size(); ++slice)
      {
        part.push_back(m_Columns[slice][column]);
      }
      this->AddPart(spectrum, part.data());
    }
  }
  // The first spectrum has the longest parts: with the slice to come, one slice less than their length is enough.
  if (m_Columns.size() == m_Spectra[2].front().length)
  {
    m_Columns.pop_front();
  }
}

void
ArSSRInterpolationStatistics::AddLine(std::vector<Spectrum> & spectra, const std::vector<float> & line)
{
  for (Spectrum & spectrum : spectra)
  {
    for (SizeValueType first = 0; first + spectrum.length <= line.size(); first += spectrum.length / 2)
    {
      this->AddPart(spectrum, line.data() + first);
    }
  }
}

void
ArSSRInterpolationStatistics::AddPart(Spectrum & spectrum, const float * part) const
{
  const auto range = std::minmax_element(part, part + spectrum.length);
  // Constant parts, such as padding, have no spectrum: their power of 0 would only lower the mean.
  if (*range.first == *range.second)
  {
    return;
  }
  const std::vector<float> & waves = m_Waves.at(spectrum.length);
  const SizeValueType        frequencies = spectrum.length / 2 + 1;
  double                     sum = 0.0;
  double                     sumOfWindow = 0.0;
  for (SizeValueType voxel = 0; voxel < spectrum.length; ++voxel)
  {
    // The cosine of frequency 0 is 1, so that this row element is the window itself.
    const auto window = static_cast<double>(waves[voxel * 2 * frequencies]);
    sum += window * static_cast<double>(part[voxel]);
    sumOfWindow += window;
  }
  // The mean under the window: taken away, it leaves nothing at frequency 0. Any other would leak into the lowest bins.
  const auto         mean = static_cast<float>(sum / sumOfWindow);
  std::vector<float> transform(2 * frequencies, 0.0F); // [cosine and sine, frequency]
  for (SizeValueType voxel = 0; voxel < spectrum.length; ++voxel)
  {
    const float   value = part[voxel] - mean;
    const float * wave = waves.data() + voxel * 2 * frequencies;
    for (SizeValueType i = 0; i < 2 * frequencies; ++i)
    {
      transform[i] += value * wave[i];
    }
  }
  Class & own = spectrum.classes[GetKey(*range.first)];
  own.power.resize(frequencies, 0.0);
  ++own.parts;
  for (SizeValueType frequency = 0; frequency < frequencies; ++frequency)
  {
    const auto cosine = static_cast<double>(transform[frequency]);
    const auto sine = static_cast<double>(transform[frequencies + frequency]);
    own.power[frequency] += cosine * cosine + sine * sine;
  }
}

/** The mean over the bright parts: those whose darkest voxel is no more than DarkestSteps classes below the brightest
 * twentieth. Of a volume without any part above 0, all parts count. */
ArSSRInterpolationStatistics::Mean
ArSSRInterpolationStatistics::GetMean(const Spectrum & spectrum)
{
  SizeValueType all = 0;
  for (auto one = spectrum.classes.upper_bound(0); one != spectrum.classes.end(); ++one)
  {
    all += one->second.parts;
  }
  int darkest = spectrum.classes.empty() ? 0 : spectrum.classes.begin()->first;
  if (all > 0)
  {
    // From the brightest class downwards, until a twentieth of the parts above 0 is passed; these classes hold all of
    // them, so that the loop ends within.
    SizeValueType brighter = 0;
    auto          one = spectrum.classes.rbegin();
    while (static_cast<double>(brighter += one->second.parts) < BrightestShare * static_cast<double>(all))
    {
      ++one;
    }
    // Never down to class 0: parts with a voxel of 0 or below cross a background or a mask.
    darkest = std::max(one->first - DarkestSteps, 1);
  }
  Mean mean;
  mean.power.resize(spectrum.length / 2 + 1, 0.0);
  for (auto one = spectrum.classes.lower_bound(darkest); one != spectrum.classes.end(); ++one)
  {
    mean.parts += one->second.parts;
    std::transform(
      mean.power.begin(), mean.power.end(), one->second.power.begin(), mean.power.begin(), std::plus<double>());
  }
  for (double & power : mean.power)
  {
    power /= std::max(static_cast<double>(mean.parts), 1.0);
  }
  return mean;
}

ArSSRInterpolationStatistics::Result
ArSSRInterpolationStatistics::GetResult(unsigned int axis) const
{
  if (m_SlicesAdded != m_Size[2])
  {
    itkGenericExceptionMacro("The interpolation was requested after " << m_SlicesAdded << " of " << m_Size[2]
                                                                      << " slices were added. Add all slices first.");
  }
  if (axis >= 3)
  {
    itkGenericExceptionMacro("There is no axis " << axis << "; 0, 1 or 2 (x, y or z) is expected.");
  }
  for (const Spectrum & spectrum : m_Spectra[axis])
  {
    // The longest parts of which there are enough decide. A drop that is too small, or an end too close to the Nyquist
    // frequency to be told from it, means that the scan was not interpolated: a factor of 1, which is not Unknown.
    const Mean mean = GetMean(spectrum);
    if (mean.parts >= FewestParts)
    {
      const arssr::SpectrumEnd end = arssr::FindSpectrumEnd(mean.power);
      const bool               isTold = end.drop >= LeastDrop && end.position * LeastFactor <= 1.0;
      return { isTold ? 1.0 / end.position : 1.0, end.drop };
    }
  }
  return {};
}

double
ArSSRInterpolationStatistics::GetFactor(unsigned int axis) const
{
  return this->GetResult(axis).factor;
}

double
ArSSRInterpolationStatistics::GetDrop(unsigned int axis) const
{
  return this->GetResult(axis).drop;
}
} // namespace itk
