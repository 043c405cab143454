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
#ifndef ArSSRPickle_h
#define ArSSRPickle_h


#include "model/ArSSRFileLimits.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace itk::arssr
{
/** One value of a pickle. Values refer to one another by index, so shared and cyclic references are harmless. */
struct PickleNode
{
  enum class Kind : std::uint8_t
  {
    None,
    Boolean,      // number
    Integer,      // number
    LongInteger,  // text: more than eight bytes of two's complement, least significant first
    Float,        // the value is not kept
    String,       // text
    Tuple,        // items
    List,         // items
    Dictionary,   // items: key, value, key, value ...; text: the class if it is not dict
    Global,       // text: "module.name"
    Call,         // items: a global, the tuple of its arguments
    PersistentId, // items: the identifier
  };

  Kind                       kind{ Kind::None };
  std::int64_t               number{ 0 };
  std::string                text;
  std::vector<std::uint32_t> items;
};

/** The kind in words, for messages. */
const char *
ToString(PickleNode::Kind kind);

struct Pickle
{
  std::deque<PickleNode> nodes;
  std::uint32_t          root{ 0 };
};

/** \brief Stack, marks and memo of the pickle machine; everything that grows is charged to the memory budget first. */
class PickleStack
{
public:
  using Index = std::uint32_t;
  using Node = PickleNode;

  explicit PickleStack(ParsingBudget & budget);

  /** Appends a node of this kind and pushes it; the reference stays valid. */
  Node &
  Push(Node::Kind kind);

  /** As above; the node refers to others. */
  void
  Push(Node::Kind kind, std::vector<Index> items);

  const Node &
  At(Index index) const
  {
    return m_Pickle.nodes[index];
  }

  void
  Mark();

  /** The topmost nodes, deepest first; throws if there are fewer above the last mark. */
  std::vector<Index>
  Pop(std::size_t count);

  /** All nodes above the last mark, deepest first, and removes the mark. */
  std::vector<Index>
  PopToMark();

  /** The topmost node; throws if there is none above the last mark. */
  Node &
  Top();

  /** Appends to the items of the topmost node. */
  void
  AppendToTop(const std::vector<Index> & items);

  /** Memorises the topmost node, under the number of nodes memorised before if there is no key. */
  void
  Store(std::uint64_t key);
  void
  Store();

  /** Pushes a memorised node. */
  void
  Fetch(std::uint64_t key);

  /** All nodes, with the only one on the stack as root; throws if there is not exactly one. Leaves the stack empty. */
  Pickle
  Finish();

private:
  void
  PushIndex(Index index);
  std::size_t
  GetBase() const;

  ParsingBudget &                m_Budget;
  Pickle                         m_Pickle;
  std::vector<Index>             m_Stack;
  std::vector<std::size_t>       m_Marks; // sizes of the stack where MARK was met
  std::map<std::uint64_t, Index> m_Memo;
};
} // namespace itk::arssr

#endif
