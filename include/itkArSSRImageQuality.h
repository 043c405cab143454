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
#ifndef itkArSSRImageQuality_h
#define itkArSSRImageQuality_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkIntTypes.h"
#include "itkSize.h"

#include <functional>

namespace itk
{
/** \class ArSSRImageQuality
 * \brief Mean squared error and structural similarity of a volume against a true one, both given row by row.
 *
 * The structural similarity is that of Wang et al. in three dimensions: local means, variances and covariance under a
 * Gaussian window of 1.5 voxels standard deviation cut to 11 x 11 x 11 voxels, K1 = 0.01, K2 = 0.03, without sample
 * correction, averaged over the voxels whose whole window lies in the volume. ITK's GaussianOperator is not used: its
 * weights are those of the discrete Gaussian (Bessel functions), the measure's are samples of the continuous one.
 *
 * All arithmetic is in double precision. The volume is cut into blocks of a fixed size that run on ITK's threads, and
 * their sums are added in a fixed order: results do not depend on the number of threads. A thread needs memory for a
 * block of rows, whatever the number of rows and planes of the volume.
 *
 * Wang Z. et al., "Image quality assessment: from error visibility to structural similarity", IEEE Transactions on
 * Image Processing 13(4), 2004, doi:10.1109/TIP.2003.819861.
 *
 * \sa ArSSRImageQualityCalculator
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRImageQuality
{
public:
  using SizeType = Size<3>;

  /** Writes the voxels of row `y` of plane `z`, as many as the volume has along x. Called from several threads. */
  using RowReader = std::function<void(SizeValueType y, SizeValueType z, double * row)>;

  /** What one pass over both volumes gives. */
  struct Errors
  {
    double meanSquaredError{ 0.0 };
    double truthMinimum{ 0.0 };
    double truthMaximum{ 0.0 };
  };

  /** Voxels from the middle of the window to its end, along each axis. */
  static constexpr SizeValueType WindowRadius = 5;
  static constexpr SizeValueType WindowWidth = 2 * WindowRadius + 1;

  /** Size in voxels, x first.
   * \throws ExceptionObject for a volume without voxels. */
  ArSSRImageQuality(const SizeType & size, RowReader truth, RowReader image);

  /** Volumes in memory, [z, y, x], which must outlive this object. */
  ArSSRImageQuality(const SizeType & size, const float * truth, const float * image);

  /** \throws ExceptionObject for voxels that are NaN or infinite. */
  Errors
  ComputeErrors() const;

  /** Mean over all whole windows, at most 1. Call ComputeErrors() first where voxels may be NaN or infinite.
   * \throws ExceptionObject for a volume smaller than the window and for a range that is not above zero. */
  double
  ComputeStructuralSimilarity(double valueRange) const;

  /** 10 log10(range² / mean squared error) in dB; infinite for equal volumes.
   * \throws ExceptionObject for a range that is not above zero. */
  static double
  PeakSignalToNoiseRatio(double meanSquaredError, double valueRange);

private:
  SizeType  m_Size;
  RowReader m_Truth;
  RowReader m_Image;
};
} // end namespace itk

#endif // itkArSSRImageQuality_h
