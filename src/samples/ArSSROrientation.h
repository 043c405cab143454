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
#ifndef ArSSROrientation_h
#define ArSSROrientation_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRTrainingSample.h"

#include <array>

namespace itk::arssr
{
/** \brief One of the 48 ways in which a cube can be turned and mirrored onto itself. */
struct Orientation
{
  std::array<bool, 3>        flip{ { false, false, false } }; /**< axes (z, y, x) that are reversed first */
  std::array<std::size_t, 3> axes{ { 0, 1, 2 } };             /**< old axes that become z, y and x */

  /** Draws one of those that the switches allow, all equally likely. */
  static Orientation
  Draw(bool flip, bool permute, Random & random);

  /** Turns patch, points and voxel size as if the image had been turned; each value stays with its point. */
  void
  Apply(TrainingSample & sample) const;

  /** Values of the three axes, in the axes' new order; flips do not matter to them. */
  template <typename T>
  std::array<T, 3>
  Turn(const std::array<T, 3> & old) const
  {
    return { { old[axes[0]], old[axes[1]], old[axes[2]] } };
  }
};
} // namespace itk::arssr

#endif
