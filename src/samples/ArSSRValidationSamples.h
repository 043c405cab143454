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
#ifndef ArSSRValidationSamples_h
#define ArSSRValidationSamples_h

#include "samples/ArSSRDegradation.h"
#include "samples/ArSSRSampleSettings.h"
#include "samples/ArSSRTrainingSample.h"
#include "samples/ArSSRVolumeStore.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace itk::arssr
{
/** \brief Samples that a model is validated on, the same every time.
 *
 * Each image is read once, when the first sample of any is asked for; what is kept of it are LR patches and HR
 * intensities. Thread-safe.
 */
class ValidationSamples
{
public:
  /** Of `count` images of the store, from `firstImage` on; the store must outlive this object. */
  ValidationSamples(const SampleSettings & settings,
                    const VolumeStore &    store,
                    std::size_t            firstImage,
                    std::size_t            count)
    : m_Settings(settings)
    , m_Store(store)
    , m_FirstImage(firstImage)
    , m_NumberOfImages(count)
  {}

  std::size_t
  GetSize() const
  {
    return this->GetRecords().size();
  }

  /** \throws ExceptionObject when there is no such sample. */
  TrainingSample
  Get(std::size_t index) const;

private:
  /** A sample but for its points, which take most of its memory and can be drawn again. */
  struct Record
  {
    PatchGeometry      patch;
    GridIndex          volumeSize{};
    std::uint64_t      number{ 0 };
    std::vector<float> lowResolution;
    std::vector<float> values;
  };

  const std::vector<Record> &
  GetRecords() const;
  void
  AddRecords(std::size_t image, std::vector<Record> & records) const;
  std::vector<GridIndex>
  DrawVoxelsOf(const Record & record) const;

  SampleSettings      m_Settings;
  const VolumeStore & m_Store;
  std::size_t         m_FirstImage;
  std::size_t         m_NumberOfImages;

  mutable std::mutex          m_Mutex; // guards what follows
  mutable bool                m_Prepared{ false };
  mutable std::vector<Record> m_Records; // does not change once prepared
};
} // namespace itk::arssr

#endif
