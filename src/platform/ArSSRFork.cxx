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
#include "platform/ArSSRFork.h"

#include <ATen/Parallel.h>

#if defined(__unix__) || defined(__APPLE__)
#  include <pthread.h>
#  define ARSSR_HAS_FORK
#endif
#if defined(__linux__)
#  include <algorithm>
#  include <cstdint>
#  include <exception>
#  include <fstream>
#  include <iterator>
#  include <link.h>
#  include <sstream>
#  include <string>
#endif

namespace itk::arssr
{
namespace
{
// Set by the handler in the child. No lock and no atomic: the child has one thread at that time.
bool forked = false;

#if defined(__linux__)
// A fork is noticed in two ways. After this module is loaded, a handler of pthread_atfork() tells the child. For an
// earlier one there is no handler: on Linux, the kernel's flags of the process tell that it was forked without exec(),
// and the order of libraries tells whether torch may have been at work before the fork.
/** Whether this process was forked and has run no other program since: PF_FORKNOEXEC of its flags in proc(5). */
bool
RunsItsParentsProgram()
{
  constexpr unsigned long forkedWithoutExec = 0x40;
  constexpr int           fieldsBefore = 6; // of proc(5): state, ppid, pgrp, session, tty_nr, tpgid
  std::ifstream           file("/proc/self/stat");
  const std::string       line{ std::istreambuf_iterator<char>(file), {} };
  const auto              name = line.rfind(')'); // the last one: a name may hold blanks and brackets itself
  if (name == std::string::npos)
  {
    return false;
  }
  std::istringstream fields(line.substr(name + 1));
  std::string        skipped;
  for (int field = 0; field < fieldsBefore; ++field)
  {
    fields >> skipped;
  }
  unsigned long flags = 0;
  return (fields >> flags) && (flags & forkedWithoutExec) != 0;
}

/** \brief Which of two libraries of the program was loaded first: torch's or the one with this code. */
struct LoadOrder
{
  bool torchIsThere{ false };
  bool torchWasFirst{ false };
};

/** Called for each library in the order in which they were loaded; what one needs comes after it. */
int
LookAtLibrary(dl_phdr_info * info, std::size_t, void * data)
{
  auto & order = *static_cast<LoadOrder *>(data);
  // The library that holds this function's address in one of its segments is this module, whatever its file is called.
  const auto own = reinterpret_cast<std::uintptr_t>(&LookAtLibrary);
  const bool isOwn = std::any_of(info->dlpi_phdr, info->dlpi_phdr + info->dlpi_phnum, [&](const auto & segment) {
    return segment.p_type == PT_LOAD && own >= info->dlpi_addr + segment.p_vaddr &&
           own < info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
  });
  if (isOwn)
  {
    order.torchWasFirst = order.torchIsThere;
    return 1; // ends the iteration
  }
  const std::string name = info->dlpi_name != nullptr ? info->dlpi_name : "";
  order.torchIsThere = order.torchIsThere || name.find("libtorch_cpu") != std::string::npos;
  return 0;
}

/** Torch may have started its threads in another process, before this module was loaded in this one. */
bool
TorchMayHaveRunBeforeAFork() noexcept
{
  try
  {
    if (!RunsItsParentsProgram())
    {
      return false;
    }
    // Where this module brought torch along, torch comes after it and cannot have had threads before. Where torch came
    // first, it may have been loaded before the fork or after it: one thread is safe in both cases.
    LoadOrder order;
    dl_iterate_phdr(&LookAtLibrary, &order);
    return order.torchWasFirst;
  }
  catch (const std::exception &)
  {
    return true; // not known: with one thread, torch computes in either case
  }
}
#else
bool
TorchMayHaveRunBeforeAFork() noexcept
{
  return false;
}
#endif

/** Constructed when the module is loaded: the earliest time at which a handler can be added and the order of libraries
 * seen. */
struct AtLoading
{
  AtLoading() noexcept
  {
    AddForkHandlers({ nullptr, nullptr, [] {
                       forked = true;
                     } });
  }
  bool torchMayHaveRunBefore{ TorchMayHaveRunBeforeAFork() };
};

const AtLoading atLoading;
} // namespace

bool
IsForkedChild()
{
  return forked;
}

bool
TorchThreadsMayBeMissing()
{
  return forked || atLoading.torchMayHaveRunBefore;
}

void
AddForkHandlers(const ForkHandlers & handlers)
{
#if defined(ARSSR_HAS_FORK)
  pthread_atfork(handlers.before, handlers.afterInParent, handlers.afterInChild);
#else
  (void)handlers;
#endif
}

MissingThreadsScope::MissingThreadsScope()
{
  // With one thread, torch begins no parallel region of OpenMP, which would wait for the parent's threads.
  if (TorchThreadsMayBeMissing() && at::get_num_threads() != 1)
  {
    m_Previous = at::get_num_threads();
    at::set_num_threads(1);
  }
}

MissingThreadsScope::~MissingThreadsScope()
{
  if (m_Previous != 0)
  {
    at::set_num_threads(m_Previous);
  }
}
} // namespace itk::arssr
