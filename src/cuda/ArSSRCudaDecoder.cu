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
// Thread blocks that the registers of a multiprocessor must suffice for: 65536 registers are 255 for each of 256
// threads, the most that a thread may have, or 128 for two blocks. The widest kernel holds 128 sums a thread and needs
// more than that; the narrowest holds 32, and while one of its blocks waits for samples, another one multiplies.
template <int VWidth>
constexpr int MinimumBlocks = VWidth == 64 ? 2 : 1;

// One instance for each format and width. `__grid_constant__`: the parameters are read where the launch put them, in
// constant memory, although their addresses are taken; without it each thread would copy them to its local memory.
template <typename TFormat, int VWidth>
__global__ void
__launch_bounds__(CudaThreads, MinimumBlocks<VWidth>)
  DecodeKernel(const __grid_constant__ CudaDecoderPlan plan, const __grid_constant__ CudaDecodeArguments arguments)
{
  // Asynchronous copies and ldmatrix need 16 bytes; the layout is the plan's.
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
    cudaGetLastError(); // forgets the error: the runtime keeps it, and the check after the next launch would report it
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
  // More than 48 KiB of shared memory have to be asked for, for each kernel on each device (CUDA C++ Programming
  // Guide). The grid is as large as what fits on the GPU at once: blocks go through their tiles one after the other, so
  // the weights of the first layer are on their way while the last layer of the tile before is multiplied.
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
    // Errors of the launch alone: those of the running kernel come with the call that waits for the stream.
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
  // A grid of no blocks would be an error.
  if (result.IsGood() && arguments->voxelCount > 0)
  {
    // The stream belongs to this device, and a launch needs it to be the current one.
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
  // The sizes tell a caller that was built from other structures under the same version number.
  static const itk::arssr::CudaDecoderFunctions functions{ itk::arssr::CudaInterfaceVersion,
                                                           sizeof(itk::arssr::CudaDecoderPlan),
                                                           sizeof(itk::arssr::CudaDecodeArguments),
                                                           &itk::arssr::GetDeviceLimits,
                                                           &itk::arssr::Decode };
  return &functions;
}
