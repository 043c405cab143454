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
#ifndef ArSSRStateDict_h
#define ArSSRStateDict_h

#include "model/ArSSRFileLimits.h"
#include "model/ArSSRPickle.h"

#include <c10/core/ScalarType.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace itk::arssr
{
/** What a torch file says about its tensors, before any of their bytes is read. Lengths are numbers of elements. */
struct StateDict
{
  struct Storage
  {
    c10::ScalarType type;
    std::uint64_t   count;
  };

  /** A view into a storage, as Tensor.as_strided makes it. */
  struct View
  {
    std::string               name;
    std::string               storageKey;
    std::uint64_t             offset;
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;
  };

  std::vector<View>              views; // in the dictionary's order
  std::map<std::string, Storage> storages;
};

/** The only globals that a pickled `state_dict` needs. */
const std::set<std::string> &
GetStateDictGlobals();

/** Interprets a pickle as a dictionary of tensors, or a dictionary whose only item, `state_dict` or `model`, is one.
 *
 * A tensor is `torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)`, its older form
 * without the last two, or `_rebuild_parameter` of one; a storage is the persistent id `('storage', type, key,
 * location, count)`, in the legacy format with a sixth element: None or `(key, offset, count)`, a view into the storage
 * `key`. (Written by torch/serialization.py, read by torch/_utils.py.) Checks that every view lies in its storage.
 */
StateDict
InterpretStateDict(const Pickle & pickle, ParsingBudget & budget);
} // namespace itk::arssr

#endif
