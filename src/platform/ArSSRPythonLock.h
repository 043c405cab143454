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
#ifndef ArSSRPythonLock_h
#define ArSSRPythonLock_h

namespace itk::arssr
{
/** \brief Releases Python's global interpreter lock, if this thread holds it, until the end of the scope.
 *
 * ITK's Python packages keep the lock while a filter is updated. torch's autograd engine refuses to run with it once
 * torch's Python package is loaded, as the engine's threads take the lock themselves. Observers in Python take it when
 * they are called. Does nothing in a program without Python. The module is not linked to Python; its functions are
 * looked up.
 */
class PythonLockRelease
{
public:
  PythonLockRelease();
  ~PythonLockRelease();
  PythonLockRelease(const PythonLockRelease &) = delete;
  PythonLockRelease &
  operator=(const PythonLockRelease &) = delete;

private:
  void * m_ThreadState{ nullptr };
};
} // namespace itk::arssr

#endif
