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
#ifndef ArSSRLargeBuffer_h
#define ArSSRLargeBuffer_h

#include <ATen/core/Tensor.h>

namespace itk::arssr
{
/** \brief A float32 tensor [rows, columns] on the CPU, not initialised, whose memory goes back to the system when it is
 * destroyed.
 *
 * The C library holds back tens of MiB of freed memory for later, too much to keep a memory budget.
 * \throws std::bad_alloc */
at::Tensor
MakeLargeBuffer(std::int64_t rows, std::int64_t columns);
} // namespace itk::arssr

#endif
