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
#include "itkArSSRNoiseStatistics.h"

#include "acquisition/ArSSRRicianMoments.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

// Slices are collected until they make up a layer of windows, whose differences are then taken and reduced to three
// numbers a window; the layer's slices are dropped, but for those that the stencil of the next layer overlaps. All
// thresholds are applied at the end, when the whole volume's minimum and range are known.
namespace itk
{
namespace
{
/** The fewest voxels along an axis for which differences are taken along it. */
constexpr SizeValueType SmallestForDifferences = 4;

/** Variance that rounding to whole numbers adds: that of a uniform distribution of width 1. */
constexpr double RoundingVariance = 1.0 / 12.0;

/** Deviations below this share of the windows' largest mean count as none. */
constexpr double SmallestDeviation = 1e-6;

/** The mode is where a histogram of logarithms, smoothed by a Gaussian of this deviation, is highest: about the
 * deviation of the logarithm of what one window tells, by mean squares and by quantiles. */
constexpr double SmoothingOfSquares = 0.15;
constexpr double SmoothingOfQuantiles = 0.2;
constexpr double BinWidth = 0.01;

/** The quantile, and its value for the magnitudes of a standard normal distribution: Φ⁻¹(0.7). */
constexpr double Quantile = 0.4;
constexpr double NormalQuantile = 0.5244005;

/** Bright windows have a mean of at least so many deviations: noise in them is nearly normal. If there are enough of
 * them, the lower flank of their density counts, which borders of an anatomy hardly move. Where all windows are noise
 * alone, that flank lies at FlankShare of the noise's deviation. */
constexpr double      BrightMean = 4.0;
constexpr std::size_t FewestBrightWindows = 500;
constexpr double      SmoothingOfFlank = 0.08;
constexpr double      FlankShare = 0.756;

/** The mode of the quantiles is taken where it is below this share of the mode of the mean squares. */
constexpr double SmallestShare = 0.75;

/** Weights of a difference along an axis, and by what it multiplies the variance of white noise: the sum of their
 * squares. */
struct Stencil
{
  std::vector<double> weights;
  double              sumOfSquares;
};

const Stencil &
GetStencil(SizeValueType order)
{
  static const Stencil second{ { 1.0, -2.0, 1.0 }, 6.0 };
  static const Stencil none{ { 1.0 }, 1.0 };
  return order == 2 ? second : none;
}

/** \brief A histogram of values, of which there must be some, smoothed by a Gaussian that is not normalised: only
 * places are read off it. It extends beyond the values by the Gaussian's radius, so that both flanks are whole. */
class Density
{
public:
  Density(const std::vector<double> & values, double smoothing)
  {
    // Values are clipped from below by the caller, which bounds their range and so the number of bins.
    const auto          radius = static_cast<std::ptrdiff_t>(4.0 * smoothing / BinWidth);
    const auto          range = std::minmax_element(values.begin(), values.end());
    std::vector<double> counts(static_cast<std::size_t>((*range.second - *range.first) / BinWidth) + 1, 0.0);
    for (const double value : values)
    {
      ++counts[static_cast<std::size_t>((value - *range.first) / BinWidth)];
    }
    std::vector<double> weights;
    for (std::ptrdiff_t i = 0; i <= radius; ++i)
    {
      weights.push_back(std::exp(-0.5 * std::pow(static_cast<double>(i) * BinWidth / smoothing, 2.0)));
    }
    const auto size = static_cast<std::ptrdiff_t>(counts.size());
    for (std::ptrdiff_t bin = -radius; bin < size + radius; ++bin)
    {
      double density = 0.0;
      for (std::ptrdiff_t i = std::max(bin - radius, std::ptrdiff_t{ 0 }); i <= std::min(bin + radius, size - 1); ++i)
      {
        density += counts[static_cast<std::size_t>(i)] * weights[static_cast<std::size_t>(std::abs(i - bin))];
      }
      m_Bins.push_back(density);
    }
    m_First = *range.first + (0.5 - static_cast<double>(radius)) * BinWidth; // centre of the first bin
  }

  /** Where it is highest. */
  double
  GetMode() const
  {
    return m_First + static_cast<double>(this->GetHighest() - m_Bins.begin()) * BinWidth;
  }

  /** Where, below that, it is half as high. */
  double
  GetLowerFlank() const
  {
    auto bin = this->GetHighest();
    for (const double half = 0.5 * *bin; bin != m_Bins.begin() && *bin > half;)
    {
      --bin;
    }
    return m_First + static_cast<double>(bin - m_Bins.begin()) * BinWidth;
  }

private:
  std::vector<double>::const_iterator
  GetHighest() const
  {
    return std::max_element(m_Bins.begin(), m_Bins.end());
  }

  double              m_First{ 0.0 };
  std::vector<double> m_Bins;
};
} // namespace

ArSSRNoiseStatistics::ArSSRNoiseStatistics(const SizeType & size, Noise kind)
  : m_Size(size)
  , m_Kind(kind)
{
  SizeValueType largest = 0;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Along a short axis intensities are taken as they are. One axis with differences is needed: else the mean square
    // would be that of the intensities.
    m_Order[axis] = size[axis] >= SmallestForDifferences ? 2 : 0;
    const SizeValueType coefficients = size[axis] - m_Order[axis];
    m_Window[axis] = std::min(WindowSize, coefficients);
    m_Windows[axis] = m_Window[axis] > 0 ? coefficients / m_Window[axis] : 0;
    largest = std::max(largest, m_Order[axis]);
  }
  if (size.CalculateProductOfElements() == 0 || largest == 0)
  {
    itkGenericExceptionMacro("The noise of a volume of "
                             << size << " voxels cannot be estimated from differences between neighbours; "
                             << SmallestForDifferences << " or more voxels along at least one axis are expected.");
  }
}

void
ArSSRNoiseStatistics::AddSlices(const float * voxels, const unsigned char * mask, SizeValueType count)
{
  if (m_SlicesAdded + count > m_Size[2])
  {
    itkGenericExceptionMacro("In total " << m_SlicesAdded + count << " slices were given for a volume of " << m_Size[2]
                                         << '.');
  }
  const SizeValueType slice = m_Size[0] * m_Size[1];
  for (SizeValueType i = 0; i < count; ++i, ++m_SlicesAdded)
  {
    const float * first = voxels + i * slice;
    m_Minimum = std::min(m_Minimum, *std::min_element(first, first + slice));
    m_AreWhole =
      m_AreWhole && std::all_of(first, first + slice, [](float value) { return value == std::floor(value); });
    m_Slices.insert(m_Slices.end(), first, first + slice);
    if (mask)
    {
      m_Mask.insert(m_Mask.end(), mask + i * slice, mask + (i + 1) * slice);
    }
    // A layer is complete with its stencil. Slices at the end that fill no whole layer are left out, as are the last
    // rows and columns.
    if (m_Slices.size() == (m_Window[2] + m_Order[2]) * slice)
    {
      this->AddLayer();
      const auto done = static_cast<std::ptrdiff_t>(m_Window[2] * slice);
      m_Slices.erase(m_Slices.begin(), m_Slices.begin() + done);
      if (mask)
      {
        m_Mask.erase(m_Mask.begin(), m_Mask.begin() + done);
      }
    }
  }
}

/** Adds the windows of the slices that are held. */
void
ArSSRNoiseStatistics::AddLayer()
{
  const Stencil &     alongX = GetStencil(m_Order[0]);
  const Stencil &     alongY = GetStencil(m_Order[1]);
  const Stencil &     alongZ = GetStencil(m_Order[2]);
  const double        norm = alongX.sumOfSquares * alongY.sumOfSquares * alongZ.sumOfSquares;
  const SizeValueType slice = m_Size[0] * m_Size[1];
  // From a stencil's first voxel to its middle one: a window's mean is that of the voxels which its differences are
  // centred at.
  const SizeValueType middle = m_Order[2] / 2 * slice + m_Order[1] / 2 * m_Size[0] + m_Order[0] / 2;

  const SizeValueType voxels = m_Window[0] * m_Window[1] * m_Window[2];
  std::vector<double> squares(m_Windows[0] * m_Windows[1], 0.0);
  std::vector<double> sums(squares.size(), 0.0);
  std::vector<float>  magnitudes(squares.size() * voxels); // [window, voxel]
  std::vector<double> row(m_Size[0]);
  // The stencil is separable: along z and y it is applied to whole rows of contiguous voxels, then along x to the
  // result. Windows do not overlap; voxels that fill no whole window along x or y are left out.
  for (SizeValueType z = 0; z < m_Window[2]; ++z)
  {
    for (SizeValueType y = 0; y < m_Windows[1] * m_Window[1]; ++y)
    {
      // In double precision, sums of small multiples of floats are exact unless their magnitudes differ widely:
      // differences of equal intensities are 0, and constant windows are recognised by it.
      std::fill(row.begin(), row.end(), 0.0);
      for (SizeValueType k = 0; k <= m_Order[2]; ++k)
      {
        for (SizeValueType j = 0; j <= m_Order[1]; ++j)
        {
          const float * voxel = m_Slices.data() + (z + k) * slice + (y + j) * m_Size[0];
          const double  weight = alongZ.weights[k] * alongY.weights[j];
          for (SizeValueType x = 0; x < m_Size[0]; ++x)
          {
            row[x] += weight * static_cast<double>(voxel[x]);
          }
        }
      }
      const float * own = m_Slices.data() + z * slice + y * m_Size[0] + middle;
      for (SizeValueType x = 0; x < m_Windows[0] * m_Window[0]; ++x)
      {
        double difference = 0.0;
        for (SizeValueType i = 0; i <= m_Order[0]; ++i)
        {
          difference += alongX.weights[i] * row[x + i];
        }
        const SizeValueType window = y / m_Window[1] * m_Windows[0] + x / m_Window[0];
        const SizeValueType voxel = (z * m_Window[1] + y % m_Window[1]) * m_Window[0] + x % m_Window[0];
        magnitudes[window * voxels + voxel] = static_cast<float>(std::abs(difference));
        squares[window] += difference * difference;
        sums[window] += static_cast<double>(own[x]);
      }
    }
  }
  // Not interpolated between ranks: 0.4 × 64 voxels is rank 25. nth_element reorders the window's own stretch alone.
  const auto rank = static_cast<std::ptrdiff_t>(Quantile * static_cast<double>(voxels));
  for (SizeValueType window = 0; window < squares.size(); ++window)
  {
    if (this->IsInsideMask({ { window % m_Windows[0] * m_Window[0], window / m_Windows[0] * m_Window[1], 0 } }))
    {
      const auto own = magnitudes.begin() + static_cast<std::ptrdiff_t>(window * voxels);
      std::nth_element(own, own + rank, own + static_cast<std::ptrdiff_t>(voxels));
      const double quantile = static_cast<double>(own[rank]) / NormalQuantile;
      const auto   count = static_cast<double>(voxels);
      m_Found.push_back({ static_cast<float>(squares[window] / (norm * count)),
                          static_cast<float>(quantile * quantile / norm),
                          static_cast<float>(sums[window] / count) });
    }
  }
}

/** Whether all voxels that a window's differences read are inside the mask. \param first The first of them, counted
 * from the first voxel of the slices that are held. */
bool
ArSSRNoiseStatistics::IsInsideMask(const std::array<SizeValueType, 3> & first) const
{
  if (m_Mask.empty())
  {
    return true;
  }
  for (SizeValueType z = first[2]; z < first[2] + m_Window[2] + m_Order[2]; ++z)
  {
    for (SizeValueType y = first[1]; y < first[1] + m_Window[1] + m_Order[1]; ++y)
    {
      const unsigned char * row = m_Mask.data() + (z * m_Size[1] + y) * m_Size[0] + first[0];
      if (std::find(row, row + m_Window[0] + m_Order[0], 0) != row + m_Window[0] + m_Order[0])
      {
        return false;
      }
    }
  }
  return true;
}

/** Logarithms of the deviations that windows tell, those below `least` raised to it. \param variance The member that
 * holds the estimate. \param onlyBright Whether windows without a signal well above their deviation are left out. */
std::vector<double>
ArSSRNoiseStatistics::GetLogarithms(float Window::*variance, double least, bool onlyBright) const
{
  const bool          rician = this->GetKind() == Noise::Rician;
  std::vector<double> logarithms;
  for (const Window & window : m_Found)
  {
    const auto   mean = static_cast<double>(window.mean);
    const double deviation = std::sqrt(static_cast<double>(window.*variance));
    if (!this->IsPadding(window) && (!onlyBright || mean >= BrightMean * deviation))
    {
      // A window without any deviation has no ratio; its logarithm is that of `least` anyway.
      const double factor = rician && deviation > 0.0 ? arssr::GetRicianFactor(mean / deviation) : 1.0;
      logarithms.push_back(std::log(std::max(deviation * factor, least)));
    }
  }
  return logarithms;
}

double
ArSSRNoiseStatistics::GetDeviation() const
{
  if (m_SlicesAdded != m_Size[2])
  {
    itkGenericExceptionMacro("The noise was requested after " << m_SlicesAdded << " of " << m_Size[2]
                                                              << " slices were added. Add all slices first.");
  }
  double largestMean = 0.0;
  for (const Window & window : m_Found)
  {
    largestMean = std::max(largestMean, this->IsPadding(window) ? 0.0 : std::abs(static_cast<double>(window.mean)));
  }
  const double least = SmallestDeviation * largestMean;
  if (least == 0.0)
  {
    return 0.0; // padding alone, or no window; otherwise the densities below have values
  }
  // The estimate starts as the mode over all windows. Two corrections can only lower it: the bright windows' flank, as
  // borders of an anatomy pull the mode up, and the mode of the quantiles, as with little noise it is the anatomy's.
  const auto modeOf = [&](float Window::*variance, double smoothing) {
    return std::exp(Density(this->GetLogarithms(variance, least, false), smoothing).GetMode());
  };
  double     bySquares = modeOf(&Window::variance, SmoothingOfSquares);
  const auto bright = this->GetLogarithms(&Window::variance, least, true);
  // FlankShare holds for windows of 4×4×4 differences along three axes only: smaller windows scatter more.
  if (this->HasWholeWindows() && bright.size() >= FewestBrightWindows)
  {
    bySquares = std::min(bySquares, std::exp(Density(bright, SmoothingOfFlank).GetLowerFlank()) / FlankShare);
  }
  const double byQuantiles = modeOf(&Window::typical, SmoothingOfQuantiles);
  const double mode = byQuantiles < SmallestShare * bySquares ? byQuantiles : bySquares;
  // The mode lies at the value that logarithms are clipped to: most windows have no noise.
  if (mode < 2.0 * least)
  {
    return 0.0;
  }
  // Rounding adds its variance to that of the noise, as long as the noise is not small beside the steps.
  return m_AreWhole ? std::sqrt(std::max(mode * mode - RoundingVariance, 0.0)) : mode;
}

ArSSRNoiseStatistics::Noise
ArSSRNoiseStatistics::GetKind() const
{
  return m_Kind != Noise::Auto ? m_Kind : m_Minimum < 0.0F ? Noise::Gaussian : Noise::Rician;
}

SizeValueType
ArSSRNoiseStatistics::GetNumberOfWindows() const
{
  return static_cast<SizeValueType>(
    std::count_if(m_Found.begin(), m_Found.end(), [this](const Window & window) { return !this->IsPadding(window); }));
}
} // end namespace itk
