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
#include "ArSSRFeatureGradient.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <memory>

namespace itk::arssr
{
namespace
{
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/** What backward() needs of a forward pass. */
struct Record : torch::CustomClassHolder
{
  GridIndex                origin{};
  GridIndex                imageSize{};
  ArSSRModelEnums::Padding padding{};
};

/** gradient [voxel, channel] += Σ weights × rowGradient [K, columns], whose first columns are the channels. */
void
SpreadGradient(const FeatureTile &      tile,
               ArSSRModelEnums::Padding padding,
               const at::Tensor &       samples,
               const at::Tensor &       rowGradient,
               at::Tensor &             gradient)
{
  const std::int64_t channels = gradient.size(3);
  const std::int64_t columns = rowGradient.size(1);
  const double *     firstSample = samples.const_data_ptr<double>();
  const float *      firstRow = rowGradient.const_data_ptr<float>();
  float *            sums = gradient.mutable_data_ptr<float>();
  // A thread takes some of the channels of all samples, so that no two write to one place.
  constexpr std::int64_t channelsPerThread = 16;
  at::parallel_for(0, channels, channelsPerThread, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = 0; k < samples.size(0); ++k)
    {
      const float * row = firstRow + columns * k;
      for (const CornerSample & corner : SampleCorners(tile, firstSample + 3 * k, padding))
      {
        if (corner.weight != 0.0F)
        {
          float * sum = sums + corner.voxel * channels;
          for (std::int64_t channel = begin; channel < end; ++channel)
          {
            sum[channel] += corner.weight * row[channel];
          }
        }
      }
    }
  });
}

class SampleFunction : public Function<SampleFunction>
{
public:
  static at::Tensor
  forward(AutogradContext *       context,
          const at::Tensor &      features,
          const at::Tensor &      samples,
          const FeatureTile &     tile,
          const SamplingOptions & options)
  {
    auto record = c10::make_intrusive<Record>();
    record->origin = tile.origin;
    record->imageSize = tile.imageSize;
    record->padding = options.padding;
    context->saved_data["record"] = c10::IValue::make_capsule(record);
    context->saved_data["shape"] = features.sizes().vec();
    context->save_for_backward({ samples });

    FeatureTile plain = tile;
    plain.features = features.detach();
    return SampleFeatures(plain, samples, options);
  }

  static variable_list
  backward(AutogradContext * context, const variable_list & gradients)
  {
    const auto       record = c10::static_intrusive_pointer_cast<Record>(context->saved_data["record"].toCapsule());
    const at::Tensor samples = context->get_saved_variables()[0];
    FeatureTile      tile;
    tile.origin = record->origin;
    tile.imageSize = record->imageSize;
    at::Tensor gradient = at::zeros(context->saved_data["shape"].toIntVector(), gradients[0].options());
    tile.features = gradient; // only its sizes are read
    SpreadGradient(tile, record->padding, samples, gradients[0].contiguous(), gradient);
    return { gradient, at::Tensor(), at::Tensor(), at::Tensor() };
  }
};
} // namespace


at::Tensor
SampleFeaturesWithGradient(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options)
{
  return SampleFunction::apply(tile.features, samples, tile, options);
}
} // namespace itk::arssr
