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
#include "samples/ArSSRValidationSamples.h"

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRAcquisitionSampler.h"
#include "samples/ArSSRPatchSample.h"
#include "samples/ArSSRPatchSampler.h"
#include "samples/ArSSRScanNoise.h"
#include "itkMacro.h"

#include <memory>
#include <utility>

namespace itk::arssr
{
TrainingSample
ValidationSamples::Get(std::size_t index) const
{
  const std::vector<Record> & records = this->GetRecords();
  if (index >= records.size())
  {
    itkGenericExceptionMacro("Validation sample " << index << " was requested; there are " << records.size()
                                                  << ", counted from 0.");
  }
  const Record & record = records[index];
  TrainingSample sample;
  sample.patchSize = record.patch.size;
  sample.lowResolution = record.lowResolution;
  // The record's own stream gives the same voxels as when its values were read.
  sample.points = GetPoints(record.patch, this->DrawVoxelsOf(record));
  sample.values = record.values;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    sample.voxelSize[axis] = 1.0 / record.patch.scale[axis];
  }
  return sample;
}

const std::vector<ValidationSamples::Record> &
ValidationSamples::GetRecords() const
{
  // The first caller reads all images; others wait for it. After an exception nothing is kept, and the next call
  // tries again. The reference stays valid without the lock, as records do not change once they are there.
  const std::lock_guard<std::mutex> lock(m_Mutex);
  if (!m_Prepared)
  {
    std::vector<Record> records;
    for (std::size_t image = 0; image < m_NumberOfImages; ++image)
    {
      this->AddRecords(image, records);
    }
    m_Records = std::move(records);
    m_Prepared = true;
  }
  return m_Records;
}

void
ValidationSamples::AddRecords(std::size_t image, std::vector<Record> & records) const
{
  const std::shared_ptr<const Volume> volume = m_Store.Get(m_FirstImage + image, 0);
  // A constant image has no samples. The numbers of the others count it, so that theirs stay as they are.
  if (!volume)
  {
    return;
  }
  const PatchSampler sampler(m_Settings);
  for (std::size_t scale = 0; scale < m_Settings.validationScales.size(); ++scale)
  {
    for (std::size_t i = 0; i < m_Settings.validationSamples; ++i)
    {
      Record record;
      record.number = (image * m_Settings.validationScales.size() + scale) * m_Settings.validationSamples + i;
      record.volumeSize = volume->size;
      Random       random(m_Settings.seed, RandomStream::ValidationPlace, record.number);
      const auto & along = m_Settings.validationScales[scale];
      record.patch = sampler.DrawPlaceWithForeground(random, *volume, { { along[2], along[1], along[0] } });
      // Places, points and acquisitions have streams of their own: a recipe with other noise or spreads is validated at
      // the same places.
      Random                  scan(m_Settings.seed, RandomStream::ValidationAcquisition, record.number);
      const SampleAcquisition acquisition = AcquisitionSampler(m_Settings).Draw(scan, record.patch.scale);
      TrainingSample          sample =
        MakeSample(m_Settings, *volume, record.patch, acquisition.spreads, this->DrawVoxelsOf(record));
      // Levels take turns within each image and scale, so that every scale is measured at every level.
      const double deviation = m_Settings.validationNoise[i % m_Settings.validationNoise.size()];
      if (deviation > 0.0)
      {
        AddScanNoise(sample.lowResolution, sample.patchSize, deviation, acquisition, scan);
      }
      record.lowResolution = std::move(sample.lowResolution);
      record.values = std::move(sample.values);
      records.push_back(std::move(record));
    }
  }
}

std::vector<GridIndex>
ValidationSamples::DrawVoxelsOf(const Record & record) const
{
  Random random(m_Settings.seed, RandomStream::ValidationPoints, record.number);
  return DrawVoxels(m_Settings, record.patch, record.volumeSize, random);
}
} // namespace itk::arssr
