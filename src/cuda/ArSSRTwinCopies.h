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
#ifndef ArSSRTwinCopies_h
#define ArSSRTwinCopies_h

#include "cuda/ArSSRFusedDecoderFormats.h"

#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief Asynchronous copies of 16 bytes on the host: CudaWarp's `cp.async`.
 *
 * They happen as late as a GPU may do them: when they are waited for. Until then their destination holds NaN, so that a
 * read that comes too early, or a slot that is refilled too early, shows in the output.
 */
class TwinCopies
{
public:
  void
  CopyAsync(std::uint8_t * to, const std::uint8_t * from)
  {
    StoreAs(to, CudaWords{ { ~0U, ~0U, ~0U, ~0U } });
    m_Copies.push_back({ to, from, m_Commits });
  }
  void
  CommitCopies()
  {
    ++m_Commits;
  }
  /** Does all copies but those of the last VPending commits. */
  template <int VPending>
  void
  WaitForCopies()
  {
    std::size_t done = 0;
    for (; done < m_Copies.size() && m_Copies[done].commit < m_Commits - VPending; ++done)
    {
      StoreAs(m_Copies[done].to, LoadAs<CudaWords>(m_Copies[done].from));
    }
    m_Copies.erase(m_Copies.begin(), m_Copies.begin() + static_cast<std::ptrdiff_t>(done));
  }

private:
  struct Copy
  {
    std::uint8_t *       to;
    const std::uint8_t * from;
    std::int64_t         commit;
  };

  std::vector<Copy> m_Copies; // not done yet
  std::int64_t      m_Commits{ 0 };
};
} // namespace itk::arssr

#endif
