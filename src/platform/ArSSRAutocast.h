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
#ifndef ArSSRAutocast_h
#define ArSSRAutocast_h

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace itk::arssr
{
/** \brief Convolutions and matrix products of the calling thread on a GPU run in bfloat16 until the end of the
 * scope. */
class AutocastScope
{
public:
  /** Changes nothing on a CPU, nor when `enabled` is false. */
  AutocastScope(const c10::Device & device, bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope &) = delete;
  AutocastScope &
  operator=(const AutocastScope &) = delete;

private:
  bool            m_Active;
  bool            m_PreviouslyEnabled{ false };
  bool            m_PreviouslyCached{ true };
  c10::ScalarType m_PreviousType{ c10::ScalarType::Undefined };
};
} // namespace itk::arssr

#endif
