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

// Rates of the CPU kernels, of each set that this processor runs, beside torch's at the same shapes. Kernels run on one
// thread, convolutions on all of torch's.

#include "cpu/ArSSRCpuConvolution.h"
#include "cpu/ArSSRCpuKernels.h"
#include "cpu/ArSSRPackedMatrix.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <string>
#include <vector>

namespace
{
using namespace itk::arssr;

/** Operations of one run of a benchmark's loop; the table shows them per second. */
void
SetOperations(benchmark::State & state, double operations)
{
  state.counters["FLOP"] =
    benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

std::string
NameOf(const std::string & what, const CpuKernels & kernels)
{
  return what + '/' + kernels.name;
}

struct ProductShape
{
  const char * what;
  std::int64_t rows;
  std::int64_t depth;
  std::int64_t columns;

  double
  GetOperations() const
  {
    return 2.0 * static_cast<double>(rows * depth * columns);
  }

  std::string
  GetName() const
  {
    return std::string(what) + ' ' + std::to_string(rows) + 'x' + std::to_string(depth) + 'x' + std::to_string(columns);
  }
};

/** Those of the decoders' layers, for rows that stay in the cache, and of the encoders' convolutions. */
std::vector<ProductShape>
ShapesFor(const CpuKernels & kernels)
{
  return { { "hidden", kernels.rowsInCache, 256, 256 },       { "stage-one-out", kernels.rowsInCache, 256, 131 },
           { "stage-two-in", kernels.rowsInCache, 131, 256 }, { "first-of-a-line", 42, 128, 256 },
           { "local", kernels.rowsInCache, 64, 64 },          { "winograd", kernels.winogradTiles, 64, 64 } };
}

void
Multiply(benchmark::State & state, const CpuKernels & kernels, const ProductShape & shape)
{
  const PackedMatrix weight(kernels, at::rand({ shape.columns, shape.depth }, at::kFloat), shape.depth, kernels.lanes);
  const at::Tensor   a = at::rand({ shape.rows, shape.depth }, at::kFloat);
  const at::Tensor   bias = at::rand({ weight.GetColumns() }, at::kFloat);
  at::Tensor         c = at::empty({ shape.rows, weight.GetColumns() }, at::kFloat);
  MatrixProduct      product = weight.MakeProduct();
  product.rows = shape.rows;
  product.a = a.const_data_ptr<float>();
  product.aStride = shape.depth;
  product.bias = bias.const_data_ptr<float>();
  product.relu = true;
  product.c = c.mutable_data_ptr<float>();
  product.cStride = weight.GetColumns();
  for (auto _ : state)
  {
    kernels.multiply(product);
    benchmark::ClobberMemory();
  }
  SetOperations(state, shape.GetOperations());
}

void
TorchMultiply(benchmark::State & state, const ProductShape & shape)
{
  const c10::InferenceMode inferenceMode;
  const int                threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor a = at::rand({ shape.rows, shape.depth }, at::kFloat);
  const at::Tensor b = at::rand({ shape.depth, shape.columns }, at::kFloat);
  at::Tensor       c = at::empty({ shape.rows, shape.columns }, at::kFloat);
  for (auto _ : state)
  {
    at::mm_out(c, a, b);
    benchmark::ClobberMemory();
  }
  at::set_num_threads(threads);
  SetOperations(state, shape.GetOperations());
}

/** First values of both stages interpolated along a line, with bias and coordinate. */
void
BlendLine(benchmark::State & state, const CpuKernels & kernels, std::int64_t columns)
{
  constexpr std::int64_t        lineRows = 42;
  constexpr double              operationsPerFloat = 6.0;
  const at::Tensor              rows = at::rand({ lineRows, columns }, at::kFloat);
  const at::Tensor              affine = at::rand({ 2, columns }, at::kFloat);
  at::Tensor                    result = at::empty({ 2 * (lineRows - 1), columns }, at::kFloat);
  std::vector<LineBlend::Voxel> voxels;
  for (std::int64_t n = 0; n < result.size(0); ++n)
  {
    voxels.push_back({ n / 2, n / 2 + 1, 0.25F, 0.75F, 0.5F });
  }
  LineBlend blend;
  blend.count = result.size(0);
  blend.voxels = voxels.data();
  blend.columns = columns;
  blend.activated = columns;
  blend.rows = rows.const_data_ptr<float>();
  blend.bias = affine[0].const_data_ptr<float>();
  blend.slope = affine[1].const_data_ptr<float>();
  blend.result = result.mutable_data_ptr<float>();
  for (auto _ : state)
  {
    kernels.blendLine(blend);
    benchmark::ClobberMemory();
  }
  SetOperations(state, operationsPerFloat * static_cast<double>(result.numel()));
}

void
MultiplyColumn(benchmark::State & state, const CpuKernels & kernels, std::int64_t depth)
{
  const at::Tensor a = at::rand({ kernels.rowsInCache, depth }, at::kFloat);
  const at::Tensor weights = at::rand({ depth }, at::kFloat);
  at::Tensor       result = at::empty({ kernels.rowsInCache }, at::kFloat);
  ColumnProduct    product;
  product.rows = kernels.rowsInCache;
  product.depth = depth;
  product.a = a.const_data_ptr<float>();
  product.aStride = depth;
  product.weights = weights.const_data_ptr<float>();
  product.result = result.mutable_data_ptr<float>();
  for (auto _ : state)
  {
    kernels.multiplyColumn(product);
    benchmark::ClobberMemory();
  }
  SetOperations(state, 2.0 * static_cast<double>(a.numel()));
}

/** The tiles that a thread transforms together, 64 channels, all frequencies. */
struct WinogradBlock
{
  static constexpr std::int64_t Channels = 64;
  static constexpr int          Frequencies = 4; // along an axis
  static constexpr std::int64_t Plane = std::int64_t{ Frequencies } * Frequencies;
  static constexpr std::int64_t TileVoxels = Plane * Frequencies;
  static constexpr std::int64_t OutputVoxels = 8;

  explicit WinogradBlock(const CpuKernels & kernels)
    : tiles(kernels.winogradTiles)
    , activations(at::rand({ tiles * OutputVoxels + TileVoxels, Channels }, at::kFloat))
    , coefficients(at::rand({ Plane, tiles, Channels }, at::kFloat))
    , sums(at::empty({ tiles, OutputVoxels, Channels }, at::kFloat))
  {
    // Neighbouring tiles share most of their voxels.
    for (std::int64_t tile = 0; tile < tiles; ++tile)
    {
      for (std::int64_t voxel = 0; voxel < TileVoxels; ++voxel)
      {
        voxels.push_back(activations.const_data_ptr<float>() + (tile * OutputVoxels + voxel) * Channels);
      }
    }
  }

  std::int64_t               tiles;
  at::Tensor                 activations;  // [voxel, channel]
  at::Tensor                 coefficients; // [frequency y, frequency x, tile, channel]
  at::Tensor                 sums;         // [tile, z, y, x, channel]
  std::vector<const float *> voxels;       // [tile, z, y, x]
};

void
TransformInput(benchmark::State & state, const CpuKernels & kernels)
{
  constexpr double operationsPerTile = 4 * 3 * 16; // an addition for each frequency, along each axis
  WinogradBlock    block(kernels);
  for (auto _ : state)
  {
    for (int frequency = 0; frequency < WinogradBlock::Frequencies; ++frequency)
    {
      for (std::int64_t tile = 0; tile < block.tiles; ++tile)
      {
        kernels.transformInput({ block.voxels.data() + tile * WinogradBlock::TileVoxels,
                                 WinogradBlock::Channels,
                                 frequency,
                                 block.coefficients.mutable_data_ptr<float>() + tile * WinogradBlock::Channels,
                                 block.tiles * WinogradBlock::Channels });
      }
    }
    benchmark::ClobberMemory();
  }
  SetOperations(state, operationsPerTile * static_cast<double>(block.tiles * WinogradBlock::Channels));
}

void
TransformOutput(benchmark::State & state, const CpuKernels & kernels)
{
  // Two additions for each value along x and along y, and what is added up along z: 1, 2, 2 and 1 times four voxels.
  constexpr double operationsPerTile = 4 * (16 + 8) + 4 * (1 + 2 + 2 + 1);
  WinogradBlock    block(kernels);
  for (auto _ : state)
  {
    for (int frequency = 0; frequency < WinogradBlock::Frequencies; ++frequency)
    {
      for (std::int64_t tile = 0; tile < block.tiles; ++tile)
      {
        kernels.transformOutput(
          { block.coefficients.const_data_ptr<float>() + tile * WinogradBlock::Channels,
            block.tiles * WinogradBlock::Channels,
            WinogradBlock::Channels,
            frequency,
            block.sums.mutable_data_ptr<float>() + tile * WinogradBlock::OutputVoxels * WinogradBlock::Channels });
      }
    }
    benchmark::ClobberMemory();
  }
  SetOperations(state, operationsPerTile * static_cast<double>(block.tiles * WinogradBlock::Channels));
}

/** A hidden layer of the published encoders on a tile of LR voxels. Operations are those of its definition, so a method
 * that needs fewer shows a higher rate. */
struct HiddenConvolution
{
  static constexpr std::int64_t Channels = 64;
  static constexpr std::int64_t Size = 40;
  static constexpr double       Operations = 2.0 * 27 * Channels * Channels * Size * Size * Size;

  at::Tensor weight{ at::rand({ Channels, Channels, 3, 3, 3 }, at::kFloat) };
  at::Tensor bias{ at::rand({ Channels }, at::kFloat) };
  at::Tensor input{ at::rand({ Size, Size, Size, Channels }, at::kFloat) }; // [z, y, x, channel]
};

void
Convolve(benchmark::State & state, const CpuKernels & kernels, CpuConvolution::Method method)
{
  const c10::InferenceMode inferenceMode;
  const HiddenConvolution  hidden;
  const auto               convolution = CpuConvolution::New(kernels, hidden.weight, hidden.bias, method);
  at::Tensor               output = at::empty_like(hidden.input);
  CpuConvolution::Call     call;
  call.size = { HiddenConvolution::Size, HiddenConvolution::Size, HiddenConvolution::Size };
  call.box.end = call.size;
  call.frame.end = call.size;
  call.input = hidden.input.const_data_ptr<float>();
  call.inputStride = HiddenConvolution::Channels;
  call.output = output.mutable_data_ptr<float>();
  call.outputStride = HiddenConvolution::Channels;
  call.relu = true;
  for (auto _ : state)
  {
    convolution->Run(call);
    benchmark::ClobberMemory();
  }
  SetOperations(state, HiddenConvolution::Operations);
}

void
TorchConvolve(benchmark::State & state, at::MemoryFormat format)
{
  const c10::InferenceMode inferenceMode;
  const HiddenConvolution  hidden;
  const at::Tensor         weight = hidden.weight.contiguous(format);
  const at::Tensor         input = hidden.input.permute({ 3, 0, 1, 2 }).unsqueeze(0).contiguous(format);
  for (auto _ : state)
  {
    benchmark::DoNotOptimize(at::conv3d(input, weight, hidden.bias, 1, 1).relu_());
  }
  SetOperations(state, HiddenConvolution::Operations);
}

benchmark::internal::Benchmark *
Register(const std::string & name, const std::function<void(benchmark::State &)> & run)
{
  return benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime();
}

void
RegisterAll()
{
  using Method = CpuConvolution::Method;
  for (const ProductShape & shape : ShapesFor(GetCpuKernels()))
  {
    Register("multiply " + shape.GetName() + "/torch",
             [shape](benchmark::State & state) { TorchMultiply(state, shape); });
  }
  for (const CpuKernels * kernels : GetSupportedCpuKernels())
  {
    for (const ProductShape & shape : ShapesFor(*kernels))
    {
      Register(NameOf("multiply " + shape.GetName(), *kernels),
               [kernels, shape](benchmark::State & state) { Multiply(state, *kernels, shape); });
    }
    for (const std::int64_t columns : { 64, 400 })
    {
      Register(NameOf("blend-line " + std::to_string(columns), *kernels),
               [kernels, columns](benchmark::State & state) { BlendLine(state, *kernels, columns); });
    }
    for (const std::int64_t depth : { 64, 256 })
    {
      Register(NameOf("multiply-column " + std::to_string(depth), *kernels),
               [kernels, depth](benchmark::State & state) { MultiplyColumn(state, *kernels, depth); });
    }
    Register(NameOf("winograd-input 64", *kernels),
             [kernels](benchmark::State & state) { TransformInput(state, *kernels); });
    Register(NameOf("winograd-output 64", *kernels),
             [kernels](benchmark::State & state) { TransformOutput(state, *kernels); });
  }

  const std::string threads = ", threads: " + std::to_string(at::get_num_threads());
  const auto        registerConvolution = [&](const std::string & name, const auto & run) {
    Register("convolve 64-64 40^3/" + name + threads, run)->Unit(benchmark::kMillisecond);
  };
  registerConvolution("torch", [](benchmark::State & state) { TorchConvolve(state, at::MemoryFormat::Contiguous); });
  registerConvolution("torch channels_last_3d",
                      [](benchmark::State & state) { TorchConvolve(state, at::MemoryFormat::ChannelsLast3d); });
  for (const CpuKernels * kernels : GetSupportedCpuKernels())
  {
    registerConvolution(std::string("direct ") + kernels->name,
                        [kernels](benchmark::State & state) { Convolve(state, *kernels, Method::Direct); });
    registerConvolution(std::string("winograd ") + kernels->name,
                        [kernels](benchmark::State & state) { Convolve(state, *kernels, Method::Fastest); });
  }
}
} // namespace

int
main(int argc, char ** argv)
{
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
  {
    return 1;
  }
  RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
