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
#ifndef ArSSRPrecision_h
#define ArSSRPrecision_h

#include <ATen/Context.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace itk::arssr
{
/** \brief Precision of the network's arithmetic. Sums are in single precision or better in all of them. */
enum class Precision
{
  Auto,
  Float32,
  TensorFloat32, /**< single precision whose products have 10 bits of mantissa */
  BFloat16,
  Float16
};

/** From `auto`, `float32`, `tensorfloat32`, `bfloat16` or `float16`. \throws ExceptionObject for anything else. */
Precision
ParsePrecision(const std::string & name);

std::string
ToText(Precision precision);

/** Replaces Auto by bfloat16 on a GPU that has it, by float32 elsewhere. Others stay as they are.
 * \throws ExceptionObject for a precision that the device does not have. */
Precision
ResolvePrecision(Precision precision, const c10::Device & device);

/** Type in which weights and activations are stored. */
c10::ScalarType
GetScalarType(Precision precision);

/** \brief Makes torch's single-precision operations on a device use TensorFloat-32, or true single precision, until the
 * end of the scope.
 *
 * torch lets cuDNN use TensorFloat-32 by default, and an application may have allowed it, or bfloat16, elsewhere. These
 * are settings of torch for the whole process, so that scopes of all threads are counted together. While one of them
 * asks for single precision, all have it: more precision harms no scope for TensorFloat-32, but less would be wrong for
 * single precision. No scope waits for another. The last one to end restores what was set before the first, or what an
 * application has set meanwhile. Settings that are right already, and those of other devices, are not touched.
 */
class PrecisionScope
{
public:
  PrecisionScope(const c10::Device & device, Precision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope &) = delete;
  PrecisionScope &
  operator=(const PrecisionScope &) = delete;

private:
  bool m_IsOnCUDA;
  bool m_AllowsTF32;
};
} // namespace itk::arssr

#endif
