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
#ifndef ArSSRNamedTensor_h
#define ArSSRNamedTensor_h

#include <ATen/core/Tensor.h>

#include <string>

namespace itk::arssr
{
/** A contiguous tensor in main memory, of a network or from a file; then of the file's type (float32, float16,
 * bfloat16 or float64). */
struct NamedTensor
{
  std::string name;
  at::Tensor  tensor;
};
} // namespace itk::arssr

#endif
