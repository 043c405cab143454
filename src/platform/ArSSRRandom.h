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
#ifndef ArSSRRandom_h
#define ArSSRRandom_h

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace itk::arssr
{
/** Purposes of random numbers; each has numbers of its own. The values enter the numbers: add new ones at the end
 * only, or the same seed gives other samples. */
enum class RandomStream : std::uint64_t
{
  Sample = 1,
  ValidationPlace,
  ValidationPoints,
  WorkingSets,
  ProceduralWorkingSets,
  ProceduralVolume,
  Contrast,
  Acquisition,
  ValidationAcquisition,
  SyntheticWorkingSets,
  SyntheticVolume,
  ScanNoise
};

/** \brief Random numbers that are a function of a seed, a stream, a number and how many were taken before.
 *
 * A generator costs nothing to make, so that each thing that is drawn has a generator of its own and does not depend on
 * what was drawn elsewhere, nor on the order of threads. Integers and uniform numbers are the same bits on all
 * platforms; Normal() depends on the C library's logarithm and cosine.
 *
 * The n-th output is a mix of key + n golden gammas (SplitMix64: Steele, Lea, Flood, OOPSLA 2014,
 * https://doi.org/10.1145/2660193.2660195).
 */
class Random
{
public:
  // Mixed after each part, so that neighbouring seeds, streams and numbers have unrelated states.
  Random(std::uint64_t seed, RandomStream stream, std::uint64_t number)
    : m_State(Mix(Mix(Mix(seed + Gamma) + Gamma * (static_cast<std::uint64_t>(stream) + 1)) + Gamma * (number + 1)))
  {}

  std::uint64_t
  Bits()
  {
    m_State += Gamma;
    return Mix(m_State);
  }

  /** In [0, 1), a multiple of 2^-53. */
  double
  Uniform()
  {
    return static_cast<double>(this->Bits() >> 11) * (1.0 / 9007199254740992.0);
  }

  double
  Uniform(double low, double high)
  {
    return low + (high - low) * this->Uniform();
  }

  /** 0 … count - 1, for counts from 1 to 2^53. */
  std::uint64_t
  Below(std::uint64_t count)
  {
    return static_cast<std::uint64_t>(this->Uniform() * static_cast<double>(count));
  }

  /** True with a probability. */
  bool
  Chance(double probability)
  {
    return this->Uniform() < probability;
  }

  /** Standard normal distribution (Box-Muller). */
  double
  Normal()
  {
    // 1 - u is in (0, 1], where the logarithm is finite. The second number of the pair, by the sine, is dropped: each
    // call then takes two uniform numbers, and the state is all there is to a generator.
    constexpr double twoPi = 6.283185307179586476925;
    const double     radius = std::sqrt(-2.0 * std::log(1.0 - this->Uniform()));
    return radius * std::cos(twoPi * this->Uniform());
  }

  /** The numbers 0 … count - 1 in random order. */
  std::vector<std::size_t>
  Permutation(std::size_t count)
  {
    // Fisher-Yates: the last of those left changes places with one of them, itself included.
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{ 0 });
    for (std::size_t left = count; left > 1; --left)
    {
      std::swap(order[left - 1], order[static_cast<std::size_t>(this->Below(left))]);
    }
    return order;
  }

private:
  // 2^64 divided by the golden ratio, odd: the state runs through all 2^64 values before one recurs.
  static constexpr std::uint64_t Gamma = 0x9E3779B97F4A7C15U;

  // SplitMix64's variant of MurmurHash3's finaliser (Stafford's Mix13): a bijection, so that outputs differ as states
  // do.
  static std::uint64_t
  Mix(std::uint64_t bits)
  {
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBU;
    return bits ^ (bits >> 31);
  }

  std::uint64_t m_State;
};
} // namespace itk::arssr

#endif
