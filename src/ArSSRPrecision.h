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
#ifndef ArSSRPrecision_h
#define ArSSRPrecision_h

#include <ATen/Context.h>

#include <vector>

namespace itk::arssr
{
/** \brief Keeps float32 arithmetic on a device really float32 until the end of the scope.
 *
 * torch lets cuDNN use TensorFloat-32 by default, and an application may have allowed it, or bfloat16, elsewhere. The
 * settings are torch's own and global; those that are right already, and other devices', are not touched. */
class Float32Scope
{
public:
  explicit Float32Scope(const c10::Device & device);
  ~Float32Scope();
  Float32Scope(const Float32Scope &) = delete;
  Float32Scope &
  operator=(const Float32Scope &) = delete;

private:
  struct Setting
  {
    at::Float32Backend   backend;
    at::Float32Op        operation;
    at::Float32Precision previous;
  };
  std::vector<Setting> m_Changed;
};
} // namespace itk::arssr

#endif
