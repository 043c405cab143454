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
#ifndef ArSSRCpuLineSampler_h
#define ArSSRCpuLineSampler_h

#include "cpu/ArSSRCpuSpanSampler.h"
#include "network/ArSSRSkipTaps.h"

#include <array>
#include <limits>
#include <vector>

namespace itk::arssr
{
/** \brief For grids parallel to the LR grid: interpolates one axis after the other, with the first layers in between.
 *
 * Interpolation and linear layers commute, so the layers are applied where there are the fewest rows: features are
 * interpolated along z for a line of LR voxels, the layers are applied to that line, two such lines are interpolated
 * along y, and only then each voxel along x. Lines of LR voxels are kept from one line of the output to the next.
 */
class CpuLineSampler : public CpuSpanSampler
{
public:
  /** Whether the grids are parallel, with so few LR voxels for each voxel of an output plane that this pays. */
  static bool
  IsFaster(const ArSSRIndexMap & indexMap);

  explicit CpuLineSampler(const CpuDecodeContext & context);

  void
  Fill(const OutputSpan & span, float * first, float * interpolated) override;

  static std::int64_t
  GetScratchBytes(const CpuPerceptron & perceptron);

private:
  /** The voxels of a span along x and the part of a line of LR voxels that they need; the same for all lines, as the
   * grids are parallel. */
  struct Part
  {
    IndexValueType                start{ 0 }; /**< output index along x */
    SizeValueType                 count{ 0 };
    std::int64_t                  begin{ 0 }; /**< counted from the tile's first voxel */
    std::int64_t                  size{ 0 };
    std::vector<LineBlend::Voxel> voxels; /**< rows are counted from `begin` */
  };

  /** The same for the LR intensities, whose border is continued. */
  struct SkipPart
  {
    std::int64_t                          begin{ 0 }; /**< counted from the tile's first intensity */
    std::int64_t                          size{ 0 };
    std::int64_t                          before{ 0 }; /**< copies of the first intensity in front of it */
    std::int64_t                          after{ 0 };  /**< copies of the last one behind it */
    std::vector<LineInterpolation::Voxel> voxels;
  };

  /** First values of a line of LR voxels, interpolated along z; `y` is -1 where they are not valid. */
  struct Line
  {
    std::int64_t       y{ -1 };
    std::vector<float> values; // [x, first column]
  };

  static constexpr double NoPosition = std::numeric_limits<double>::quiet_NaN();

  /** Drops the lines kept unless they belong to the span's part and to its position along z. */
  void
  Move(const OutputSpan & span, double z);

  void
  SetPart(const OutputSpan & span);

  void
  SetSkipPart(const OutputSpan & span);

  const float *
  GetLine(std::int64_t y);

  void
  AddCoordinate(std::vector<float> & bias, std::int64_t coordinate, float value) const;

  /** Sets what all voxels of a line add to their first values. */
  void
  SetLineBias(double z, double y);

  void
  InterpolateSkip(double z, double y, float * interpolated) const;

  double              m_Z{ NoPosition };
  AxisSample          m_ZSample{};
  Part                m_Part;
  SkipPart            m_SkipPart;
  std::array<Line, 2> m_Lines;
  std::vector<float>  m_Features; // [x, channel], interpolated along z
  std::vector<float>  m_Row;      // [x, first column], interpolated along z and y
  std::vector<float>  m_Bias;     // of all lines
  std::vector<float>  m_LineBias;
};
} // namespace itk::arssr

#endif
