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
#include "training/ArSSRProcessGroup.h"

#include "itkMacro.h"

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>

namespace itk::arssr
{
// The group is Python's own, found by its name in torch's registry, so that Python sets up addresses, ranks and
// timeouts and no second connection is made. Collectives match by their order alone: a call that one process leaves out
// makes the others wait until the timeout, or mixes up two messages.
class ProcessGroup::Implementation
{
public:
  c10::intrusive_ptr<c10d::ProcessGroup> group; // none for a process on its own
};

namespace
{
/** Calls a collective. Whatever fails in it, a process that ended, a broken connection or a timeout, leaves the group
 * unusable: the training can only be resumed. */
template <typename TFunction>
void
Communicate(const c10d::ProcessGroup & group, const TFunction & function)
{
  try
  {
    function();
  }
  catch (const std::exception & error)
  {
    itkGenericExceptionMacro("Rank " << group.getRank() << " of " << group.getSize()
                                     << " lost contact with another process of the training; one has ended or does not "
                                     << "answer. Resume from the last checkpoint. " << error.what());
  }
}
} // namespace

ProcessGroup::ProcessGroup(const std::string & name)
  : m_Implementation(std::make_unique<Implementation>())
{
  // Alone: all collectives return at once.
  if (name.empty())
  {
    return;
  }
  try
  {
    m_Implementation->group = c10d::resolve_process_group(name);
  }
  catch (const std::exception &)
  {
    itkGenericExceptionMacro("There is no process group '"
                             << name
                             << "'. Create one with torch.distributed.init_process_group and pass its group_name.");
  }
}

ProcessGroup::~ProcessGroup() = default;

std::int64_t
ProcessGroup::GetRank() const
{
  return m_Implementation->group ? m_Implementation->group->getRank() : 0;
}

std::int64_t
ProcessGroup::GetSize() const
{
  return m_Implementation->group ? m_Implementation->group->getSize() : 1;
}

void
ProcessGroup::AllReduce(at::Tensor & tensor) const
{
  auto & group = *m_Implementation->group;
  Communicate(group, [&] {
    std::vector<at::Tensor> tensors{ tensor };
    // A sum, which is the default. After wait() the CPU, or later work on the same CUDA stream, may read the tensor.
    group.allreduce(tensors)->wait();
  });
}

void
ProcessGroup::Average(const std::vector<at::Tensor> & tensors) const
{
  if (this->GetSize() == 1)
  {
    return;
  }
  // One message for all tensors: a small network's gradients are many small tensors.
  std::vector<at::Tensor> parts;
  parts.reserve(tensors.size());
  for (const at::Tensor & tensor : tensors)
  {
    parts.push_back(tensor.reshape({ -1 }));
  }
  // The concatenation has one order in all processes, that of the network's parameters, and the sum reaches all with
  // the same bits: weights never drift apart.
  at::Tensor flat = at::cat(parts);
  this->AllReduce(flat);
  flat.div_(this->GetSize());
  std::int64_t offset = 0;
  for (const at::Tensor & tensor : tensors)
  {
    tensor.copy_(flat.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
    offset += tensor.numel();
  }
}

void
ProcessGroup::Sum(std::vector<double> & numbers) const
{
  if (this->GetSize() == 1)
  {
    return;
  }
  // In double, so that counts and sums of losses are exact enough.
  at::Tensor tensor = at::tensor(numbers, at::kDouble);
  // NCCL moves tensors on GPUs alone; Gloo takes them from main memory.
  if (m_Implementation->group->getBackendName() == "nccl")
  {
    tensor = tensor.cuda();
  }
  this->AllReduce(tensor);
  tensor = tensor.cpu();
  std::copy_n(tensor.const_data_ptr<double>(), numbers.size(), numbers.begin());
}
} // namespace itk::arssr
