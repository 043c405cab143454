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
#ifndef ArSSRCudaDeviceScene_h
#define ArSSRCudaDeviceScene_h

#include "cuda/ArSSRFusedDecoderFormats.h"

#include <cuda_runtime_api.h>

#include <cstddef>
#include <stdexcept>
#include <string>

/** The CUDA library's entry point, which is linked into programs for a GPU. */
extern "C" const itk::arssr::CudaDecoderFunctions *
ArSSRGetCudaDecoderFunctions();

namespace itk::arssr
{
/** Throws std::runtime_error where a call of CUDA's failed. */
inline void
VerifyCuda(cudaError_t error, const char * call)
{
  if (error != cudaSuccess)
  {
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) +
                             ")");
  }
}

/** \brief Bytes on the current device. */
class CudaBuffer
{
public:
  explicit CudaBuffer(std::size_t bytes)
  {
    VerifyCuda(cudaMalloc(&m_Data, bytes > 0 ? bytes : 1), "cudaMalloc");
  }
  CudaBuffer(const void * host, std::size_t bytes)
    : CudaBuffer(bytes)
  {
    VerifyCuda(cudaMemcpy(m_Data, host, bytes, cudaMemcpyHostToDevice), "cudaMemcpy to the device");
  }
  ~CudaBuffer()
  {
    cudaFree(m_Data);
  }
  CudaBuffer(const CudaBuffer &) = delete;
  CudaBuffer &
  operator=(const CudaBuffer &) = delete;

  template <typename T>
  T *
  As() const
  {
    return static_cast<T *>(m_Data);
  }

private:
  void * m_Data{ nullptr };
};

/** \brief Voxels to decode, copied to the current device, and room there for their intensities. */
class CudaDeviceScene
{
public:
  /** \param host arguments with pointers to host memory. */
  CudaDeviceScene(const CudaDecoderPlan & plan, const CudaDecodeArguments & host)
    : m_Features(host.features,
                 CountVoxels(host.featureExtent) *
                   static_cast<std::size_t>(plan.channels * GetElementBytes(plan.format)))
    , m_Intensities(host.intensities, CountVoxels(host.intensityExtent) * sizeof(float))
    , m_Spans(host.spans, static_cast<std::size_t>(host.spanCount) * sizeof(CudaSpan))
    , m_Weights(host.weights, static_cast<std::size_t>(plan.packedBytes))
    , m_Output(GetOutputBytes(host))
    , m_Arguments(host)
  {
    // Bytes that are no numbers: what is not written is noticed.
    VerifyCuda(cudaMemset(m_Output.As<void>(), 0xFF, GetOutputBytes(host)), "cudaMemset");
    m_Arguments.features = m_Features.As<void>();
    m_Arguments.intensities = m_Intensities.As<float>();
    m_Arguments.spans = m_Spans.As<CudaSpan>();
    m_Arguments.weights = m_Weights.As<void>();
    m_Arguments.output = m_Output.As<float>();
  }

  /** With pointers to the device's memory. */
  const CudaDecodeArguments &
  GetArguments() const
  {
    return m_Arguments;
  }

  /** Waits for what was started before. */
  void
  Download(float * output) const
  {
    VerifyCuda(cudaMemcpy(output, m_Output.As<void>(), GetOutputBytes(m_Arguments), cudaMemcpyDeviceToHost),
               "cudaMemcpy to the host");
  }

private:
  static std::size_t
  CountVoxels(const std::int32_t (&extent)[3])
  {
    return static_cast<std::size_t>(extent[0]) * static_cast<std::size_t>(extent[1]) *
           static_cast<std::size_t>(extent[2]);
  }
  static std::size_t
  GetOutputBytes(const CudaDecodeArguments & arguments)
  {
    return static_cast<std::size_t>(arguments.voxelCount) * sizeof(float);
  }

  CudaBuffer          m_Features;
  CudaBuffer          m_Intensities;
  CudaBuffer          m_Spans;
  CudaBuffer          m_Weights;
  CudaBuffer          m_Output;
  CudaDecodeArguments m_Arguments;
};
} // namespace itk::arssr

#endif
