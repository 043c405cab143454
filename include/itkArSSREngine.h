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
#ifndef itkArSSREngine_h
#define itkArSSREngine_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRTileLattice.h"
#include "itkArSSRModel.h"

#include "itkObject.h"
#include "itkObjectFactory.h"

#include <functional>
#include <memory>
#include <string>

namespace itk
{
namespace arssr
{
class Runner;
}

/** \class ArSSREngine
 * \brief Runs an ArSSRModel over a region of an output grid, tile by tile, on a device and within a memory budget.
 *
 * The LR image is cut into tiles (PlanTiles()) that depend on its size, the model and the budget alone. For each tile
 * that a job touches, the engine encodes its input region once and decodes the output voxels that the tile owns. On the
 * CPU, in float32, a value has the same bits for any requested region, any tiles and any number of threads. The tiles
 * of a mirrored pass are the mirrored tiles.
 *
 * Features of encoded tiles are kept as far as the budget allows, and reused by later jobs whose input voxels are
 * identical; the voxels themselves are compared, so a stale tile is never used.
 *
 * Intensities here are on the network's scale; scaling is the caller's task. Errors of torch and CUDA reach the caller
 * as ExceptionObject.
 *
 * One engine runs one job at a time; several engines can share a model.
 *
 * \sa ArbitraryScaleSuperResolutionImageFilter
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSREngine : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSREngine);

  using Self = ArSSREngine;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSREngine);

  using SizeType = ArSSRTileLattice::SizeType;
  using IndexType = ArSSRTileLattice::IndexType;
  using RegionType = ArSSRTileLattice::RegionType;

  /** MiB; enough for common clinical volumes without many tiles. */
  static constexpr SizeValueType DefaultMemoryBudget = 4096;

  /** Takes `count` values of output voxels in a row along x, from an index on. */
  using WriteFunction = std::function<void(const IndexType & first, const float * values, SizeValueType count)>;

  /** What to compute, and how voxels come in and go out. */
  struct Job
  {
    ArSSRTileLattice lattice;
    ArSSRIndexMap    indexMap;
    RegionType       outputRegion;

    /** Whether values are kept within the range of the LR voxels around them: that of the 3×3×3 LR voxels around each
     * LR voxel, widened at both ends by its own width, but at most by the margin; interpolated linearly between LR
     * voxels.
     */
    bool  boundToNeighborhood{ false };
    float boundMargin{ 0.0F };

    /** Fills `buffer` with the intensities of an LR region, x fastest; the region counts from the image's first voxel.
     */
    std::function<void(const RegionType & region, float * buffer)> readInput;

    /** Receives all voxels of `outputRegion` inside the input's extent, and no others. Called from several threads, for
     * different voxels; once for each voxel, unless memory ran out in between. */
    WriteFunction writeOutput;

    /** Receives the standard deviation of the same voxels over the passes, before values are bounded, if there are at
     * least two passes. May be empty. */
    WriteFunction writeDeviation;

    /** Receives the fraction done, 0 to 1, on the thread that called Run(), at least after every layer of a tile's
     * encoder and every few tens of thousands of voxels. May throw to stop. */
    std::function<void(float fraction)> reportProgress;
  };

  /** The model must not be empty when tiles are planned or a job is run. */
  void
  SetModel(const ArSSRModel * model);
  const ArSSRModel *
  GetModel() const;

  /** `auto` (the first CUDA device, or the CPU if there is none), `cpu`, `cuda` or `cuda:N`.
   * \throws ExceptionObject for anything else, and for a CUDA device that does not exist. */
  void
  SetDevice(const std::string & device);

  /** The device in use after `auto` is resolved: `cpu` or `cuda:N`. */
  std::string
  GetResolvedDevice() const;

  /** Precision of the network's arithmetic: `float32` (the default, never TensorFloat32), `tensorfloat32`, `bfloat16`,
   * `float16`, or `auto`: bfloat16 on a GPU with compute capability 8.0 or above, float32 elsewhere. A CPU has bfloat16
   * if it has AVX512-BF16 or AMX. The device is checked when tiles are planned or a job is run.
   * \throws ExceptionObject for anything else. */
  void
  SetPrecision(const std::string & precision);

  /** The precision in use after `auto` is resolved.
   * \throws ExceptionObject when the device does not support it. */
  std::string
  GetResolvedPrecision() const;

  /** What computed the last job: `CPU kernels (avx2)` with the name of the set of kernels, `torch (cuda:0)`, or `fused
   * CUDA decoder, torch encoder (cuda:0)`. Empty before the first one. If the CUDA kernel library cannot be loaded,
   * torch runs the decoder on a GPU, and a warning says so once. */
  std::string
  GetResolvedExecutor() const;

  /** How often a job's voxels are computed: 1 (the default), 2, 4 or 8 times, each time from a copy of the LR image
   * mirrored along different axes. A job receives the mean, rounded to single precision once. In order, the passes
   * mirror no axis, x y z, z, x y, x, y z, y and x z.
   * \throws ExceptionObject for another number. */
  void
  SetNumberOfPasses(unsigned int passes);
  unsigned int
  GetNumberOfPasses() const;

  /** Memory for activations, feature tiles and decoder blocks together, in MiB, on the device. */
  itkSetMacro(MemoryBudget, SizeValueType);
  itkGetConstMacro(MemoryBudget, SizeValueType);

  /** Threads that torch may use on the CPU; zero leaves torch's own setting. */
  itkSetMacro(NumberOfThreads, unsigned int);
  itkGetConstMacro(NumberOfThreads, unsigned int);

  /** The lattice with the least encoding work that fits the budget, for the number of passes that is set.
   * \throws ExceptionObject when nothing fits; the message states the smallest budget that does. */
  ArSSRTileLattice
  PlanTiles(const SizeType & imageSize) const;

  /** \return how many voxels were bounded, by more than a thousandth of the network's range.
   * \throws ExceptionObject on failure, and what the job's functions throw. The engine can be used again. */
  SizeValueType
  Run(const Job & job);

  /** Drops the features kept from earlier jobs. */
  void
  ReleaseFeatures();

  /** Tiles encoded since the engine was made: for tests and statistics. */
  SizeValueType
  GetNumberOfEncodedTiles() const;

  /** Bytes of features currently kept. */
  SizeValueType
  GetFeatureCacheSize() const;

protected:
  ArSSREngine();
  ~ArSSREngine() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  std::unique_ptr<arssr::Runner> m_Runner;

  ArSSRModel::ConstPointer m_Model;
  SizeValueType            m_MemoryBudget{ DefaultMemoryBudget };
  unsigned int             m_NumberOfThreads{ 0 };
};
} // end namespace itk

#endif // itkArSSREngine_h
