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

#include "itkMacro.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>

#include <array>
#include <utility>

namespace itk::arssr
{
namespace
{
constexpr std::array<std::pair<Precision, const char *>, 5> Names{ { { Precision::Auto, "auto" },
                                                                     { Precision::Float32, "float32" },
                                                                     { Precision::TensorFloat32, "tensorfloat32" },
                                                                     { Precision::BFloat16, "bfloat16" },
                                                                     { Precision::Float16, "float16" } } };

bool
CpuHasBFloat16()
{
  const auto capabilities = at::cpu::get_cpu_capabilities();
  for (const char * name : { "avx512_bf16", "amx_bf16", "amx_tile" })
  {
    if (const auto found = capabilities.find(name); found != capabilities.end() && found->second.toBool())
    {
      return true;
    }
  }
  return false;
}

bool
Supports(const c10::Device & device, Precision precision)
{
  if (precision == Precision::Float32)
  {
    return true;
  }
  if (device.is_cpu())
  {
    return precision == Precision::BFloat16 && CpuHasBFloat16();
  }
  // TensorFloat-32 and bfloat16 came together, with compute capability 8.0.
  const c10::DeviceGuard guard(device);
  return precision == Precision::Float16 || at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}
} // namespace

Precision
ParsePrecision(const std::string & name)
{
  for (const auto & [precision, text] : Names)
  {
    if (name == text)
    {
      return precision;
    }
  }
  itkGenericExceptionMacro("The precision '" << name
                                             << "' is unknown; expected 'auto', 'float32', 'tensorfloat32', "
                                                "'bfloat16' or 'float16'.");
}

std::string
ToText(Precision precision)
{
  for (const auto & [value, text] : Names)
  {
    if (value == precision)
    {
      return text;
    }
  }
  return {};
}

Precision
ResolvePrecision(Precision precision, const c10::Device & device)
{
  if (precision == Precision::Auto)
  {
    return device.is_cuda() && Supports(device, Precision::BFloat16) ? Precision::BFloat16 : Precision::Float32;
  }
  if (!Supports(device, precision))
  {
    itkGenericExceptionMacro("The precision '"
                             << ToText(precision) << "' is not to be had on the device '" << device.str() << "'"
                             << (device.is_cpu() ? ": a CPU has 'float32', and 'bfloat16' with AVX512-BF16 or AMX only"
                                                 : ": it needs compute capability 8.0")
                             << ". Use 'float32' or 'auto'.");
  }
  return precision;
}

c10::ScalarType
GetScalarType(Precision precision)
{
  switch (precision)
  {
    case Precision::BFloat16:
      return c10::kBFloat16;
    case Precision::Float16:
      return c10::kHalf;
    default:
      return c10::kFloat;
  }
}

PrecisionScope::PrecisionScope(const c10::Device & device, Precision precision)
{
  at::Context & context = at::globalContext();
  const auto    backend = device.is_cuda() ? at::Float32Backend::CUDA : at::Float32Backend::MKLDNN;
  const bool    allowsTF32 = precision == Precision::TensorFloat32;
  for (const auto operation : { at::Float32Op::CONV, at::Float32Op::MATMUL })
  {
    const auto previous = context.float32Precision(backend, operation);
    const bool isIEEE = previous != at::Float32Precision::TF32 && previous != at::Float32Precision::BF16;
    if (allowsTF32 ? previous != at::Float32Precision::TF32 : !isIEEE)
    {
      m_Changed.push_back({ backend, operation, previous });
      context.setFloat32Precision(
        backend, operation, allowsTF32 ? at::Float32Precision::TF32 : at::Float32Precision::IEEE);
    }
  }
}

PrecisionScope::~PrecisionScope()
{
  for (const Setting & setting : m_Changed)
  {
    at::globalContext().setFloat32Precision(setting.backend, setting.operation, setting.previous);
  }
}
} // namespace itk::arssr
