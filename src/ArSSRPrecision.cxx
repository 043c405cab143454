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
#include "ArSSRPrecision.h"

namespace itk::arssr
{
Float32Scope::Float32Scope(const c10::Device & device)
{
  at::Context & context = at::globalContext();
  const auto    backend = device.is_cuda() ? at::Float32Backend::CUDA : at::Float32Backend::MKLDNN;
  for (const auto operation : { at::Float32Op::CONV, at::Float32Op::MATMUL })
  {
    const auto previous = context.float32Precision(backend, operation);
    if (previous == at::Float32Precision::TF32 || previous == at::Float32Precision::BF16)
    {
      m_Changed.push_back({ backend, operation, previous });
      context.setFloat32Precision(backend, operation, at::Float32Precision::IEEE);
    }
  }
}

Float32Scope::~Float32Scope()
{
  for (const Setting & setting : m_Changed)
  {
    at::globalContext().setFloat32Precision(setting.backend, setting.operation, setting.previous);
  }
}
} // namespace itk::arssr
