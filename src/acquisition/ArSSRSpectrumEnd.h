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
#ifndef ArSSRSpectrumEnd_h
#define ArSSRSpectrumEnd_h

#include <vector>

namespace itk::arssr
{
/** \brief Where a power spectrum ends before the grid's Nyquist frequency. */
struct SpectrumEnd
{
  double drop{ 0.0 };     // dB by which power falls there, beyond the slopes on both sides
  double position{ 1.0 }; // of half the power, as a share of the Nyquist frequency
};

/** Bins on each side of an end over which Hann's window smears it: half the width of its main lobe. */
constexpr int HannSmear = 2;

/** The steepest end of a power spectrum from frequency 0 to the Nyquist frequency, [frequency], of data under Hann's
 * window; it lies above a quarter of that frequency. \param power 13 bins or more. */
SpectrumEnd
FindSpectrumEnd(const std::vector<double> & power);
} // namespace itk::arssr

#endif
