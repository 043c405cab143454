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
#ifndef itkArSSRSliceProfileConsistency_h
#define itkArSSRSliceProfileConsistency_h

#include "itkArSSRDiscrepancyPrinciple.h"
#include "itkArSSRSignalMask.h"
#include "itkArSSRSliceProfileProjector.h"

namespace itk
{
/** \class ArSSRSliceProfileConsistency
 * \brief Makes a high-resolution (HR) image agree with the low-resolution (LR) scan it was made from.
 *
 * Iterative back-projection (Irani and Peleg 1991): \f$ x_{k+1} = x_k + \omega\, U (y - A x_k) \f$ with the LR scan
 * \f$ y \f$, the simulation \f$ A \f$ and the interpolation \f$ U \f$ of ArSSRSliceProfileProjector, and
 * \f$ \omega \f$ = 1.5. For profiles of the usual width the eigenvalues of \f$ A U \f$ lie between 0.07 and 1, so that
 * every step makes the residual smaller: smooth parts by half, the finest by a tenth.
 *
 * A residual of no more than the tolerance is taken for zero, and so is the residual of voxels outside the mask.
 * Regions count from the first voxel of an image's largest region; each output voxel is the same, bit for bit, whatever
 * region is requested.
 *
 * M. Irani and S. Peleg, "Improving resolution by image registration", CVGIP: Graphical Models and Image Processing
 * 53(3), 1991, https://doi.org/10.1016/1049-9652(91)90045-L
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRSliceProfileConsistency
{
public:
  using RegionType = ArSSRSliceProfileProjector::RegionType;
  using SizeType = ArSSRSliceProfileProjector::SizeType;
  using ParallelLoopType = ArSSRSliceProfileProjector::ParallelLoopType;

  /** Multiple of the interpolated residual that is added: above 1 for speed, below 2 so that nothing grows. */
  static constexpr double Relaxation = 1.5;

  /** Sizes of the residual over the LR voxels of a region that see the HR image. */
  struct Statistics
  {
    double        rootMeanSquare{ 0.0 };
    double        maximum{ 0.0 }; /**< of the absolute values */
    SizeValueType count{ 0 };
  };

  /** The requested regions: of the corrected HR image and of the residual, each of which can be empty. */
  struct Request
  {
    RegionType high;
    RegionType low;
  };

  /** Parameters of the correction. */
  struct Settings
  {
    unsigned int    iterations{ 0 };
    double          lastStep{ 1.0 };  /**< share of the last iteration's correction that is made */
    double          tolerance{ 0.0 }; /**< largest residual that is taken for zero */
    ArSSRSignalMask mask;             /**< LR voxels whose residual is corrected */
  };

  ArSSRSliceProfileConsistency() = default;
  ArSSRSliceProfileConsistency(const ArSSRSliceProfileProjector & projector, const Settings & settings);

  const Settings &
  GetSettings() const
  {
    return m_Settings;
  }

  /** HR and LR voxels that a request reads. */
  Request
  GetInput(const Request & request) const;

  /** HR voxels, along each HR axis, that a voxel of the corrected image reads around itself: the projector's halo times
   * the number of iterations. */
  SizeType
  GetHaloRadius() const;

  /** Loops that Run() calls when it does all iterations. */
  unsigned int
  GetNumberOfLoops() const;

  struct Result
  {
    ArSSRVoxelBlock
                 residual; /**< LR scan - simulated scan, after the last iteration; 0 where the HR image is not seen */
    Statistics   first;    /**< before the first iteration, over the LR voxels that it needed */
    Statistics   last;     /**< over the region asked for */
    unsigned int iterations{ 0 }; /**< done until the tolerance was met, or all */
  };

  /** \param high Holds the HR voxels of GetInput(), and afterwards the corrected ones of the request.
   * \param low Holds the LR voxels of GetInput(). */
  Result
  Run(const Request &          request,
      ArSSRVoxelBlock &        high,
      const ArSSRVoxelBlock &  low,
      const ParallelLoopType & loop) const;

  /** Gives the residual in a region, of whole LR slices, before the first iteration and after each of them to the
   * principle; ends where the principle is reached. The last step is a whole one.
   * \param high, low Hold the voxels of GetInput() for that LR region alone. */
  void
  Measure(const RegionType &          slices,
          ArSSRVoxelBlock &           high,
          const ArSSRVoxelBlock &     low,
          const ParallelLoopType &    loop,
          ArSSRDiscrepancyPrinciple & principle) const;

private:
  /** HR voxels that must be correct after each number of iterations, from 0 to all; each region contains the next. */
  std::vector<RegionType>
  GetHighRegions(const Request & request) const;

  /** LR scan minus simulated scan; NaN where nothing is seen. */
  ArSSRVoxelBlock
  Residual(const RegionType &       region,
           const ArSSRVoxelBlock &  high,
           const ArSSRVoxelBlock &  low,
           const ParallelLoopType & loop) const;

  /** Sets what is not seen to 0 and measures the rest. */
  static Statistics
  GetStatistics(ArSSRVoxelBlock & residual);

  /** Sets what is not to be corrected to 0. */
  void
  Restrict(ArSSRVoxelBlock & residual, const ArSSRVoxelBlock & low) const;

  ArSSRSliceProfileProjector m_Projector;
  Settings                   m_Settings;
};
} // end namespace itk

#endif // itkArSSRSliceProfileConsistency_h
