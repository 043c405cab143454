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

// Rates of the fused CUDA decoder alone, between events of a stream: no copies, no encoder. voxels: output voxels a
// second; FLOP: floating-point operations a second of the network as it is written down.

#include "ArSSRCudaDeviceScene.h"
#include "cuda/ArSSRCudaDecoderPlan.h"
#include "cuda/ArSSRCudaTestBackend.h"
#include "cuda/ArSSRCudaTestScene.h"

#include <benchmark/benchmark.h>

#include <array>
#include <iostream>
#include <numeric>

namespace
{
using namespace itk::arssr;

constexpr int LRSize = 96;
constexpr int Scale = 2;
constexpr int Device = 0;
constexpr int Repetitions = 10; // of a measurement, between one pair of events

const char *
GetName(CudaFormat format)
{
  switch (format)
  {
    case CudaFormat::BFloat16:
      return "bfloat16";
    case CudaFormat::Float16:
      return "float16";
    default:
      return "tensorfloat32";
  }
}

double
CountMACs(const CudaPerceptron & perceptron)
{
  const auto add = [](double sum, const CudaLinear & layer) {
    return sum + static_cast<double>(layer.inputs * layer.outputs);
  };
  return std::accumulate(perceptron.stageTwo.begin(),
                         perceptron.stageTwo.end(),
                         std::accumulate(perceptron.stageOne.begin(), perceptron.stageOne.end(), 0.0, add),
                         add);
}

/** \brief An LR image of noise, its features, and the lines of an output at twice its resolution. */
struct Scene
{
  std::vector<std::uint8_t> features;
  std::vector<float>        intensities;
  std::vector<CudaSpan>     spans;
  std::vector<std::uint8_t> weights;
  CudaDecodeArguments       arguments{};

  Scene(const CudaTestNetwork & network, const CudaDecoderPlan & plan)
    : weights(PackCudaWeights(network.perceptron, plan))
  {
    std::mt19937                          generator(1);
    std::uniform_real_distribution<float> noise(-1.0F, 1.0F);
    constexpr std::size_t                 voxels = std::size_t{ LRSize } * LRSize * LRSize;
    intensities.resize(voxels);
    std::generate(intensities.begin(), intensities.end(), [&] { return noise(generator); });
    std::vector<float> values(voxels * static_cast<std::size_t>(plan.channels));
    std::generate(values.begin(), values.end(), [&] { return noise(generator); });
    features = ToFormat(plan.format, values);
    constexpr int size = LRSize * Scale;
    for (int z = 0; z < size; ++z)
    {
      for (int y = 0; y < size; ++y)
      {
        spans.push_back({ { 0, y, z }, size, arguments.voxelCount });
        arguments.voxelCount += size;
      }
    }
    arguments.features = features.data();
    arguments.intensities = intensities.data();
    arguments.spans = spans.data();
    arguments.weights = weights.data();
    arguments.spanCount = static_cast<std::int64_t>(spans.size());
    for (int axis = 0; axis < 3; ++axis)
    {
      arguments.imageSize[axis] = LRSize;
      arguments.featureExtent[axis] = LRSize;
      arguments.intensityExtent[axis] = LRSize;
      arguments.matrix[axis][axis] = 1.0 / Scale;
      arguments.offset[axis] = 0.5 / Scale - 0.5;
      arguments.voxelSize[axis] = 1.0 / Scale;
    }
    arguments.borderPadding = network.shape.borderPadding ? 1 : 0;
    arguments.skipTaps = network.shape.skipTaps;
  }
};

class Event
{
public:
  Event()
  {
    VerifyCuda(cudaEventCreate(&m_Event), "cudaEventCreate");
  }
  ~Event()
  {
    cudaEventDestroy(m_Event);
  }
  Event(const Event &) = delete;
  Event &
  operator=(const Event &) = delete;

  void
  Record()
  {
    VerifyCuda(cudaEventRecord(m_Event, nullptr), "cudaEventRecord");
  }
  double
  SecondsSince(const Event & begin)
  {
    float milliseconds = 0;
    VerifyCuda(cudaEventSynchronize(m_Event), "cudaEventSynchronize");
    VerifyCuda(cudaEventElapsedTime(&milliseconds, begin.m_Event, m_Event), "cudaEventElapsedTime");
    return 1e-3 * milliseconds;
  }

private:
  cudaEvent_t m_Event{ nullptr };
};

void
Decode(benchmark::State & state, const CudaTestNetwork::Shape & shape, CudaFormat format)
{
  const CudaDecoderFunctions & functions = *ArSSRGetCudaDecoderFunctions();
  std::array<char, 512>        message{};
  const CudaTestNetwork        network = MakeRandomCudaNetwork(shape, 1);
  CudaDecoderPlan              plan{};
  if (const std::string problem = PlanCudaDecoder(network.perceptron, format, GetCudaTestSharedBytes(), plan);
      !problem.empty())
  {
    state.SkipWithError(problem.c_str());
    return;
  }
  float none = 0; // the output is on the device alone
  Scene scene(network, plan);
  scene.arguments.output = &none;
  const CudaDeviceScene onDevice(plan, scene.arguments);
  const auto            run = [&] {
    const int result =
      functions.decode(&plan, &onDevice.GetArguments(), Device, nullptr, message.data(), message.size());
    if (result != 0)
    {
      throw std::runtime_error(message.data());
    }
  };
  Event begin;
  Event end;
  run(); // loads the kernel
  for (auto _ : state)
  {
    begin.Record();
    for (int repetition = 0; repetition < Repetitions; ++repetition)
    {
      run();
    }
    end.Record();
    state.SetIterationTime(end.SecondsSince(begin) / Repetitions);
  }
  const auto rate = [](double perIteration) {
    return benchmark::Counter(perIteration, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  };
  const auto voxels = static_cast<double>(scene.arguments.voxelCount);
  state.counters["voxels"] = rate(voxels);
  state.counters["FLOP"] = rate(2.0 * voxels * CountMACs(network.perceptron));
}
} // namespace

int
main(int argc, char ** argv)
{
  if (const std::string problem = GetCudaTestProblem(); !problem.empty())
  {
    std::cerr << problem << '\n';
    return 1;
  }
  cudaDeviceProp properties{};
  VerifyCuda(cudaGetDeviceProperties(&properties, Device), "cudaGetDeviceProperties");
  const std::pair<const char *, CudaTestNetwork::Shape> networks[] = { { "published", CudaTestNetwork::Published },
                                                                       { "local", CudaTestNetwork::Local } };
  for (const auto & [name, shape] : networks)
  {
    for (const CudaFormat format : { CudaFormat::BFloat16, CudaFormat::Float16, CudaFormat::TensorFloat32 })
    {
      benchmark::RegisterBenchmark((std::string("decode/") + name + '/' + GetName(format)).c_str(),
                                   [shape = shape, format](benchmark::State & state) { Decode(state, shape, format); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::AddCustomContext("gpu", properties.name);
  benchmark::AddCustomContext("lr_size", std::to_string(LRSize));
  benchmark::AddCustomContext("scale", std::to_string(Scale));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
  {
    return 1;
  }
  try
  {
    benchmark::RunSpecifiedBenchmarks();
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << '\n';
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
