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
#ifndef ArSSRTrainingTestHelpers_h
#define ArSSRTrainingTestHelpers_h

#include "network/ArSSRNetwork.h"

#include "itkArSSRModel.h"

#include "itkMetaDataObject.h"

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

namespace itk::arssr::test
{
/** Values of a recipe with a network and patches so small that a step takes milliseconds; 12 steps in 4 epochs. */
inline std::map<std::string, std::string>
SmallRecipeValues()
{
  return { { "channels", "4" },
           { "blocks", "1" },
           { "feature_dim", "6" },
           { "depth", "3" },
           { "width", "8" },
           { "patch_size", "5" },
           { "samples", "60" },
           { "scale_max", "2.5" },
           { "slice_scale_max", "2.5" },
           { "resolution_levels", "1" },
           { "batch", "2" },
           { "steps_per_epoch", "3" },
           { "epochs", "4" },
           { "warmup_steps", "2" },
           { "validation_samples", "2" },
           { "validation_scales", "2" },
           { "checkpoint_every", "1" } };
}

/** All weights of a model's network, [weight]. */
inline at::Tensor
WeightsOf(const ArSSRModel & model)
{
  std::vector<at::Tensor> weights;
  for (const auto & entry : model.GetNetwork()->GetParameters().GetEntries())
  {
    weights.push_back(entry.value.flatten());
  }
  return at::cat(weights);
}

/** An entry of a model's metadata; empty where there is none. */
inline std::string
MetaDataOf(const ArSSRModel & model, const std::string & key)
{
  std::string value;
  ExposeMetaData(model.GetMetaDataDictionary(), key, value);
  return value;
}
} // namespace itk::arssr::test

#endif
