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
#ifndef ArSSRFeatureRows_h
#define ArSSRFeatureRows_h

#include "network/ArSSRAxisSample.h"

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief How features [image, z, y, x, channel], float32 on the CPU, lie in memory, and which part of LR images they
 * cover. */
struct FeatureLayout
{
  GridIndex    extent{};    /**< voxels of each image that have features */
  GridIndex    origin{};    /**< LR voxel of the first of them */
  GridIndex    imageSize{}; /**< of the whole LR image */
  std::int64_t channels{ 0 };
  std::int64_t voxelStride{ 0 }; /**< floats from a voxel to the next; more than the channels where these are padded */

  std::int64_t
  GetImageStride() const
  {
    return GetNumberOfVoxels(extent) * voxelStride;
  }
};

/** \brief Samples [image, sample, (z, y, x)]: LR continuous indices, the same number in each image. */
struct FeatureSamples
{
  const double *               first{ nullptr };
  std::int64_t                 perImage{ 0 };
  std::vector<SamplingOptions> options; /**< of each image; the same padding in all */

  std::int64_t
  GetCount() const
  {
    return perImage * static_cast<std::int64_t>(options.size());
  }
};

/** Columns of a row of SampleFeatures(): channels and coordinates. */
std::int64_t
GetRowSize(std::int64_t channels, const SamplingOptions & options);

/** Fills a row for each sample: channels, then coordinates. Runs in this module's own threads. */
void
GatherFeatureRows(const FeatureLayout & layout, const float * features, const FeatureSamples & samples, float * rows);

/** Adds the rows' gradients to those of the features that they were sampled from. Each sum is taken in the order of the
 * samples, whatever the number of threads. */
void
ScatterFeatureRows(const FeatureLayout &  layout,
                   const FeatureSamples & samples,
                   const float *          rowGradients,
                   float *                featureGradients);
} // namespace itk::arssr

#endif
