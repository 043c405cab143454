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
#include "platform/ArSSRLargeBuffer.h"

#include <ATen/ATen.h>

#if defined(__unix__) || defined(__APPLE__)
#  include <new>
#  include <sys/mman.h>
#endif

namespace itk::arssr
{
at::Tensor
MakeLargeBuffer(std::int64_t rows, std::int64_t columns)
{
#if defined(__unix__) || defined(__APPLE__)
  // Pages of its own from the kernel. They come zeroed and take memory when first written; munmap() gives them back at
  // once, whereas free() may keep them in the C library's heap.
  const auto bytes = static_cast<std::size_t>(rows * columns) * sizeof(float);
  // mmap() refuses zero bytes; torch makes an empty tensor.
  if (bytes > 0)
  {
    void * const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
    {
      throw std::bad_alloc();
    }
    const auto release = [bytes](void * address) {
      munmap(address, bytes);
    };
    return at::from_blob(memory, { rows, columns }, release, at::kFloat);
  }
#endif
  return at::empty({ rows, columns }, at::kFloat);
}
} // namespace itk::arssr
