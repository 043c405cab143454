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
#include "itkArSSRPointSpread.h"

#include "image/ArSSRVoxelInterval.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

// A weight before normalisation is an integral in closed form over an HR voxel (box, measured profile) or over the
// frequencies that both k-space and the HR grid hold (sinc); Gaussians go to ArSSRSliceProfile. None of them is scaled,
// as rows are normalised to a sum of 1 after they were cut to the image.
namespace itk
{
namespace
{
using Kind = ArSSRPointSpreadEnums::Kind;

constexpr double Pi = 3.14159265358979323846;

/** Weights at a row's ends below this share of the largest are rounding, and are left out: HR voxels that only they
 * reach need not be read. */
constexpr double NegligibleWeight = 1e-12;

/** Weights or samples whose sum is below this share of the sum of their magnitudes cannot be normalised: what they give
 * is no average of what is seen. A sinc whose centre is within an image keeps at least 0.4; its side lobes alone, seen
 * from outside, add up to anything, negative sums included. */
constexpr double SmallestSum = 0.25;

/** From this taper on a sinc falls off by itself within its support. */
constexpr double EndingTaper = 0.25;

/** sin(pi x) / (pi x) */
double
NormalizedSinc(double x)
{
  return x == 0.0 ? 1.0 : std::sin(Pi * x) / (Pi * x);
}

/** Integral of cos(p f + q) over f from a to b, in the form that needs no division by p, which may be 0. */
double
IntegrateCosine(double p, double q, double a, double b)
{
  return (b - a) * std::cos(0.5 * p * (a + b) + q) * NormalizedSinc(0.5 * p * (b - a) / Pi);
}

/** Tukey's window at a share of the largest frequency: 1 up to 1 - taper, then half a cosine down to 0. Without a taper
 * the first branch takes all, and nothing is divided by it. */
double
GetWindow(double share, double taper)
{
  if (share > 1.0)
  {
    return 0.0;
  }
  return share <= 1.0 - taper ? 1.0 : 0.5 * (1.0 + std::cos(Pi * (share - 1.0 + taper) / taper));
}

/** Lanczos' window over the support, so that a sinc ends without a step: the wider k-space's own window, the faster a
 * sinc falls by itself, and the less of this one is applied; from EndingTaper on, none. */
double
GetEnd(double share, double taper)
{
  return share < 1.0 ? std::pow(NormalizedSinc(share), std::max(1.0 - taper / EndingTaper, 0.0)) : 0.0;
}

/** Integral over the triangle of height 1 and half width 1 from its centre to `x`, which counts from there. */
double
IntegrateTriangle(double x)
{
  const double inside = std::min(std::max(x, -1.0), 1.0);
  return inside - 0.5 * inside * std::abs(inside);
}

void
VerifyWidth(const char * name, double width)
{
  if (!(width >= 0.0) || !std::isfinite(width))
  {
    itkGenericExceptionMacro("The width of a "
                             << name << " point spread is " << width
                             << "; a finite number above 0 is expected, or 0 for the scan's spacing.");
  }
}
} // namespace

std::ostream &
operator<<(std::ostream & out, ArSSRPointSpreadEnums::Kind value)
{
  switch (value)
  {
    case Kind::Auto:
      return out << "auto";
    case Kind::Gaussian:
      return out << "gaussian";
    case Kind::Box:
      return out << "box";
    case Kind::Sinc:
      return out << "sinc";
    case Kind::Measured:
      return out << "measured";
  }
  return out << "invalid point spread " << static_cast<int>(value);
}

ArSSRPointSpread::ArSSRPointSpread(Kind kind, double width, double taper)
  : m_Kind(kind)
  , m_Width(width)
  , m_Taper(taper)
{}

ArSSRPointSpread
ArSSRPointSpread::Gaussian(double fwhm)
{
  VerifyWidth("gaussian", fwhm);
  return { Kind::Gaussian, fwhm, 0.0 };
}

ArSSRPointSpread
ArSSRPointSpread::Box(double width)
{
  VerifyWidth("box", width);
  return { Kind::Box, width, 0.0 };
}

ArSSRPointSpread
ArSSRPointSpread::Sinc(double voxel, double taper)
{
  VerifyWidth("sinc", voxel);
  if (!(taper >= 0.0 && taper <= 1.0))
  {
    itkGenericExceptionMacro("The taper of a sinc point spread's window is "
                             << taper << "; a number from 0 (no window) to 1 (Hann window) is expected.");
  }
  return { Kind::Sinc, voxel, taper };
}

ArSSRPointSpread
ArSSRPointSpread::Measured(const std::vector<double> & samples, double step)
{
  double sum = 0.0;
  double magnitudes = 0.0;
  for (const double sample : samples)
  {
    sum += sample;
    magnitudes += std::abs(sample);
  }
  // Refuses an empty list and NaN as well: both make the comparison false.
  if (!(sum > SmallestSum * magnitudes) || !std::isfinite(magnitudes))
  {
    itkGenericExceptionMacro("A measured point spread has "
                             << samples.size() << " samples with a sum of " << sum << " and a sum of magnitudes of "
                             << magnitudes << "; finite samples are expected, whose sum is above " << SmallestSum
                             << " times the sum of their magnitudes.");
  }
  if (!(step > 0.0) || !std::isfinite(step))
  {
    itkGenericExceptionMacro("The samples of a measured point spread are "
                             << step << " apart; a finite step above 0 is expected.");
  }
  ArSSRPointSpread spread(Kind::Measured, AutomaticWidth, 0.0);
  spread.m_Samples = samples;
  spread.m_Step = step;
  return spread;
}

double
ArSSRPointSpread::GetWidth() const
{
  if (m_Kind != Kind::Measured)
  {
    return m_Width;
  }
  // The area under straight lines that end at 0 one step beyond the samples is step × sum.
  const double sum = std::accumulate(m_Samples.begin(), m_Samples.end(), 0.0);
  return m_Step * sum / *std::max_element(m_Samples.begin(), m_Samples.end());
}

ArSSRPointSpread
ArSSRPointSpread::Resolved(double spacing) const
{
  if (!(spacing > 0.0) || !std::isfinite(spacing))
  {
    itkGenericExceptionMacro("A scan's spacing is " << spacing << "; a finite number above 0 is expected.");
  }
  ArSSRPointSpread resolved = *this;
  if (!this->IsResolved())
  {
    // A kind that is known with an open width stays: "box" becomes a slab as thick as the spacing.
    resolved.m_Kind = m_Kind == Kind::Auto ? Kind::Gaussian : m_Kind;
    resolved.m_Width = spacing;
  }
  return resolved;
}

ArSSRPointSpread
ArSSRPointSpread::Scaled(double factor) const
{
  if (!(factor > 0.0) || !std::isfinite(factor))
  {
    itkGenericExceptionMacro("A point spread is scaled by " << factor << "; a finite factor above 0 is expected.");
  }
  ArSSRPointSpread scaled = *this;
  scaled.m_Width *= factor;
  // Samples keep their values: normalisation takes care of the area.
  scaled.m_Step *= factor;
  return scaled;
}

ArSSRPointSpread
ArSSRPointSpread::Mirrored() const
{
  ArSSRPointSpread mirrored = *this;
  std::reverse(mirrored.m_Samples.begin(), mirrored.m_Samples.end());
  return mirrored;
}

void
ArSSRPointSpread::VerifyResolved() const
{
  if (!this->IsResolved())
  {
    itkGenericExceptionMacro("The point spread '" << this->ToText()
                                                  << "' does not state its kind or its width. Call Resolved() with the "
                                                     "scan's spacing first.");
  }
}

bool
ArSSRPointSpread::IsPointSample() const
{
  this->VerifyResolved();
  // A sinc is never too narrow: frequencies beyond those of the HR voxels are left out of it.
  return m_Kind != Kind::Sinc && ArSSRSliceProfile::IsPointSample(this->GetWidth());
}

double
ArSSRPointSpread::GetSupportRadius() const
{
  if (this->IsPointSample() || m_Kind == Kind::Gaussian)
  {
    return ArSSRSliceProfile::GetSupportRadius(this->GetWidth());
  }
  // Half the profile, and half a voxel, as a voxel weighs what lies within it; a sinc is sampled at centres.
  switch (m_Kind)
  {
    case Kind::Sinc:
      return SincSupport * std::max(m_Width, 1.0); // its frequencies end at those of the HR voxels
    case Kind::Measured:
      return 0.5 * (static_cast<double>(m_Samples.size()) + 1.0) * m_Step + 0.5; // ends at 0 a step beyond
    default:
      return 0.5 * m_Width + 0.5;
  }
}

double
ArSSRPointSpread::Evaluate(double distance) const
{
  if (this->IsPointSample() || m_Kind == Kind::Gaussian)
  {
    return ArSSRSliceProfile::Evaluate(distance, this->GetWidth());
  }
  if (m_Kind == Kind::Box)
  {
    // The overlap of voxel and slab: both are intervals, the voxel of length 1.
    return std::max(std::min(distance + 0.5, 0.5 * m_Width) - std::max(distance - 0.5, -0.5 * m_Width), 0.0);
  }
  if (m_Kind == Kind::Measured)
  {
    // Each sample is a triangle of half width m_Step; their sum is the profile of straight lines, integrated over the
    // voxel.
    const double middle = 0.5 * (static_cast<double>(m_Samples.size()) - 1.0);
    double       seen = 0.0;
    for (std::size_t i = 0; i < m_Samples.size(); ++i)
    {
      const double place = (static_cast<double>(i) - middle) * m_Step;
      seen += m_Samples[i] * (IntegrateTriangle((distance + 0.5 - place) / m_Step) -
                              IntegrateTriangle((distance - 0.5 - place) / m_Step));
    }
    return seen;
  }
  // The integral over the frequencies that both k-space and the HR voxels hold, in its flat and its falling part. A
  // width a little above 1 is rounding of sizes and headers: it is taken for 1, which leaves voxels as they are.
  const double width = m_Width > 1.0 && ArSSRSliceProfile::IsPointSample(m_Width) ? 1.0 : m_Width;
  // In cycles per HR voxel: the end of k-space, or the Nyquist frequency of the HR grid.
  const double largest = std::min(0.5 / width, 0.5);
  const double flat = std::min((1.0 - m_Taper) * 0.5 / width, largest);
  double       seen = 2.0 * IntegrateCosine(2.0 * Pi * distance, 0.0, 0.0, flat);
  if (flat < largest)
  {
    // The window's falling part is (1 + cos(slope f + phase)) / 2; its product with cos(2π f distance) splits into
    // cosines of the sum and of the difference.
    const double slope = 2.0 * Pi * width / m_Taper;
    const double phase = Pi * (m_Taper - 1.0) / m_Taper;
    seen += IntegrateCosine(2.0 * Pi * distance, 0.0, flat, largest) +
            0.5 * IntegrateCosine(slope + 2.0 * Pi * distance, phase, flat, largest) +
            0.5 * IntegrateCosine(slope - 2.0 * Pi * distance, phase, flat, largest);
  }
  return seen * GetEnd(std::abs(distance) / this->GetSupportRadius(), m_Taper);
}

ArSSRAxisWeights
ArSSRPointSpread::GetWeights(double centre, SizeValueType size) const
{
  this->VerifyResolved();
  if (m_Kind == Kind::Gaussian)
  {
    // The same bits as for a scan of which only the FWHM is given.
    return ArSSRSliceProfile::GetWeights(centre, m_Width, size);
  }
  if (!std::isfinite(centre))
  {
    itkGenericExceptionMacro("The centre of a point spread is " << centre << "; a finite centre is expected.");
  }
  const auto       seen = arssr::VoxelsWithin(-centre, 1.0, this->GetSupportRadius(), size);
  ArSSRAxisWeights row;
  double           largest = 0.0;
  row.first = seen.begin;
  for (IndexValueType voxel = seen.begin; voxel < seen.end; ++voxel)
  {
    row.weights.push_back(this->Evaluate(static_cast<double>(voxel) - centre));
    largest = std::max(largest, std::abs(row.weights.back()));
  }
  const auto matters = [largest](double weight) {
    return std::abs(weight) > NegligibleWeight * largest;
  };
  // From the end first: the iterator to the beginning is taken when nothing moves any more.
  row.weights.erase(std::find_if(row.weights.rbegin(), row.weights.rend(), matters).base(), row.weights.end());
  const auto begin = std::find_if(row.weights.begin(), row.weights.end(), matters);
  row.first += begin - row.weights.begin();
  row.weights.erase(row.weights.begin(), begin);

  double sum = 0.0;
  double magnitudes = 0.0;
  for (const double weight : row.weights)
  {
    sum += weight;
    magnitudes += std::abs(weight);
  }
  // No weights, or an LR voxel outside the image that sees it with side lobes: an empty row stands for "sees nothing".
  if (!(sum > SmallestSum * magnitudes))
  {
    return {};
  }
  for (double & weight : row.weights)
  {
    weight /= sum;
  }
  return row;
}

double
ArSSRPointSpread::GetModulation(double frequency) const
{
  this->VerifyResolved();
  switch (m_Kind)
  {
    case Kind::Box:
      return NormalizedSinc(m_Width * frequency);
    case Kind::Sinc:
      return GetWindow(2.0 * m_Width * std::abs(frequency), m_Taper);
    case Kind::Measured:
    {
      const double middle = 0.5 * (static_cast<double>(m_Samples.size()) - 1.0);
      double       wave = 0.0;
      for (std::size_t i = 0; i < m_Samples.size(); ++i)
      {
        wave += m_Samples[i] * std::cos(2.0 * Pi * frequency * (static_cast<double>(i) - middle) * m_Step);
      }
      // The transform of straight lines between samples is that of the samples times that of the triangle, sinc².
      const double triangle = NormalizedSinc(m_Step * frequency);
      return triangle * triangle * wave / std::accumulate(m_Samples.begin(), m_Samples.end(), 0.0);
    }
    default:
    {
      const double radians = 2.0 * Pi * ArSSRSliceProfile::GetSigma(m_Width) * frequency;
      return std::exp(-0.5 * radians * radians);
    }
  }
}

bool
ArSSRPointSpread::operator==(const ArSSRPointSpread & other) const
{
  return m_Kind == other.m_Kind && m_Width == other.m_Width && m_Taper == other.m_Taper &&
         m_Samples == other.m_Samples && m_Step == other.m_Step;
}
} // end namespace itk
