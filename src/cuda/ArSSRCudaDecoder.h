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
#ifndef ArSSRCudaDecoder_h
#define ArSSRCudaDecoder_h

#include <cstddef>
#include <cstdint>

/** \file
 * The interface between this module and its CUDA library: plain structures and a table of functions, without headers of
 * torch or CUDA. Both sides are built from this file; CudaInterfaceVersion grows when it changes.
 */
namespace itk::arssr
{
constexpr std::uint32_t CudaInterfaceVersion = 1;

/** \brief Number format of features, weights and activations. Sums are float32. */
enum class CudaFormat : std::int32_t
{
  BFloat16 = 0,
  Float16 = 1,
  TensorFloat32 = 2, /**< float32 in memory; products have 10 bits of mantissa */
};

/** \brief Which rows a layer reads. */
enum class CudaSource : std::int32_t
{
  Inputs = 0,      /**< the sampled features and coordinates, to which a first stage is added */
  Activations = 1, /**< the output of the layer before */
};

/** \brief What is done with a layer's output, after a ReLU. */
enum class CudaResult : std::int32_t
{
  Activations = 0, /**< input of the next layer */
  AddToInputs = 1, /**< last layer of a first stage */
  Output = 2,      /**< last hidden layer: its products with the output weights are summed and stored */
};

/** \brief A layer as the kernel runs it. The output layer is run as part of the last hidden one. */
struct CudaDecoderLayer
{
  std::int64_t offset;       /**< of the layer's biases and weights from the first packed byte */
  std::int32_t steps;        /**< of the matrix product along the layer's inputs */
  std::int32_t tilesPerWarp; /**< of 16 columns; columns beyond the layer's outputs have zero weights */
  CudaSource   source;
  CudaResult   result;
};

// An architecture has at most two stages of 32 layers; the output layer does not count.
constexpr int CudaMaximumLayers = 63;

/** \brief A network as the kernel runs it, and how a thread block's shared memory is divided. Made by
 * PlanCudaDecoder().
 *
 * Rows are voxels. Lengths in bytes unless their names say otherwise.
 */
struct CudaDecoderPlan
{
  CudaFormat   format;
  std::int32_t width;       /**< of the kernel: 64, 128 or 256 columns */
  std::int32_t rows;        /**< of a tile, which a thread block computes together */
  std::int32_t channels;    /**< of the features */
  std::int32_t coordinates; /**< 3 or 6 */
  std::int32_t inputs;      /**< columns of an input row with its padding */
  std::int32_t inputStride;
  std::int32_t activationStride;

  std::int32_t inputsOffset; /**< in shared memory: input rows, … */
  std::int32_t activationsOffset;
  std::int32_t ringOffset; /**< slices of weights, CudaStages of them, … */
  std::int32_t outputWeightsOffset;
  std::int32_t partialsOffset; /**< float32 sums of the output layer, [warp along the columns, row], and … */
  std::int32_t skipsOffset;    /**< of the interpolation skip, [part, row] */
  std::int32_t sharedBytes;

  std::int32_t     endsWithReLU;
  float            outputBias;
  std::int64_t     packedBytes; /**< of all weights */
  std::int32_t     layerCount;
  CudaDecoderLayer layers[CudaMaximumLayers];
};

/** \brief Output voxels in a row along x. */
struct CudaSpan
{
  std::int32_t start[3]; /**< (x, y, z), from the output index that the index map starts at */
  std::int32_t count;
  std::int64_t first; /**< voxels in the spans before it */
};

/** \brief Voxels to decode. Pointers are the device's; LR positions and sizes are (z, y, x), in LR voxels. */
struct CudaDecodeArguments
{
  const void *     features;    /**< [z, y, x, channel], in the plan's format, aligned to 16 bytes */
  const float *    intensities; /**< [z, y, x], LR image for the skip; may be null without one */
  const CudaSpan * spans;       /**< [span], none empty, `first` growing from 0 */
  const void *     weights;     /**< PackCudaWeights(), aligned to 16 bytes */
  float *          output;      /**< [voxel], the spans' voxels one after the other */

  std::int64_t voxelCount;
  std::int64_t spanCount;

  std::int32_t imageSize[3]; /**< of the whole LR image */
  std::int32_t featureOrigin[3];
  std::int32_t featureExtent[3];
  std::int32_t intensityOrigin[3];
  std::int32_t intensityExtent[3];

  double matrix[3][3]; /**< ArSSRIndexMap::GetMatrix(), rows and columns x first */
  double offset[3];    /**< ArSSRIndexMap::GetOffset(), x first */
  double voxelSize[3]; /**< of an HR voxel in LR voxels, (z, y, x); local coordinates have it */

  std::int32_t borderPadding; /**< whether features outside the image are its border's, not zero */
  std::int32_t skipTaps;      /**< 0: no skip, 2: trilinear, 4: cubic */
};

/** \brief What a GPU has room for. */
struct CudaDeviceLimits
{
  std::int32_t computeCapability; /**< 10 · major + minor */
  std::int32_t multiprocessors;
  std::int32_t sharedBytesPerBlock;
};

/** \brief The CUDA library's functions. They return 0, or something else after writing why to `message`. */
struct CudaDecoderFunctions
{
  std::uint32_t version; /**< CudaInterfaceVersion of the library */
  std::uint32_t planBytes;
  std::uint32_t argumentBytes;

  int (*getDeviceLimits)(int device, CudaDeviceLimits * limits, char * message, std::size_t messageBytes);

  /** Starts the decoding on a stream (a cudaStream_t) of the device and does not wait for it. */
  int (*decode)(const CudaDecoderPlan *     plan,
                const CudaDecodeArguments * arguments,
                int                         device,
                void *                      stream,
                char *                      message,
                std::size_t                 messageBytes);
};
} // namespace itk::arssr

/** Name of the one function that the library exports, and its type. */
#define ARSSR_CUDA_ENTRY_POINT "ArSSRGetCudaDecoderFunctions"
extern "C"
{
  using ArSSRCudaEntryPoint = const itk::arssr::CudaDecoderFunctions * (*)();
}

#endif
