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
#include "itkArSSRGrid.h"
#include "itkArSSRModel.h"

#include "itkObject.h"
#include "itkObjectFactory.h"

#include <functional>
#include <memory>
#include <string>

namespace itk
{
/** \class ArSSREngine
 * \brief Runs an ArSSRModel over a region of an output grid, tile by tile, on a device and within a memory budget.
 *
 * The LR image is cut into tiles (PlanTiles()) that depend on its size, the model and the budget alone. For each tile
 * that a job touches, the engine encodes its input region once and decodes the output voxels that the tile owns in
 * blocks that are fixed to the output grid. So on the CPU the values are the same, bit for bit, whatever region is
 * asked for.
 *
 * Features of encoded tiles are kept, as far as the budget goes, and used again by later jobs whose input voxels are
 * the very same; the voxels themselves are compared, so a stale tile is never used.
 *
 * Intensities here are those that the network works with: scaling is the caller's. Errors of torch and CUDA reach the
 * caller as ExceptionObject.
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

  /** MiB that are enough for common clinical volumes without many tiles. */
  static constexpr SizeValueType DefaultMemoryBudget = 4096;

  /** What to compute, and how voxels come in and go out. */
  struct Job
  {
    ArSSRTileLattice lattice;
    ArSSRIndexMap    indexMap;
    RegionType       outputLargestRegion;
    RegionType       outputRegion;

    /** Fills `buffer` with the intensities of an LR region, x fastest; the region counts from the image's first voxel.
     */
    std::function<void(const RegionType & region, float * buffer)> readInput;

    /** Takes `count` values at output indices inside `outputRegion`. Called from several threads, each index once.
     * Voxels outside the input's extent are not reported. */
    std::function<void(const IndexType * indices, const float * values, SizeValueType count)> writeOutput;

    /** Told the fraction done, 0 to 1, from the thread that called Run(), at least after every tile. May throw to stop.
     */
    std::function<void(float fraction)> reportProgress;
  };

  /** The model must not be empty when tiles are planned or a job is run. */
  void
  SetModel(const ArSSRModel * model);
  const ArSSRModel *
  GetModel() const;

  /** `auto` (the first CUDA device, or the CPU where there is none), `cpu`, `cuda` or `cuda:N`.
   * \throws ExceptionObject for anything else, and for a CUDA device that is not there. */
  void
  SetDevice(const std::string & device);

  /** The device in use after `auto` is resolved: `cpu` or `cuda:N`. */
  std::string
  GetResolvedDevice() const;

  /** Memory for activations, feature tiles and decoder blocks together, in MiB, on the device. */
  itkSetMacro(MemoryBudget, SizeValueType);
  itkGetConstMacro(MemoryBudget, SizeValueType);

  /** Threads that torch may use on the CPU; zero leaves torch's own setting. */
  itkSetMacro(NumberOfThreads, unsigned int);
  itkGetConstMacro(NumberOfThreads, unsigned int);

  /** The lattice with the least encoding work that fits the budget.
   * \throws ExceptionObject when nothing fits; the message has the smallest budget that does. */
  ArSSRTileLattice
  PlanTiles(const SizeType & imageSize) const;

  /** \throws ExceptionObject on failure, and what the job's functions throw. The engine can be used again. */
  void
  Run(const Job & job);

  /** Forgets the features kept from earlier jobs. */
  void
  ReleaseFeatures();

  /** Tiles encoded since the engine was made: for tests and statistics. */
  SizeValueType
  GetNumberOfEncodedTiles() const;

  /** Bytes of features kept at the moment. */
  SizeValueType
  GetFeatureCacheSize() const;

protected:
  ArSSREngine();
  ~ArSSREngine() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  class Implementation;
  std::unique_ptr<Implementation> m_Implementation;

  ArSSRModel::ConstPointer m_Model;
  SizeValueType            m_MemoryBudget{ DefaultMemoryBudget };
  unsigned int             m_NumberOfThreads{ 0 };
};
} // end namespace itk

#endif // itkArSSREngine_h
