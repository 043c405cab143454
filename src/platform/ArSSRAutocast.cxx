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
#include "platform/ArSSRAutocast.h"

#include <ATen/autocast_mode.h>

namespace itk::arssr
{
// torch keeps the state of autocast for each thread: a scope acts on the thread that made it, and must end there.
AutocastScope::AutocastScope(const c10::Device & device, bool enabled)
  : m_Active(enabled && device.is_cuda())
{
  if (m_Active)
  {
    m_PreviouslyEnabled = at::autocast::is_autocast_enabled(at::kCUDA);
    m_PreviousType = at::autocast::get_autocast_dtype(at::kCUDA);
    m_PreviouslyCached = at::autocast::is_autocast_cache_enabled();
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCUDA, true);
    // The cache keeps bfloat16 copies of weights. Weights change in every step, so a copy would be stale after one
    // forward pass, and within one each weight is used once.
    at::autocast::set_autocast_cache_enabled(false);
  }
}

AutocastScope::~AutocastScope()
{
  if (m_Active)
  {
    at::autocast::set_autocast_enabled(at::kCUDA, m_PreviouslyEnabled);
    at::autocast::set_autocast_dtype(at::kCUDA, m_PreviousType);
    at::autocast::set_autocast_cache_enabled(m_PreviouslyCached);
    // The cache keeps the weights that it converted alive.
    at::autocast::clear_cache();
  }
}
} // namespace itk::arssr
