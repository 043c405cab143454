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
#ifndef ArSSRSampleSource_h
#define ArSSRSampleSource_h

#include "samples/ArSSRSampleImages.h"
#include "samples/ArSSRSampleSettings.h"
#include "samples/ArSSRTrainingSample.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief Draws the samples of a training by their number.
 *
 * A sample is a pure function of the settings, the images and its number: it does not depend on threads, on the order
 * of calls, or on what is in memory. All members are thread-safe.
 *
 * Images are read when a sample first needs them. Sizes are checked at once; NaN and infinite
 * voxels are an exception of the call that reads the image; a constant image is reported to `warn` when it is first
 * read, once, and then left out: samples that would have come from it come from another image.
 */
class SampleSource
{
public:
  using WarnFunction = std::function<void(const std::string & message)>;

  /** `warn` is called from the thread that draws, never by two at once.
   * \throws ExceptionObject when there is nothing to train on, when there are label maps but the settings make no use
   * of them, and when an image is too small for a patch. */
  SampleSource(SampleSettings settings, const ImageLists & images, std::uint64_t memoryBytes, WarnFunction warn);
  ~SampleSource();
  SampleSource(const SampleSource &) = delete;
  SampleSource &
  operator=(const SampleSource &) = delete;

  /** \throws ExceptionObject when an image cannot be used. */
  TrainingSample
  Draw(std::uint64_t number) const;

  /** The recipe's, or as many as it takes to see a crop of every part of the training images once. */
  std::uint64_t
  GetStepsPerEpoch() const;

  /** Samples of all validation images and scales. The first call of this or of DrawValidation() reads all validation
   * images, one after the other, and keeps their samples (about 35 KiB each), so that no later one reads an image. */
  std::size_t
  GetNumberOfValidationSamples() const;

  /** The same every time: no augmentation, patches with foreground, point spreads that are drawn as for training, and
   * the recipe's levels of noise in turns. Those of an image are consecutive, and among these those of a scale. */
  TrainingSample
  DrawValidation(std::size_t index) const;

private:
  class Impl;
  std::unique_ptr<Impl> m_Impl;
};
} // namespace itk::arssr

#endif
