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
#ifndef ArSSRPickleReader_h
#define ArSSRPickleReader_h

#include "model/ArSSRByteFile.h"
#include "model/ArSSRFileLimits.h"
#include "model/ArSSRPickle.h"

#include <set>

namespace itk::arssr
{
/** \brief Reads a pickle as data: nothing is imported, called or built.
 *
 * Format: Python's pickletools module, protocols 2 to 5. The reader understands the opcodes that dictionaries, lists,
 * tuples, strings, numbers and torch's tensors need. A global must be among the allowed ones; a call of it is recorded
 * as a Call node, except that `collections.OrderedDict()` becomes a dictionary. BUILD may only set the attribute
 * `_metadata` of such a dictionary, and has no effect. Every other opcode and global is refused by name.
 */
class PickleReader
{
public:
  PickleReader(ByteCursor & cursor, const std::set<std::string> & allowedGlobals, ParsingBudget & budget);

  /** Reads one pickle and leaves the cursor behind its STOP. */
  Pickle
  Read();

private:
  using Kind = PickleNode::Kind;

  void
  ReadProtocol();

  // Each returns false if the opcode is not one of its group.
  bool
  ExecuteConstant(unsigned int opcode);
  bool
  ExecuteContainer(unsigned int opcode);
  bool
  ExecuteMemo(unsigned int opcode);
  bool
  ExecuteObject(unsigned int opcode);

  void
  PushInteger(std::int64_t number);
  void
  PushLong();
  void
  PushString(std::uint64_t size);
  void
  AppendTo(Kind kind, const std::vector<std::uint32_t> & items);
  void
  PushGlobal();
  void
  PushStackGlobal();
  void
  PushGlobal(const std::string & global);
  void
  PushCall();
  void
  ApplyBuild();
  void
  CheckFrame();

  ByteCursor &                  m_Cursor;
  const std::set<std::string> & m_AllowedGlobals;
  ParsingBudget &               m_Budget;
  PickleStack                   m_Stack;
  std::uint64_t                 m_Position{ 0 }; // of the current opcode, bytes from the file's start
};
} // namespace itk::arssr

#endif
