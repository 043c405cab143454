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
#ifndef ArSSRProcessGroup_h
#define ArSSRProcessGroup_h

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief The processes that train one network together: a group that Python made with `torch.distributed`.
 *
 * Every process must make the same calls in the same order. A process that does not answer within the group's timeout
 * is an exception in the others.
 */
class ProcessGroup
{
public:
  /** \param name under which the group is registered; empty for a process on its own.
   * \throws ExceptionObject when there is no such group. */
  explicit ProcessGroup(const std::string & name);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup &) = delete;
  ProcessGroup &
  operator=(const ProcessGroup &) = delete;

  std::int64_t
  GetRank() const;
  std::int64_t
  GetSize() const;
  bool
  IsLeader() const
  {
    return this->GetRank() == 0;
  }

  /** Replaces each tensor by its mean over the processes. */
  void
  Average(const std::vector<at::Tensor> & tensors) const;

  /** Sums of numbers over the processes. */
  void
  Sum(std::vector<double> & numbers) const;

private:
  class Implementation;

  /** Replaces a tensor, on a device that the group's backend works with, by its sum over the processes. */
  void
  AllReduce(at::Tensor & tensor) const;

  std::unique_ptr<Implementation> m_Implementation;
};
} // namespace itk::arssr

#endif
