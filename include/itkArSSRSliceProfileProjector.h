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
#ifndef itkArSSRSliceProfileProjector_h
#define itkArSSRSliceProfileProjector_h

#include "itkArSSRAcquisition.h"
#include "itkArSSRIndexMap.h"
#include "itkArSSRVoxelBlock.h"

#include <array>
#include <functional>
#include <limits>
#include <vector>

namespace itk
{
namespace arssr
{
struct VoxelInterval;
}

/** \class ArSSRSliceProfileProjector
 * \brief Simulates a low-resolution (LR) scan from a high-resolution (HR) image, and carries LR residuals back.
 *
 * The two grids can have any position and orientation relative to each other: \f$ c = M h + b \f$ gives the LR
 * continuous index \f$ c \f$ of HR voxel \f$ h \f$. All indices and regions count from the first voxel of the
 * respective image's largest region.
 *
 * \par Simulation
 * An LR voxel is the normalised sum of the HR voxels under the product of three ArSSRPointSpread along the LR image's
 * axes, which an ArSSRAcquisition describes. HR voxels outside the image are left out. A point spread's unit is the HR
 * spacing along its axis, \f$ \sqrt{\sum_i (s_i\, \mathbf{h}_i \cdot \mathbf{l})^2} \f$ for HR
 * directions \f$ \mathbf{h}_i \f$ and spacings \f$ s_i \f$ and LR direction \f$ \mathbf{l} \f$; an axis that is not
 * made coarser is sampled linearly.
 *
 * \par Correction
 * HR voxels inside the LR image's extent get a multiple of the residual at their place, interpolated with the Lanczos
 * kernel of three lobes, normalised; beyond the LR image's ends its outer voxels are repeated.
 *
 * Where the axes of the grids are parallel, in any order and direction, both are done one axis after another; else by
 * direct sums. The grids' axes are treated as parallel when that moves no voxel by more than `ParallelTolerance`.
 *
 * A voxel's value does not depend on the requested region, bit for bit.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRSliceProfileProjector
{
public:
  using RegionType = ArSSRVoxelBlock::RegionType;
  using IndexType = ArSSRVoxelBlock::IndexType;
  using SizeType = ArSSRImageGeometry::SizeType;
  using ContinuousIndexType = ArSSRIndexMap::ContinuousIndexType;
  using WidthsType = FixedArray<double, 3>;
  using MatrixType = Matrix<double, 3, 3>;

  /** Calls the function for 0 … count - 1, in any order, possibly in parallel. */
  using ParallelLoopType = std::function<void(SizeValueType count, const std::function<void(SizeValueType)> & body)>;

  /** In LR voxels, over the whole HR image. Rounding of direction matrices in file headers stays below it. */
  static constexpr double ParallelTolerance = 1e-3;

  /** Value of simulated voxels that see nothing: NaN. */
  static constexpr float Unseen = std::numeric_limits<float>::quiet_NaN();

  /** Extent accepted beyond an image's outer faces, in its voxels, to absorb rounding in physical coordinates. */
  static constexpr double ExtentTolerance = 1e-6;

  /** Which HR voxels an LR voxel sees: all, or only those whose centre is in the LR image's extent. */
  enum class Sees
  {
    AllVoxels,
    VoxelsInsideLow
  };

  enum class Method
  {
    Automatic,
    Direct /**< direct sums even if the axes are parallel: slow, for comparison */
  };

  ArSSRSliceProfileProjector() = default;

  /** \param high, low The two grids. \param acquisition How the LR scan was taken; unknown parts are resolved with the
   * LR spacing. \throws ExceptionObject for grids without voxels or that cannot be inverted. */
  ArSSRSliceProfileProjector(const ArSSRImageGeometry & high,
                             const ArSSRImageGeometry & low,
                             const ArSSRAcquisition &   acquisition,
                             Sees                       sees = Sees::AllVoxels,
                             Method                     method = Method::Automatic);

  /** With Gaussians. \param fwhm Full width at half maximum along each axis of the LR image, in mm; 0 stands for the LR
   * spacing. \throws ExceptionObject also for widths that are negative or not finite. */
  ArSSRSliceProfileProjector(const ArSSRImageGeometry & high,
                             const ArSSRImageGeometry & low,
                             const WidthsType &         fwhm,
                             Sees                       sees = Sees::AllVoxels,
                             Method                     method = Method::Automatic);

  /** Whether it works one axis after another. */
  bool
  IsSeparable() const
  {
    return m_IsSeparable;
  }

  /** Whether the LR image has larger voxels than the HR image along any of its axes. */
  bool
  IsCoarser() const;

  /** Loops that Simulate() runs; Correct() runs one. For progress. */
  unsigned int
  GetNumberOfSimulationLoops() const
  {
    return m_IsSeparable ? 2 : 1;
  }

  /** The whole LR image. */
  RegionType
  GetLowRegion() const
  {
    return RegionType(m_LowSize);
  }

  /** HR voxels that the simulation of an LR region reads; of size zero when there are none. */
  RegionType
  GetHighRegion(const RegionType & low) const;

  /** LR voxels that the correction of an HR region reads; of size zero when there are none. */
  RegionType
  GetLowRegion(const RegionType & high) const;

  /** HR voxels, along each HR axis, that a voxel of the corrected image reads around itself in one round of simulation
   * and correction. */
  SizeType
  GetHaloRadius() const;

  /** Whether an LR voxel's centre lies in the HR image's extent, the box up to the outer faces of its outer voxels. */
  bool
  IsInsideHigh(const IndexType & low) const;

  /** Whether an HR voxel's centre lies in the LR image's extent. */
  bool
  IsInsideLow(const IndexType & high) const;

  /** Fills `low` for its region. LR voxels whose centre is outside the HR image's extent, or that see no HR voxel, get
   * NaN.
   * \param high Must hold GetHighRegion() of that region. */
  void
  Simulate(const ArSSRVoxelBlock & high, ArSSRVoxelBlock & low, const ParallelLoopType & loop) const;

  /** Adds `factor` × the interpolated residual to the voxels `where` of `high`.
   * \param residual Must hold GetLowRegion() of that region. */
  void
  Correct(const ArSSRVoxelBlock &  residual,
          double                   factor,
          const RegionType &       where,
          ArSSRVoxelBlock &        high,
          const ParallelLoopType & loop) const;

private:
  void
  MakeSeparableWhereParallel();

  void
  SimulateSeparably(const ArSSRVoxelBlock & high, ArSSRVoxelBlock & low, const ParallelLoopType & loop) const;
  void
  SimulateDirectly(const ArSSRVoxelBlock & high, ArSSRVoxelBlock & low, const ParallelLoopType & loop) const;
  void
  CorrectSeparably(const ArSSRVoxelBlock &  residual,
                   double                   factor,
                   const RegionType &       where,
                   ArSSRVoxelBlock &        high,
                   const ParallelLoopType & loop) const;
  void
  CorrectDirectly(const ArSSRVoxelBlock &  residual,
                  double                   factor,
                  const RegionType &       where,
                  ArSSRVoxelBlock &        high,
                  const ParallelLoopType & loop) const;

  static bool
  IsInsideExtent(double index, SizeValueType size);

  /** Voxels of the line of HR voxels through `high`, along an HR axis, that LR voxels may see as far as one of the LR
   * image's axes is concerned. */
  arssr::VoxelInterval
  GetSeenVoxels(unsigned int highAxis, unsigned int lowAxis, const IndexType & high) const;

  /** LR continuous index of an HR voxel along an LR axis, and the reverse. */
  double
  GetLowIndex(unsigned int lowAxis, const IndexType & high) const;
  double
  GetHighIndex(unsigned int highAxis, const IndexType & low) const;

  SizeType   m_HighSize{};
  SizeType   m_LowSize{};
  MatrixType m_Matrix;      // [LR axis][HR axis]: LR index per HR index
  MatrixType m_Inverse;     // [HR axis][LR axis]
  WidthsType m_Offset{};    // LR index of HR voxel (0,0,0)
  WidthsType m_VoxelSize{}; // of an HR voxel along each LR axis, in LR voxels
  WidthsType m_Support{};   // radius of the point spread along each LR axis, in LR voxels
  WidthsType m_Reach{};     // radius of the interpolation kernel along each LR axis, in LR voxels

  std::array<ArSSRPointSpread, 3> m_Spreads; // along each LR axis, in m_VoxelSize

  Sees                        m_Sees{ Sees::AllVoxels };
  bool                        m_IsSeparable{ false };
  std::array<unsigned int, 3> m_LowAxis{ { 0, 1, 2 } }; // parallel to each HR axis
};
} // end namespace itk

#endif // itkArSSRSliceProfileProjector_h
