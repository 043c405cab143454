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
#include "platform/ArSSRPrecision.h"

#include "platform/ArSSRFork.h"

#include "itkMacro.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/DeviceGuard.h>

#include <array>
#include <mutex>
#include <optional>
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
  // Names of torch's dictionary; versions of torch and other processors lack some of them.
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
  // Without these instructions torch would multiply bfloat16 numbers one by one, slower than float32: so it is refused.
  if (device.is_cpu())
  {
    return precision == Precision::BFloat16 && CpuHasBFloat16();
  }
  // TensorFloat-32 and bfloat16 came together, with compute capability 8.0. The hook asks the current device: hence the
  // guard.
  const c10::DeviceGuard guard(device);
  return precision == Precision::Float16 || at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

// What a scope does: at its begin and its end it changes the count of its kind, for its backend, and then brings each
// of the backend's settings in line with the counts. The last end restores. A scope never restores by itself: scopes of
// several threads do not end in the reverse order of their beginnings, and one would restore what another one had set.
enum Backend
{
  OnCPU,
  OnCUDA,
  NumberOfBackends
};

bool
IsSingle(at::Float32Precision precision)
{
  return precision != at::Float32Precision::TF32 && precision != at::Float32Precision::BF16;
}

/** \brief One of torch's settings, with what scopes have set it to and what was there before. */
class CountedSetting
{
public:
  CountedSetting(at::Float32Backend backend, at::Float32Op operation)
    : m_Backend(backend)
    , m_Operation(operation)
  {}

  /** \param single number of scopes for single precision. \param all number of all scopes, zero after the last one. */
  void
  Update(int single, int all)
  {
    const auto current = at::globalContext().float32Precision(m_Backend, m_Operation);
    if (m_Ours && current != *m_Ours)
    {
      m_Ours.reset(); // the application has changed it: its new value is to be put back
    }
    if (all == 0)
    {
      this->PutBack();
      return;
    }
    // Single precision has precedence. A setting that is as wanted already is left alone, and with it the choice of an
    // application.
    const auto wanted = single > 0 ? at::Float32Precision::IEEE : at::Float32Precision::TF32;
    if (single > 0 ? IsSingle(current) : current == wanted)
    {
      return;
    }
    // When scopes replace a value of their own, the one before the first scope remains the one to be put back.
    if (!m_Ours)
    {
      m_Before = current;
    }
    m_Ours = wanted;
    at::globalContext().setFloat32Precision(m_Backend, m_Operation, wanted);
  }

private:
  void
  PutBack()
  {
    if (m_Ours)
    {
      at::globalContext().setFloat32Precision(m_Backend, m_Operation, m_Before);
      m_Ours.reset();
    }
  }

  at::Float32Backend                  m_Backend;
  at::Float32Op                       m_Operation;
  std::optional<at::Float32Precision> m_Ours; // what was set here, while it stands
  at::Float32Precision                m_Before{ at::Float32Precision::NONE };
};

/** \brief Numbers of scopes by what they ask for. */
struct ScopeCounts
{
  int single{ 0 };
  int tf32{ 0 };

  void
  Add(bool allowsTF32, int by)
  {
    (allowsTF32 ? tf32 : single) += by;
  }
};

/** \brief Counts the scopes of all threads, for each backend. */
class ScopeCounter
{
public:
  static ScopeCounter &
  Get()
  {
    static ScopeCounter counter;
    return counter;
  }

  void
  Change(Backend backend, bool allowsTF32, int by)
  {
    // Counts and settings change together; the lock is held for the change only, and not for the scope.
    const std::lock_guard<std::mutex> lock(m_Mutex);
    m_Counts[backend].Add(allowsTF32, by);
    ownCounts[backend].Add(allowsTF32, by);
    this->Update(backend);
  }

private:
  ScopeCounter()
  {
    // fork() copies a mutex that another thread holds as locked, with no thread left to unlock it: so the forking
    // thread holds it meanwhile. The child keeps the scopes of that thread alone, as those of the others never end
    // there.
    AddForkHandlers({ [] { Get().m_Mutex.lock(); },
                      [] { Get().m_Mutex.unlock(); },
                      [] {
                        Get().m_Counts = ownCounts;
                        Get().Update(OnCPU);
                        Get().Update(OnCUDA);
                        Get().m_Mutex.unlock();
                      } });
  }

  void
  Update(Backend backend)
  {
    const ScopeCounts & counts = m_Counts[backend];
    for (CountedSetting & setting : m_Settings[backend])
    {
      setting.Update(counts.single, counts.single + counts.tf32);
    }
  }

  using Settings = std::array<CountedSetting, 2>;
  using Counts = std::array<ScopeCounts, NumberOfBackends>;

  // Scopes of each thread: after a fork, those of the one thread that is left.
  static thread_local Counts ownCounts;

  std::mutex                             m_Mutex; // of all that follows
  Counts                                 m_Counts;
  std::array<Settings, NumberOfBackends> m_Settings{
    { { { { at::Float32Backend::MKLDNN, at::Float32Op::CONV },
          { at::Float32Backend::MKLDNN, at::Float32Op::MATMUL } } },
      { { { at::Float32Backend::CUDA, at::Float32Op::CONV }, { at::Float32Backend::CUDA, at::Float32Op::MATMUL } } } }
  };
};

thread_local ScopeCounter::Counts ScopeCounter::ownCounts;
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
    itkGenericExceptionMacro(
      "The precision '" << ToText(precision) << "' is not available on the device '" << device.str() << "'"
                        << (device.is_cpu() ? ": a CPU supports 'float32', and 'bfloat16' only with AVX512-BF16 or AMX"
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
    // TensorFloat-32 rounds the factors within a product; in memory they are float32.
    default:
      return c10::kFloat;
  }
}

PrecisionScope::PrecisionScope(const c10::Device & device, Precision precision)
  : m_IsOnCUDA(device.is_cuda())
  , m_AllowsTF32(precision == Precision::TensorFloat32)
{
  ScopeCounter::Get().Change(m_IsOnCUDA ? OnCUDA : OnCPU, m_AllowsTF32, 1);
}

PrecisionScope::~PrecisionScope()
{
  ScopeCounter::Get().Change(m_IsOnCUDA ? OnCUDA : OnCPU, m_AllowsTF32, -1);
}
} // namespace itk::arssr
