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
#include "ArSSRSampleSource.h"

#include "ArSSROrientation.h"
#include "ArSSRPatchSample.h"
#include "ArSSRPatchSampler.h"
#include "ArSSRRandom.h"
#include "ArSSRSampleImages.h"
#include "ArSSRSampleSettings.h"
#include "ArSSRValidationSamples.h"
#include "ArSSRVolumeStore.h"
#include "ArSSRWorkingSets.h"
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
/** Procedural volumes may take one in so many bytes of the memory, if they need it. */
constexpr std::uint64_t ProceduralOneInBytes = 4;

using Images = std::vector<ArSSRTrainingImage>;

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
} // namespace

class SampleSource::Impl
{
public:
  Impl(const SampleSettings & settings,
       Images                 training,
       Images                 validation,
       std::uint64_t          memoryBytes,
       WarnFunction           warn)
    : m_Settings(settings)
    , m_Sampler(settings)
    , m_NumberOfTrainingImages(training.size())
    , m_FirstProcedural(training.size() + validation.size())
    , m_Store(GatherImages(settings, std::move(training), std::move(validation)), memoryBytes, std::move(warn))
    , m_Validation(settings, m_Store, m_NumberOfTrainingImages, m_FirstProcedural - m_NumberOfTrainingImages)
    , m_ProceduralBytes(GetProceduralBytes(memoryBytes))
    , m_TrainingSets(GetBytes(m_Store, 0, m_NumberOfTrainingImages),
                     memoryBytes - m_ProceduralBytes,
                     settings.seed,
                     RandomStream::WorkingSets)
    , m_ProceduralSets(GetBytes(m_Store, m_FirstProcedural, settings.proceduralVolumes),
                       m_ProceduralBytes,
                       settings.seed,
                       RandomStream::ProceduralWorkingSets)
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
  std::uint64_t
  GetProceduralBytes(std::uint64_t memoryBytes) const
  {
    const auto bytes = GetBytes(m_Store, m_FirstProcedural, m_Settings.proceduralVolumes);
    return std::min(std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{ 0 }),
                    memoryBytes / ProceduralOneInBytes);
  }

  std::shared_ptr<const Volume>
  DrawVolume(Random & random, std::uint64_t number) const;
  std::shared_ptr<const Volume>
  DrawVolumeOf(Random & random, std::vector<std::size_t> images) const;
  void
  Augment(Random & random, TrainingSample & sample) const;

  SampleSettings    m_Settings;
  PatchSampler      m_Sampler;
  std::size_t       m_NumberOfTrainingImages;
  std::size_t       m_FirstProcedural;
  VolumeStore       m_Store;
  ValidationSamples m_Validation;
  std::uint64_t     m_ProceduralBytes;
  WorkingSets       m_TrainingSets;
  WorkingSets       m_ProceduralSets;
};

TrainingSample
SampleSource::Impl::Draw(std::uint64_t number) const
{
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
    const double range = std::log(m_Settings.gammaMax);
    curve.emplace(std::exp(random.Uniform(-range, range)));
  }
  Random contrast(m_Settings.seed, RandomStream::Contrast, number);
  if (contrast.Chance(m_Settings.contrastProbability))
  {
    curve.emplace(IntensityCurve::Draw(contrast));
  }
  TrainingSample sample = MakeSample(
    m_Settings, *volume, patch, DrawVoxels(m_Settings, patch, volume->size, random), curve ? &*curve : nullptr);
  this->Augment(random, sample);
  return sample;
}

std::shared_ptr<const Volume>
SampleSource::Impl::DrawVolume(Random & random, std::uint64_t number) const
{
  if (m_NumberOfTrainingImages == 0 || random.Chance(m_Settings.proceduralProbability))
  {
    std::vector<std::size_t> images = m_ProceduralSets.GetSet(number);
    for (std::size_t & image : images)
    {
      image += m_FirstProcedural;
    }
    if (auto volume = this->DrawVolumeOf(random, std::move(images)))
    {
      return volume;
    }
  }
  if (auto volume = this->DrawVolumeOf(random, m_TrainingSets.GetSet(number)))
  {
    return volume;
  }
  // Nothing but constant images in the set.
  std::vector<std::size_t> all(m_NumberOfTrainingImages);
  std::iota(all.begin(), all.end(), std::size_t{ 0 });
  auto volume = this->DrawVolumeOf(random, std::move(all));
  if (!volume)
  {
    itkGenericExceptionMacro("There is nothing to train on: all voxels of each training image have the same intensity ("
                             << m_NumberOfTrainingImages << " images). Give images with contrast.");
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
    images.erase(std::find(images.begin(), images.end(), candidates[chosen].image));
  }
  return nullptr;
}

void
SampleSource::Impl::Augment(Random & random, TrainingSample & sample) const
{
  const auto gain = static_cast<float>(random.Uniform(m_Settings.gainMin, m_Settings.gainMax));
  const auto multiply = [gain](float value) {
    return gain * value;
  };
  std::transform(sample.values.begin(), sample.values.end(), sample.values.begin(), multiply);
  std::transform(sample.lowResolution.begin(), sample.lowResolution.end(), sample.lowResolution.begin(), multiply);

  Orientation::Draw(m_Settings.flip, m_Settings.permute, random).Apply(sample);

  if (random.Chance(m_Settings.noiseProbability))
  {
    const double deviation = random.Uniform(0.0, m_Settings.noiseMax);
    for (float & voxel : sample.lowResolution)
    {
      voxel += static_cast<float>(deviation * random.Normal());
    }
  }
}

std::uint64_t
SampleSource::Impl::GetStepsPerEpoch() const
{
  if (m_Settings.stepsPerEpoch > 0)
  {
    return m_Settings.stepsPerEpoch;
  }
  const double  cropSize = static_cast<double>(m_Settings.patchSize) * m_Settings.scaleMax;
  std::uint64_t crops = 0;
  for (std::size_t image = 0; image < m_Store.GetNumberOfImages(); ++image)
  {
    if (image < m_NumberOfTrainingImages || (m_NumberOfTrainingImages == 0 && image >= m_FirstProcedural))
    {
      std::uint64_t ofImage = 1;
      for (const std::int64_t length : m_Store.GetImage(image).GetSize())
      {
        ofImage *= std::max(static_cast<std::uint64_t>(static_cast<double>(length) / cropSize), std::uint64_t{ 1 });
      }
      crops += ofImage;
    }
  }
  return std::max((crops + m_Settings.batch - 1) / m_Settings.batch, std::uint64_t{ 1 });
}

SampleSource::SampleSource(const ArSSRTrainingRecipe &     recipe,
                           std::vector<ArSSRTrainingImage> training,
                           std::vector<ArSSRTrainingImage> validation,
                           std::uint64_t                   memoryBytes,
                           WarnFunction                    warn)
{
  SampleSettings settings(recipe);
  if (training.empty() && settings.proceduralVolumes == 0)
  {
    itkGenericExceptionMacro("There is nothing to train on: no training image was given, and the recipe's "
                             "procedural_volumes is 0. Add images, or set procedural_volumes.");
  }
  if (!training.empty() && settings.proceduralProbability <= 0.0)
  {
    settings.proceduralVolumes = 0;
  }
  m_Impl = std::make_unique<Impl>(settings, std::move(training), std::move(validation), memoryBytes, std::move(warn));
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
