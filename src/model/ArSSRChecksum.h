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
#ifndef ArSSRChecksum_h
#define ArSSRChecksum_h

#include <cstdint>

namespace itk::arssr
{
/** CRC-32 of zip archives (ISO 3309, reflected polynomial 0xEDB88320). Start with zero; feed the result back in to go
 * on with further bytes. */
std::uint32_t
UpdateChecksum(std::uint32_t checksum, const void * data, std::uint64_t count);
} // namespace itk::arssr

#endif
