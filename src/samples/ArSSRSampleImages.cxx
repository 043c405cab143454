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
#include "samples/ArSSRSampleImages.h"

#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRPatchSampler.h"
#include "samples/ArSSRProceduralVolume.h"
#include "samples/ArSSRSyntheticVolume.h"
#include "itkMacro.h"

#include <cstddef>
#include <string>
#include <utility>

namespace itk::arssr
{
namespace
{
void
VerifyFits(const SampleSettings & settings, const StoredImage & stored, const char * remedy)
{
  const PatchSampler sampler(settings);
  if (!sampler.Fits(stored.GetSize()))
  {
    itkGenericExceptionMacro("The image '" << stored.image.name << "' has " << stored.image.size[0] << " x "
                                           << stored.image.size[1] << " x " << stored.image.size[2]
                                           << " voxels; a patch of " << settings.patchSize
                                           << " LR voxels at the smallest scale, " << settings.scaleMin << ", needs "
                                           << sampler.GetSmallestSize() << " along each axis. " << remedy);
  }
}

/** The levels at which the image is large enough for a patch. */
std::vector<double>
GetLevelsThatFit(const SampleSettings & settings, const GridIndex & size)
{
  std::vector<double> levels;
  for (const double level : settings.resolutionLevels)
  {
    const GridIndex degraded = GetDegradedSize(size, level);
    // Level 1 always fits, as VerifyFits() has checked. A multiple so small that the rounded size stays the same would
    // only add a blurred copy.
    if (level <= 1.0 || (degraded != size && PatchSampler(settings).Fits(degraded)))
    {
      levels.push_back(level);
    }
  }
  return levels;
}

std::vector<StoredImage>
GetProceduralVolumes(const SampleSettings & settings)
{
  std::vector<StoredImage> volumes(settings.proceduralVolumes);
  for (std::size_t number = 0; number < volumes.size(); ++number)
  {
    ArSSRTrainingImage & image = volumes[number].image;
    image.name = "procedural volume " + std::to_string(number);
    image.size.Fill(static_cast<SizeValueType>(settings.proceduralSize));
    // A volume is made again each time it comes back into memory: it follows from seed and number, so nothing is kept.
    // Values are captured, as the settings may be gone by then.
    image.read = [seed = settings.seed, number, size = settings.proceduralSize](float * voxels) {
      MakeProceduralVolume(seed, number, size, voxels);
    };
  }
  return volumes;
}

/** Label maps take turns. */
std::vector<StoredImage>
GetSyntheticVolumes(const SampleSettings & settings, const std::vector<ArSSRTrainingImage> & labels)
{
  std::vector<StoredImage> volumes(labels.empty() ? 0 : settings.syntheticVolumes);
  for (std::size_t number = 0; number < volumes.size(); ++number)
  {
    const ArSSRTrainingImage & source = labels[number % labels.size()];
    ArSSRTrainingImage &       image = volumes[number].image;
    const GridIndex            size = GetSyntheticSize(ToGridIndex(source.size), settings.syntheticSize);
    image.name = "synthetic volume " + std::to_string(number) + " of " + source.name;
    image.size = ToSize(size);
    image.read = [source, seed = settings.seed, number, side = settings.syntheticSize](float * voxels) {
      // The whole map is in memory while its volume is made, beyond what the store accounts for; the store makes one
      // volume at a time, so it is one map at most.
      Volume map;
      map.size = ToGridIndex(source.size);
      map.voxels.resize(static_cast<std::size_t>(GetNumberOfVoxels(map.size)));
      source.read(map.voxels.data());
      MakeSyntheticVolume(seed, number, map, source.name, side, voxels);
    };
  }
  return volumes;
}
} // namespace

std::vector<StoredImage>
GatherImages(const SampleSettings & settings, const ImageLists & images)
{
  constexpr const char * remedy = "Leave the image out, or set a smaller patch_size or scale_min.";

  // The order is that of SampleSource's collections, which know their images by position. Validation images have no
  // other levels: a model is measured on images as they are.
  std::vector<StoredImage> stored;
  for (const ArSSRTrainingImage & image : images.training)
  {
    stored.push_back({ image });
    VerifyFits(settings, stored.back(), remedy);
    stored.back().levels = GetLevelsThatFit(settings, stored.back().GetSize());
    stored.back().levelSpread = settings.resolutionSpread;
  }
  for (const ArSSRTrainingImage & image : images.validation)
  {
    stored.push_back({ image });
    VerifyFits(settings, stored.back(), remedy);
  }
  for (StoredImage & volume : GetProceduralVolumes(settings))
  {
    stored.push_back(std::move(volume));
    VerifyFits(settings, stored.back(), "Set a larger procedural_size, or procedural_volumes to 0.");
  }
  for (StoredImage & volume : GetSyntheticVolumes(settings, images.labels))
  {
    stored.push_back(std::move(volume));
    VerifyFits(settings, stored.back(), "Leave the label map out, or set a larger synthetic_size.");
  }
  return stored;
}
} // namespace itk::arssr
