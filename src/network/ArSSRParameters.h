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
#ifndef ArSSRParameters_h
#define ArSSRParameters_h

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief The named parameters of a network, in `state_dict` order.
 *
 * A network declares the names and shapes that it needs without allocating anything, so that a model file is checked
 * against them first. Layers refer to a parameter by its slot. Values can be on any device.
 */
class Parameters
{
public:
  struct Entry
  {
    std::string               name;
    std::vector<std::int64_t> shape;
    at::Tensor                value;
  };

  /** Adds a parameter and returns its slot. */
  std::size_t
  Declare(std::string name, std::vector<std::int64_t> shape)
  {
    m_Entries.push_back({ std::move(name), std::move(shape), {} });
    return m_Entries.size() - 1;
  }

  const at::Tensor &
  operator[](std::size_t slot) const
  {
    return m_Entries[slot].value;
  }

  const std::vector<Entry> &
  GetEntries() const
  {
    return m_Entries;
  }

  void
  SetValue(std::size_t slot, at::Tensor value)
  {
    m_Entries[slot].value = std::move(value);
  }

private:
  std::vector<Entry> m_Entries;
};
} // namespace itk::arssr

#endif
