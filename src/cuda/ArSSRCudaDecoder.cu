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
#include "cuda/ArSSRCudaDecoderPlan.h"
#include "cuda/ArSSRCudaWarp.h"

#include <cstdio>
#include <string>

#if defined(_WIN32)
#  define ARSSR_CUDA_EXPORT __declspec(dllexport)
#else
#  define ARSSR_CUDA_EXPORT __attribute__((visibility("default")))
#endif

namespace itk::arssr
{
namespace
{
// Blocks on a multiprocessor that registers must suffice for. Wide kernels hold up to 128 sums a thread; several blocks
// of the narrow one hide each other's sampling.
template <int VWidth>
constexpr int MinimumBlocks = VWidth == 64 ? 2 : 1;

template <typename TFormat, int VWidth>
__global__ void
__launch_bounds__(CudaThreads, MinimumBlocks<VWidth>)
  DecodeKernel(const __grid_constant__ CudaDecoderPlan plan, const __grid_constant__ CudaDecodeArguments arguments)
{
  extern __shared__ __align__(128) std::uint8_t shared[];

  CudaWarp                                    warp;
  FusedDecoderTile<CudaWarp, TFormat, VWidth> decoder(warp, plan, arguments, shared);
  decoder.Run();
}

/** \brief Collects the first failure of several calls as text. */
class CallResult
{
public:
  /** Whether a call succeeded. */
  bool
  Add(cudaError_t error, const char * call)
  {
    if (error == cudaSuccess)
    {
      return true;
    }
    cudaGetLastError(); // told once: the runtime keeps it, and the next launch would take it for its own
    if (m_Text.empty())
    {
      m_Text = std::string(call) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
    }
    return false;
  }
  void
  Add(const std::string & problem)
  {
    if (m_Text.empty())
    {
      m_Text = problem;
    }
  }
  bool
  IsGood() const
  {
    return m_Text.empty();
  }
  int
  Report(char * message, std::size_t messageBytes) const
  {
    if (message != nullptr && messageBytes > 0)
    {
      std::snprintf(message, messageBytes, "%s", m_Text.c_str());
    }
    return m_Text.empty() ? 0 : 1;
  }

private:
  std::string m_Text;
};

/** \brief Makes a device the thread's current one, until the end of the scope. */
class DeviceScope
{
public:
  DeviceScope(int device, CallResult & result)
    : m_Result(result)
  {
    if (result.Add(cudaGetDevice(&m_Previous), "cudaGetDevice") && m_Previous != device)
    {
      m_Changed = result.Add(cudaSetDevice(device), "cudaSetDevice");
    }
  }
  ~DeviceScope()
  {
    if (m_Changed)
    {
      m_Result.Add(cudaSetDevice(m_Previous), "cudaSetDevice");
    }
  }
  DeviceScope(const DeviceScope &) = delete;
  DeviceScope &
  operator=(const DeviceScope &) = delete;

private:
  CallResult & m_Result;
  int          m_Previous{ 0 };
  bool         m_Changed{ false };
};

void
QueryLimits(int device, CudaDeviceLimits & limits, CallResult & result)
{
  const auto query = [&](cudaDeviceAttr attribute) {
    int value = 0;
    result.Add(cudaDeviceGetAttribute(&value, attribute, device), "cudaDeviceGetAttribute");
    return value;
  };
  limits.computeCapability = 10 * query(cudaDevAttrComputeCapabilityMajor) + query(cudaDevAttrComputeCapabilityMinor);
  limits.multiprocessors = query(cudaDevAttrMultiProcessorCount);
  limits.sharedBytesPerBlock = query(cudaDevAttrMaxSharedMemoryPerBlockOptin);
}

template <typename TKernel>
void
Launch(TKernel                     kernel,
       const CudaDecoderPlan &     plan,
       const CudaDecodeArguments & arguments,
       int                         multiprocessors,
       cudaStream_t                stream,
       CallResult &                result)
{
  int        blocksPerMultiprocessor = 0;
  const auto sharedBytes = static_cast<std::size_t>(plan.sharedBytes);
  if (result.Add(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, plan.sharedBytes),
                 "cudaFuncSetAttribute") &&
      result.Add(
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocksPerMultiprocessor, kernel, CudaThreads, sharedBytes),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor"))
  {
    const std::int64_t blocks = GetCudaBlocks(plan, arguments.voxelCount, multiprocessors, blocksPerMultiprocessor);
    kernel<<<static_cast<unsigned int>(blocks), CudaThreads, sharedBytes, stream>>>(plan, arguments);
    result.Add(cudaGetLastError(), "launch of the decoder");
  }
}

int
GetDeviceLimits(int device, CudaDeviceLimits * limits, char * message, std::size_t messageBytes)
{
  CallResult result;
  QueryLimits(device, *limits, result);
  return result.Report(message, messageBytes);
}

int
Decode(const CudaDecoderPlan *     plan,
       const CudaDecodeArguments * arguments,
       int                         device,
       void *                      stream,
       char *                      message,
       std::size_t                 messageBytes)
{
  CallResult result;
  result.Add(VerifyCudaDecode(*plan, *arguments));
  if (result.IsGood() && arguments->voxelCount > 0)
  {
    const DeviceScope scope(device, result);
    CudaDeviceLimits  limits{};
    QueryLimits(device, limits, result);
    if (result.IsGood())
    {
      DispatchKernel(*plan, [&](auto format, auto width) {
        Launch(DecodeKernel<decltype(format), decltype(width)::Value>,
               *plan,
               *arguments,
               limits.multiprocessors,
               static_cast<cudaStream_t>(stream),
               result);
      });
    }
  }
  return result.Report(message, messageBytes);
}
} // namespace
} // namespace itk::arssr

extern "C" ARSSR_CUDA_EXPORT const itk::arssr::CudaDecoderFunctions *
                                   ArSSRGetCudaDecoderFunctions()
{
  static const itk::arssr::CudaDecoderFunctions functions{ itk::arssr::CudaInterfaceVersion,
                                                           sizeof(itk::arssr::CudaDecoderPlan),
                                                           sizeof(itk::arssr::CudaDecodeArguments),
                                                           &itk::arssr::GetDeviceLimits,
                                                           &itk::arssr::Decode };
  return &functions;
}
