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
/** By what the standard deviation of a magnitude is multiplied to get that of the parts of the complex signal, where
 * the magnitude's mean is `ratio` of its standard deviations: 1 for large ones, and 1.53 at 1.91, the smallest that
 * there is, without a signal. */
double
GetRicianFactor(double ratio);
} // namespace itk::arssr

#endif
