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
#include "network/ArSSRFeatureGradient.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace itk::arssr
{
namespace
{
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// The sum over eight voxels is linear in the features, so that backward() needs the positions and weights alone:
// neither the features nor the rows are kept alive by this node of the autograd graph. Samples and coordinates have no
// gradient.

/** What backward() needs of a forward pass. */
struct Record : torch::CustomClassHolder
{
  FeatureLayout                layout;
  std::vector<SamplingOptions> options;
};

FeatureSamples
DescribeSamples(const at::Tensor & samples, const std::vector<SamplingOptions> & options)
{
  return { samples.const_data_ptr<double>(), samples.size(1), options };
}

class SampleFunction : public Function<SampleFunction>
{
public:
  static at::Tensor
  forward(AutogradContext *                    context,
          const at::Tensor &                   features,
          const at::Tensor &                   samples,
          const FeatureLayout &                layout,
          const std::vector<SamplingOptions> & options)
  {
    auto record = c10::make_intrusive<Record>();
    record->layout = layout;
    // The features are whole images here or a tile made contiguous: a voxel is followed by the next one without
    // padding.
    record->layout.extent = { features.size(1), features.size(2), features.size(3) };
    record->layout.channels = record->layout.voxelStride = features.size(4);
    record->options = options;
    // saved_data holds values of TorchScript's types only; a capsule carries any other one through.
    context->saved_data["record"] = c10::IValue::make_capsule(record);
    context->save_for_backward({ samples });
    at::Tensor rows =
      at::empty({ samples.size(0) * samples.size(1), GetRowSize(features.size(4), options.front()) }, at::kFloat);
    GatherFeatureRows(record->layout,
                      features.const_data_ptr<float>(),
                      DescribeSamples(samples, options),
                      rows.mutable_data_ptr<float>());
    return rows;
  }

  static variable_list
  backward(AutogradContext * context, const variable_list & gradients)
  {
    const auto       record = c10::static_intrusive_pointer_cast<Record>(context->saved_data["record"].toCapsule());
    const at::Tensor samples = context->get_saved_variables()[0];
    const auto &     layout = record->layout;
    const auto &     extent = layout.extent;
    // Zeros: the rows' gradients are added to it, and many voxels are read by no sample.
    at::Tensor gradient =
      at::zeros({ samples.size(0), extent[0], extent[1], extent[2], layout.channels }, gradients[0].options());
    // A gradient that comes from a sum or an expand() has strides of zero. Its last columns, of the coordinates, are
    // skipped.
    const at::Tensor rowGradients = gradients[0].contiguous();
    ScatterFeatureRows(layout,
                       DescribeSamples(samples, record->options),
                       rowGradients.const_data_ptr<float>(),
                       gradient.mutable_data_ptr<float>());
    // One for each argument of forward() after the context; undefined for those without a gradient.
    return { gradient, at::Tensor(), at::Tensor(), at::Tensor() };
  }
};
} // namespace


at::Tensor
SampleRowsWithGradient(const at::Tensor &                   features,
                       const at::Tensor &                   samples,
                       const FeatureLayout &                layout,
                       const std::vector<SamplingOptions> & options)
{
  return SampleFunction::apply(features, samples, layout, options);
}
} // namespace itk::arssr
