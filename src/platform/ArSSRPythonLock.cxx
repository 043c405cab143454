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
#include "platform/ArSSRPythonLock.h"

#if defined(_WIN32)
#  include <windows.h>
// psapi.h needs the types of windows.h.
#  include <psapi.h>
#elif defined(__unix__) || defined(__APPLE__)
#  include <dlfcn.h>
#endif

namespace itk::arssr
{
namespace
{
/** A function of the Python that runs in this process, or null. */
template <typename TFunction>
TFunction
Find(const char * name)
{
#if defined(_WIN32)
  // Windows has no global scope of symbols, and the name of Python's library has its version in it: all modules are
  // searched.
  HMODULE modules[1024];
  DWORD   bytes = 0;
  if (K32EnumProcessModules(GetCurrentProcess(), modules, sizeof(modules), &bytes) == 0)
  {
    return nullptr;
  }
  const DWORD count = bytes < sizeof(modules) ? bytes / sizeof(HMODULE) : sizeof(modules) / sizeof(HMODULE);
  for (DWORD i = 0; i < count; ++i)
  {
    if (const FARPROC found = GetProcAddress(modules[i], name))
    {
      return reinterpret_cast<TFunction>(reinterpret_cast<void *>(found));
    }
  }
  return nullptr;
#elif defined(__unix__) || defined(__APPLE__)
  return reinterpret_cast<TFunction>(dlsym(RTLD_DEFAULT, name));
#else
  (void)name;
  return nullptr;
#endif
}
} // namespace

PythonLockRelease::PythonLockRelease()
{
  // In this order: PyGILState_Check() is for a running interpreter only. Looked up each time: Python can be loaded
  // after this module.
  const auto isInitialized = Find<int (*)()>("Py_IsInitialized");
  const auto isHeld = Find<int (*)()>("PyGILState_Check");
  const auto release = Find<void * (*)()>("PyEval_SaveThread");
  if (isInitialized != nullptr && isHeld != nullptr && release != nullptr && isInitialized() != 0 && isHeld() != 0)
  {
    m_ThreadState = release();
  }
}

PythonLockRelease::~PythonLockRelease()
{
  // Also when an exception leaves the scope: Python code that is called next needs the lock.
  if (m_ThreadState != nullptr)
  {
    Find<void (*)(void *)>("PyEval_RestoreThread")(m_ThreadState);
  }
}
} // namespace itk::arssr
