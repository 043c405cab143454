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
#ifndef ArSSRVolumeStore_h
#define ArSSRVolumeStore_h

#include "samples/ArSSRVolume.h"
#include "itkArSSRPointSpread.h"
#include "itkArSSRTrainingImage.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief An image, and the multiples of its spacing that it is used at. */
struct StoredImage
{
  ArSSRTrainingImage  image;
  std::vector<double> levels{ 1.0 }; /**< 1: the image as it is */

  /** Of the other levels, in their spacings. */
  ArSSRPointSpread levelSpread{ ArSSRPointSpread::Gaussian(1.0) };

  GridIndex
  GetSize() const;

  /** What the voxels of all levels take in memory. */
  std::uint64_t
  GetBytes() const;
};

/** \brief Reads images when they are needed, and keeps as many as memory allows.
 *
 * An image is kept with all its levels, or not at all; the least recently used one is dropped first. One image is
 * always held. Thread-safe: one image is read at a time; those in memory can be fetched meanwhile.
 */
class VolumeStore
{
public:
  /** `warn` is called once for each constant image, from the thread that reads it. */
  VolumeStore(std::vector<StoredImage>                 images,
              std::uint64_t                            memoryBytes,
              std::function<void(const std::string &)> warn);

  /** The image at one of its levels; null when all its voxels are the same, as there is nothing to learn from them.
   * \throws ExceptionObject when a voxel is NaN or infinite. */
  std::shared_ptr<const Volume>
  Get(std::size_t image, std::size_t level) const;

  const StoredImage &
  GetImage(std::size_t image) const
  {
    return m_Images[image];
  }

  std::size_t
  GetNumberOfImages() const
  {
    return m_Images.size();
  }

private:
  struct Entry
  {
    std::shared_ptr<const std::vector<Volume>> levels; // null when not in memory
    bool                                       constant{ false };
    std::list<std::size_t>::iterator           use; // valid while in memory
  };

  bool
  Find(std::size_t image, std::shared_ptr<const std::vector<Volume>> & levels) const;
  void
  MakeRoom(std::uint64_t bytes) const;

  std::vector<StoredImage>                 m_Images;
  std::uint64_t                            m_MemoryBytes;
  std::function<void(const std::string &)> m_Warn;
  mutable std::mutex                       m_ReadMutex; // held while an image is read; locked before the other
  mutable std::mutex                       m_Mutex;     // guards what follows
  mutable std::vector<Entry>               m_Entries;
  mutable std::list<std::size_t>           m_Uses; // images in memory, the latest used first
  mutable std::uint64_t                    m_Bytes{ 0 };
};
} // namespace itk::arssr

#endif
