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
#ifndef ArSSRFork_h
#define ArSSRFork_h

namespace itk::arssr
{
/** \brief What a process that came of fork() without exec() must know: threads that its parent had are not there.
 *
 * Who waits for them waits for ever: so do OpenMP's parallel regions, and with them torch's operations. On systems
 * without fork() nothing is ever forked. */

/** Whether this process was forked after this module was loaded. One thread is then all that may compute here. */
bool
IsForkedChild();

/** Whether torch's threads may have been left behind by a fork: one after this module was loaded, or an earlier one in
 * a process that had torch already. On Linux alone the latter is known. */
bool
TorchThreadsMayBeMissing();

/** What forks call, for what must be whole in the child. Null for nothing. */
struct ForkHandlers
{
  void (*before)(){ nullptr };
  void (*afterInParent)(){ nullptr };
  void (*afterInChild)(){ nullptr };
};

void
AddForkHandlers(const ForkHandlers & handlers);

/** \brief Has torch compute on the calling thread alone where its other threads may be missing, until the end of the
 * scope. Whoever calls torch holds one. */
class MissingThreadsScope
{
public:
  MissingThreadsScope();
  ~MissingThreadsScope();
  MissingThreadsScope(const MissingThreadsScope &) = delete;
  MissingThreadsScope &
  operator=(const MissingThreadsScope &) = delete;

private:
  int m_Previous{ 0 }; // zero where nothing was changed
};
} // namespace itk::arssr

#endif
