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
#include "samples/ArSSRSampleSource.h"

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRAcquisitionSampler.h"
#include "samples/ArSSROrientation.h"
#include "samples/ArSSRPatchSample.h"
#include "samples/ArSSRPatchSampler.h"
#include "samples/ArSSRSampleSettings.h"
#include "samples/ArSSRScanNoise.h"
#include "samples/ArSSRValidationSamples.h"
#include "samples/ArSSRVolumeStore.h"
#include "samples/ArSSRWorkingSets.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

namespace itk::arssr
{
namespace
{
/** Procedural and synthetic volumes may each take one in so many bytes of the memory. */
constexpr std::uint64_t GeneratedOneInBytes = 4;

std::vector<std::uint64_t>
GetBytes(const VolumeStore & store, std::size_t first, std::size_t count)
{
  std::vector<std::uint64_t> bytes;
  for (std::size_t image = first; image < first + count; ++image)
  {
    bytes.push_back(store.GetImage(image).GetBytes());
  }
  return bytes;
}

/** \brief Consecutive images of a store, of which those take turns that fit into a part of the memory together. */
class Collection
{
public:
  Collection(const VolumeStore & store,
             std::size_t         first,
             std::size_t         count,
             std::uint64_t       memoryBytes,
             std::uint64_t       seed,
             RandomStream        stream)
    : m_First(first)
    , m_Count(count)
    , m_Bytes(GetBytes(store, first, count))
    , m_MemoryBytes(memoryBytes)
    , m_Sets(m_Bytes, memoryBytes, seed, stream)
  {}

  bool
  IsEmpty() const
  {
    return m_Count == 0;
  }

  /** What it takes of the memory. */
  std::uint64_t
  GetMemoryBytes() const
  {
    return std::min(std::accumulate(m_Bytes.begin(), m_Bytes.end(), std::uint64_t{ 0 }), m_MemoryBytes);
  }

  /** The images that the sample with this number may come from. */
  std::vector<std::size_t>
  GetSet(std::uint64_t number) const
  {
    std::vector<std::size_t> images = m_Sets.GetSet(number);
    std::transform(images.begin(), images.end(), images.begin(), [this](std::size_t image) { return image + m_First; });
    return images;
  }

  std::vector<std::size_t>
  GetAll() const
  {
    std::vector<std::size_t> images(m_Count);
    std::iota(images.begin(), images.end(), m_First);
    return images;
  }

private:
  std::size_t                m_First;
  std::size_t                m_Count;
  std::vector<std::uint64_t> m_Bytes; // of all levels of each image: the store keeps or drops them together
  std::uint64_t              m_MemoryBytes;
  WorkingSets                m_Sets;
};
} // namespace

class SampleSource::Impl
{
public:
  // Generated volumes take at most a quarter of the memory each, so at least half is left for training images and the
  // difference cannot wrap around. The store's budget is the whole: working sets only keep consecutive samples within
  // it.
  Impl(const SampleSettings & settings, const ImageLists & images, std::uint64_t memoryBytes, WarnFunction warn)
    : m_Settings(settings)
    , m_Sampler(settings)
    , m_Acquisitions(settings)
    , m_Store(GatherImages(settings, images), memoryBytes, std::move(warn))
    , m_Validation(settings, m_Store, images.training.size(), images.validation.size())
    , m_Procedural(m_Store,
                   images.training.size() + images.validation.size(),
                   settings.proceduralVolumes,
                   memoryBytes / GeneratedOneInBytes,
                   settings.seed,
                   RandomStream::ProceduralWorkingSets)
    , m_Synthetic(m_Store,
                  images.training.size() + images.validation.size() + settings.proceduralVolumes,
                  images.labels.empty() ? 0 : settings.syntheticVolumes,
                  memoryBytes / GeneratedOneInBytes,
                  settings.seed,
                  RandomStream::SyntheticWorkingSets)
    , m_Training(m_Store,
                 0,
                 images.training.size(),
                 memoryBytes - m_Procedural.GetMemoryBytes() - m_Synthetic.GetMemoryBytes(),
                 settings.seed,
                 RandomStream::WorkingSets)
  {}

  TrainingSample
  Draw(std::uint64_t number) const;

  std::uint64_t
  GetStepsPerEpoch() const;

  const ValidationSamples &
  GetValidation() const
  {
    return m_Validation;
  }

private:
  const Collection &
  DrawCollection(Random & random) const;
  std::shared_ptr<const Volume>
  DrawVolume(Random & random, std::uint64_t number) const;
  std::shared_ptr<const Volume>
  DrawVolumeOf(Random & random, std::vector<std::size_t> images) const;
  void
  Augment(Random & random, SampleAcquisition acquisition, TrainingSample & sample) const;

  // The order matters to the constructor: m_Validation and the collections refer to m_Store, and m_Training gets the
  // memory that the two collections before it leave.
  SampleSettings     m_Settings;
  PatchSampler       m_Sampler;
  AcquisitionSampler m_Acquisitions;
  VolumeStore        m_Store;
  ValidationSamples  m_Validation;
  Collection         m_Procedural;
  Collection         m_Synthetic;
  Collection         m_Training;
};

TrainingSample
SampleSource::Impl::Draw(std::uint64_t number) const
{
  // The order of draws is part of the format: a draw that is added or moved changes every sample of every recipe, and a
  // resumed training no longer continues the one that was stopped. What came later, contrast and acquisition, has
  // streams of its own, so that recipes without them draw as before.
  Random        random(m_Settings.seed, RandomStream::Sample, number);
  const auto    volume = this->DrawVolume(random, number);
  const auto    scale = m_Sampler.DrawScale(random, volume->size);
  PatchGeometry patch;
  if (random.Chance(m_Settings.foregroundBias))
  {
    patch = m_Sampler.DrawPlaceWithForeground(random, *volume, scale);
  }
  else
  {
    patch = m_Sampler.DrawPlace(random, volume->size, scale);
  }

  std::optional<IntensityCurve> curve;
  if (m_Settings.gammaMax > 1.0)
  {
    // Uniform in the logarithm: powers g and 1 / g are equally likely.
    const double range = std::log(m_Settings.gammaMax);
    curve.emplace(std::exp(random.Uniform(-range, range)));
  }
  Random contrast(m_Settings.seed, RandomStream::Contrast, number);
  if (contrast.Chance(m_Settings.contrastProbability))
  {
    curve.emplace(IntensityCurve::Draw(contrast));
  }
  Random                  scan(m_Settings.seed, RandomStream::Acquisition, number);
  const SampleAcquisition acquisition = m_Acquisitions.Draw(scan, patch.scale);
  TrainingSample          sample = MakeSample(m_Settings,
                                     *volume,
                                     patch,
                                     acquisition.spreads,
                                     DrawVoxels(m_Settings, patch, volume->size, random),
                                     curve ? &*curve : nullptr);
  this->Augment(random, acquisition, sample);
  return sample;
}

/** Draws the collection that a sample comes from; empty collections have no share. */
const Collection &
SampleSource::Impl::DrawCollection(Random & random) const
{
  // No number is drawn where there is no choice, so that recipes without label maps keep their samples.
  const bool others = !m_Training.IsEmpty() || !m_Procedural.IsEmpty();
  if (!m_Synthetic.IsEmpty() && (!others || random.Chance(m_Settings.syntheticProbability)))
  {
    return m_Synthetic;
  }
  return m_Training.IsEmpty() || random.Chance(m_Settings.proceduralProbability) ? m_Procedural : m_Training;
}

std::shared_ptr<const Volume>
SampleSource::Impl::DrawVolume(Random & random, std::uint64_t number) const
{
  if (auto volume = this->DrawVolumeOf(random, this->DrawCollection(random).GetSet(number)))
  {
    return volume;
  }
  // Turns from generated volumes to training images. Where these were drawn before, the search is repeated without
  // reading: the store remembers which images are constant.
  if (auto volume = this->DrawVolumeOf(random, m_Training.GetSet(number)))
  {
    return volume;
  }
  // The set holds constant images alone. Images from outside it are read then, possibly again and again for as long as
  // the set is current.
  auto volume = this->DrawVolumeOf(random, m_Training.GetAll());
  if (!volume)
  {
    itkGenericExceptionMacro("There is nothing to train on: all voxels of each training image have the same intensity ("
                             << m_Training.GetAll().size() << " images). Give images with contrast.");
  }
  return volume;
}

/** Large images are seen more often, but a small one is not forgotten. Null when all images are constant. */
std::shared_ptr<const Volume>
SampleSource::Impl::DrawVolumeOf(Random & random, std::vector<std::size_t> images) const
{
  struct Candidate
  {
    std::size_t image;
    std::size_t level;
    double      weight;
  };
  while (!images.empty())
  {
    std::vector<Candidate> candidates;
    double                 sum = 0.0;
    for (const std::size_t image : images)
    {
      const StoredImage & stored = m_Store.GetImage(image);
      for (std::size_t level = 0; level < stored.levels.size(); ++level)
      {
        const GridIndex size = GetDegradedSize(stored.GetSize(), stored.levels[level]);
        double          weight = 1.0;
        // The square root of the number of voxels, between equal shares and shares by size.
        for (const std::int64_t length : size)
        {
          weight *= std::sqrt(static_cast<double>(length));
        }
        candidates.push_back({ image, level, weight });
        sum += weight;
      }
    }
    double      place = random.Uniform(0.0, sum);
    std::size_t chosen = 0;
    while (chosen + 1 < candidates.size() && place >= candidates[chosen].weight)
    {
      place -= candidates[chosen++].weight;
    }
    if (auto volume = m_Store.Get(candidates[chosen].image, candidates[chosen].level))
    {
      return volume;
    }
    // Constant: drop all its levels and draw again. Which images are constant follows from the images, so the sample is
    // still a function of settings, images and number.
    images.erase(std::find(images.begin(), images.end(), candidates[chosen].image));
  }
  return nullptr;
}

void
SampleSource::Impl::Augment(Random & random, SampleAcquisition acquisition, TrainingSample & sample) const
{
  const auto gain = static_cast<float>(random.Uniform(m_Settings.gainMin, m_Settings.gainMax));
  // The gain scales patch and truth alike. It comes before the noise, so the signal-to-noise ratio falls with it while
  // the noise's deviation stays within noise_max of the intensity window.
  const auto multiply = [gain](float value) {
    return gain * value;
  };
  std::transform(sample.values.begin(), sample.values.end(), sample.values.begin(), multiply);
  std::transform(sample.lowResolution.begin(), sample.lowResolution.end(), sample.lowResolution.begin(), multiply);

  const Orientation orientation = Orientation::Draw(m_Settings.flip, m_Settings.permute, random);
  orientation.Apply(sample);
  // The noise is drawn for the turned patch, so the spectra must turn with it.
  acquisition.spreads = orientation.Turn(acquisition.spreads);

  if (random.Chance(m_Settings.noiseProbability))
  {
    const double deviation = random.Uniform(0.0, m_Settings.noiseMax);
    AddScanNoise(sample.lowResolution, sample.patchSize, deviation, acquisition, random);
  }
}

std::uint64_t
SampleSource::Impl::GetStepsPerEpoch() const
{
  if (m_Settings.stepsPerEpoch > 0)
  {
    return m_Settings.stepsPerEpoch;
  }
  const Collection & counted = !m_Training.IsEmpty()     ? m_Training
                               : !m_Procedural.IsEmpty() ? m_Procedural
                                                         : m_Synthetic;
  const double       cropSize = static_cast<double>(m_Settings.patchSize) * m_Settings.scaleMax;
  std::uint64_t      crops = 0;
  for (const std::size_t image : counted.GetAll())
  {
    std::uint64_t ofImage = 1;
    for (const std::int64_t length : m_Store.GetImage(image).GetSize())
    {
      // Whole crops of the largest scale along each axis; an image smaller than one counts as one.
      ofImage *= std::max(static_cast<std::uint64_t>(static_cast<double>(length) / cropSize), std::uint64_t{ 1 });
    }
    crops += ofImage;
  }
  return std::max((crops + m_Settings.batch - 1) / m_Settings.batch, std::uint64_t{ 1 });
}

SampleSource::SampleSource(SampleSettings     settings,
                           const ImageLists & images,
                           std::uint64_t      memoryBytes,
                           WarnFunction       warn)
{
  if (!images.labels.empty() && settings.syntheticProbability <= 0.0)
  {
    itkGenericExceptionMacro("There are label maps ("
                             << images.labels.size()
                             << "), but the recipe's synthetic_volumes or synthetic_probability is 0, so that they "
                                "are not used. Set both above 0, or give no label maps.");
  }
  if (images.training.empty() && images.labels.empty() && settings.proceduralVolumes == 0)
  {
    itkGenericExceptionMacro("There is nothing to train on: no training image was given, and the recipe's "
                             "procedural_volumes is 0. Add images, or set procedural_volumes.");
  }
  if (!(images.training.empty() && images.labels.empty()) && settings.proceduralProbability <= 0.0)
  {
    // They are never drawn, and would yet be checked for their size and take a share of the memory.
    settings.proceduralVolumes = 0;
  }
  m_Impl = std::make_unique<Impl>(settings, images, memoryBytes, std::move(warn));
}

SampleSource::~SampleSource() = default;

TrainingSample
SampleSource::Draw(std::uint64_t number) const
{
  return m_Impl->Draw(number);
}

std::uint64_t
SampleSource::GetStepsPerEpoch() const
{
  return m_Impl->GetStepsPerEpoch();
}

std::size_t
SampleSource::GetNumberOfValidationSamples() const
{
  return m_Impl->GetValidation().GetSize();
}

TrainingSample
SampleSource::DrawValidation(std::size_t index) const
{
  return m_Impl->GetValidation().Get(index);
}
} // namespace itk::arssr
