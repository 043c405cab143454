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
#ifndef ArSSRPatchSampler_h
#define ArSSRPatchSampler_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRSampleSettings.h"

namespace itk::arssr
{
/** \brief Draws scales and places of patches.
 *
 * With the slice profile a patch may begin anywhere within an HR voxel, as a scan's LR voxels do. Along an axis of
 * scale 1, where LR voxels are HR voxels, and with the cubic degradation, which takes whole HR voxels, patches begin at
 * the face of a voxel. A scale whose patch does not fit into the volume is reduced to what fits.
 */
class PatchSampler
{
public:
  explicit PatchSampler(const SampleSettings & settings)
    : m_Settings(settings)
  {}

  /** HR voxels along each axis that the smallest patch takes. */
  std::int64_t
  GetSmallestSize() const;

  bool
  Fits(const GridIndex & volumeSize) const;

  /** A scale of the recipe, of each axis. */
  GridLengths
  DrawScale(Random & random, const GridIndex & volumeSize) const;

  /** A patch of that scale, or of a smaller one that fits, anywhere in the volume. */
  PatchGeometry
  DrawPlace(Random & random, const GridIndex & volumeSize, const GridLengths & scale) const;

  /** The first of up to NumberOfAttempts random places with RequiredForeground; if there is none, the one with most. */
  PatchGeometry
  DrawPlaceWithForeground(Random & random, const Volume & volume, const GridLengths & scale) const;

  /** Share of the HR voxels in the patch's field of view that are brighter than the threshold. */
  double
  GetForegroundShare(const Volume & volume, const PatchGeometry & patch) const;

  static constexpr double RequiredForeground = 0.25;
  static constexpr int    NumberOfAttempts = 16;

private:
  double
  DrawIsotropicScale(Random & random, double largest) const;
  double
  RoundScale(double scale) const;

  SampleSettings m_Settings;
};
} // namespace itk::arssr

#endif
