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
#include "samples/ArSSRVolumeStore.h"

#include "samples/ArSSRDegradation.h"
#include "itkArSSRTrainingIntensities.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace itk::arssr
{
namespace
{
std::uint64_t
CountVoxels(const GridIndex & size)
{
  return static_cast<std::uint64_t>(size[0]) * static_cast<std::uint64_t>(size[1]) *
         static_cast<std::uint64_t>(size[2]);
}

void
VerifyFinite(const Volume & volume, const std::string & name)
{
  const auto found =
    std::find_if(volume.voxels.begin(), volume.voxels.end(), [](float value) { return !std::isfinite(value); });
  if (found != volume.voxels.end())
  {
    const auto offset = static_cast<std::int64_t>(found - volume.voxels.begin());
    itkGenericExceptionMacro("The image '" << name << "' is " << *found << " at voxel (" << offset % volume.size[2]
                                           << ", " << offset / volume.size[2] % volume.size[1] << ", "
                                           << offset / volume.size[2] / volume.size[1]
                                           << "), counted from 0 along x, y and z; finite intensities are expected. "
                                              "Replace such voxels, for example by 0, or leave the image out.");
  }
}

/** Null when the image is constant. */
std::shared_ptr<const std::vector<Volume>>
Read(const StoredImage & stored)
{
  Volume volume;
  volume.size = stored.GetSize();
  volume.voxels.resize(static_cast<std::size_t>(CountVoxels(volume.size)));
  stored.image.read(volume.voxels.data());
  // Before scaling: one NaN or infinity would spoil the window, and with it all voxels.
  VerifyFinite(volume, stored.image.name);
  if (!ArSSRTrainingIntensities::ScaleVoxels(volume.voxels.data(), volume.voxels.size()))
  {
    return nullptr;
  }
  // Intensities are scaled once, before levels are made, so that all levels share one window.
  auto levels = std::make_shared<std::vector<Volume>>();
  for (const double level : stored.levels)
  {
    levels->push_back(level > 1.0 ? DegradeVolume(volume, level, stored.levelSpread) : Volume{});
  }
  const auto own = std::find(stored.levels.begin(), stored.levels.end(), 1.0);
  // Last, as the other levels are made of it; moved, as a copy would double the memory.
  if (own != stored.levels.end())
  {
    (*levels)[static_cast<std::size_t>(own - stored.levels.begin())] = std::move(volume);
  }
  return levels;
}
} // namespace

GridIndex
StoredImage::GetSize() const
{
  // From ITK's order x, y, z.
  return { { static_cast<std::int64_t>(image.size[2]),
             static_cast<std::int64_t>(image.size[1]),
             static_cast<std::int64_t>(image.size[0]) } };
}

std::uint64_t
StoredImage::GetBytes() const
{
  std::uint64_t voxels = 0;
  for (const double level : levels)
  {
    voxels += CountVoxels(GetDegradedSize(this->GetSize(), level));
  }
  return voxels * sizeof(float);
}

VolumeStore::VolumeStore(std::vector<StoredImage>                 images,
                         std::uint64_t                            memoryBytes,
                         std::function<void(const std::string &)> warn)
  : m_Images(std::move(images))
  , m_MemoryBytes(memoryBytes)
  , m_Warn(std::move(warn))
  , m_Entries(m_Images.size())
{}

std::shared_ptr<const Volume>
VolumeStore::Get(std::size_t image, std::size_t level) const
{
  // What is in memory is found under m_Mutex alone. Reading takes long and holds only m_ReadMutex, so that threads
  // whose images are in memory go on. m_ReadMutex is always locked first; the other order could deadlock.
  std::shared_ptr<const std::vector<Volume>> levels;
  if (!this->Find(image, levels))
  {
    const std::lock_guard<std::mutex> reading(m_ReadMutex);
    if (!this->Find(image, levels)) // another thread may have read it meanwhile
    {
      const std::uint64_t bytes = m_Images[image].GetBytes();
      // Before reading, so that the budget holds while the image comes in. A dropped image stays alive for as long as a
      // thread draws from it: at most one per thread is beyond the budget.
      this->MakeRoom(bytes);
      levels = Read(m_Images[image]);

      std::unique_lock<std::mutex> lock(m_Mutex);
      Entry &                      entry = m_Entries[image];
      entry.levels = levels;
      entry.constant = !levels;
      if (levels)
      {
        m_Uses.push_front(image);
        entry.use = m_Uses.begin();
        m_Bytes += bytes;
      }
      lock.unlock();
      // Outside m_Mutex, as a caller's function may take its time; inside m_ReadMutex, so that no two threads warn at
      // once.
      if (!levels && m_Warn)
      {
        m_Warn("The image '" + m_Images[image].image.name + "' is left out: all its voxels have the same intensity.");
      }
    }
  }
  // An aliasing pointer to one level keeps all levels of the image alive.
  return levels ? std::shared_ptr<const Volume>(levels, &(*levels)[level]) : nullptr;
}

/** Whether the result of Get() is known without reading: the image is in memory, or constant. */
bool
VolumeStore::Find(std::size_t image, std::shared_ptr<const std::vector<Volume>> & levels) const
{
  const std::lock_guard<std::mutex> lock(m_Mutex);
  const Entry &                     entry = m_Entries[image];
  if (entry.levels)
  {
    // To the front of the list without allocating; the iterator in the entry stays valid.
    m_Uses.splice(m_Uses.begin(), m_Uses, entry.use);
    levels = entry.levels;
  }
  return entry.levels || entry.constant;
}

/** Drops images until `bytes` more are within the budget. */
void
VolumeStore::MakeRoom(std::uint64_t bytes) const
{
  const std::lock_guard<std::mutex> lock(m_Mutex);
  while (!m_Uses.empty() && m_Bytes + bytes > m_MemoryBytes)
  {
    const std::size_t oldest = m_Uses.back();
    m_Bytes -= m_Images[oldest].GetBytes();
    m_Entries[oldest].levels.reset();
    m_Uses.pop_back();
  }
}
} // namespace itk::arssr
