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
/** \brief For processes that come of fork() without exec(): the threads of their parent are not there.
 *
 * Waiting for such a thread never ends. OpenMP's parallel regions do so, and with them torch's operations. On systems
 * without fork() no process is ever forked. */

/** Whether this process was forked after this module was loaded. Then only one thread may compute here. */
bool
IsForkedChild();

/** Whether a fork may have left torch's threads behind: a fork after this module was loaded, or an earlier one in a
 * process that had loaded torch already. The latter is known on Linux only. */
bool
TorchThreadsMayBeMissing();

/** Functions that fork() calls, in the order of pthread_atfork(), to keep state whole in the child. Null for none. */
struct ForkHandlers
{
  void (*before)(){ nullptr };
  void (*afterInParent)(){ nullptr };
  void (*afterInChild)(){ nullptr };
};

void
AddForkHandlers(const ForkHandlers & handlers);

/** \brief Lets torch compute on the calling thread alone, where its other threads may be missing, until the end of the
 * scope. Every call of torch is made within one. */
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
