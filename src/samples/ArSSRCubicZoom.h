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
#ifndef ArSSRCubicZoom_h
#define ArSSRCubicZoom_h

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** Weights [to, from] by which `from` samples of an axis give `to` of the same field of view: a cubic B-spline through
 * the samples, mirrored at the first and last of them, read at the new samples' centres. No low-pass filter is applied:
 * what is too fine for the new samples is aliased.
 *
 * As `scipy.ndimage.zoom` of order 3 with `grid_mode=True, mode="mirror"`, and as BSplineInterpolateImageFunction. The
 * spline's coefficients are those of Unser, Aldroubi, Eden, IEEE TSP 1993, https://doi.org/10.1109/78.193221. */
std::vector<double>
GetCubicZoomWeights(std::int64_t from, std::int64_t to);
} // namespace itk::arssr

#endif
