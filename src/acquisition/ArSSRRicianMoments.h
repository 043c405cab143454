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
#ifndef ArSSRRicianMoments_h
#define ArSSRRicianMoments_h

namespace itk::arssr
{
/** The factor from the standard deviation of a magnitude to that of either part of the complex signal, for a magnitude
 * whose mean is `ratio` times its standard deviation: 1 for large ratios, and 1.53 at 1.91, the smallest ratio, which
 * noise without a signal has. */
double
GetRicianFactor(double ratio);
} // namespace itk::arssr

#endif
