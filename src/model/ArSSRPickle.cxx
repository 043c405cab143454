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
#include "model/ArSSRPickle.h"

#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"

#include <limits>

namespace itk::arssr
{
const char *
ToString(PickleNode::Kind kind)
{
  switch (kind)
  {
    case PickleNode::Kind::None:
      return "None";
    case PickleNode::Kind::Boolean:
      return "a bool";
    case PickleNode::Kind::Integer:
      return "an int";
    case PickleNode::Kind::LongInteger:
      return "an int of more than 64 bits";
    case PickleNode::Kind::Float:
      return "a float";
    case PickleNode::Kind::String:
      return "a str";
    case PickleNode::Kind::Tuple:
      return "a tuple";
    case PickleNode::Kind::List:
      return "a list";
    case PickleNode::Kind::Dictionary:
      return "a dict";
    case PickleNode::Kind::Global:
      return "a class or function";
    // Messages speak of a state_dict, where calls make tensors and persistent ids name storages.
    case PickleNode::Kind::Call:
      return "a tensor";
    case PickleNode::Kind::PersistentId:
      return "a storage";
  }
  return "an unknown value";
}

namespace
{
// Bytes charged for one more element of each table. Those of vectors count twice, since a vector doubles its capacity
// when it grows; the memo's include the node of the map and the overhead of its allocation.
constexpr std::uint64_t NodeCost = sizeof(PickleNode);
constexpr std::uint64_t IndexCost = 2 * sizeof(PickleStack::Index);
constexpr std::uint64_t MarkCost = 2 * sizeof(std::size_t);
constexpr std::uint64_t MemoCost = 64;
} // namespace

PickleStack::PickleStack(ParsingBudget & budget)
  : m_Budget(budget)
{}

void
PickleStack::PushIndex(Index index)
{
  // Pop() gives nothing back. That is affordable: a state_dict pushes a few dozen values per tensor.
  m_Budget.Charge(IndexCost);
  m_Stack.push_back(index);
}

PickleStack::Node &
PickleStack::Push(Node::Kind kind)
{
  m_Budget.Charge(NodeCost);
  // Indices have 32 bits to keep containers small. The charge lets only a file of some hundred gigabytes come this far.
  if (m_Pickle.nodes.size() >= std::numeric_limits<Index>::max())
  {
    ThrowRefused("the file's pickle has more than ", std::numeric_limits<Index>::max(), " values");
  }
  this->PushIndex(static_cast<Index>(m_Pickle.nodes.size()));
  // A deque keeps references to its elements while it grows, which PickleReader relies on.
  Node & node = m_Pickle.nodes.emplace_back();
  node.kind = kind;
  return node;
}

void
PickleStack::Push(Node::Kind kind, std::vector<Index> items)
{
  m_Budget.Charge(items.size() * IndexCost);
  this->Push(kind).items = std::move(items);
}

void
PickleStack::Mark()
{
  m_Budget.Charge(MarkCost);
  m_Marks.push_back(m_Stack.size());
}

std::size_t
PickleStack::GetBase() const
{
  return m_Marks.empty() ? 0 : m_Marks.back();
}

std::vector<PickleStack::Index>
PickleStack::Pop(std::size_t count)
{
  // What lies below the last mark belongs to an outer container and is out of reach, as in Python. The stack never
  // falls below its marks, so the difference cannot wrap around.
  if (m_Stack.size() - this->GetBase() < count)
  {
    ThrowDamaged("the file's pickle takes a value from an empty stack");
  }
  const auto         first = m_Stack.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<Index> items(first, m_Stack.end());
  m_Stack.erase(first, m_Stack.end());
  return items;
}

std::vector<PickleStack::Index>
PickleStack::PopToMark()
{
  if (m_Marks.empty())
  {
    ThrowDamaged("the file's pickle takes values from a mark that it never set");
  }
  auto items = this->Pop(m_Stack.size() - m_Marks.back());
  m_Marks.pop_back();
  return items;
}

PickleStack::Node &
PickleStack::Top()
{
  if (m_Stack.size() == this->GetBase())
  {
    ThrowDamaged("the file's pickle takes a value from an empty stack");
  }
  return m_Pickle.nodes[m_Stack.back()];
}

void
PickleStack::AppendToTop(const std::vector<Index> & items)
{
  m_Budget.Charge(items.size() * IndexCost);
  auto & existing = this->Top().items;
  existing.insert(existing.end(), items.begin(), items.end());
}

void
PickleStack::Store(std::uint64_t key)
{
  // A map, because the key is the file's choice: an array, as in Python, would take 32 GiB for key 2^32 - 1.
  m_Budget.Charge(MemoCost);
  this->Top(); // throws for an empty stack
  m_Memo[key] = m_Stack.back();
}

void
PickleStack::Store()
{
  this->Store(m_Memo.size());
}

void
PickleStack::Fetch(std::uint64_t key)
{
  const auto found = m_Memo.find(key);
  if (found == m_Memo.end())
  {
    ThrowDamaged("the file's pickle fetches memo ", key, ", which it never stored");
  }
  this->PushIndex(found->second);
}

Pickle
PickleStack::Finish()
{
  // Python returns the topmost value and ignores the rest; torch.save leaves no rest.
  if (m_Stack.size() != 1 || !m_Marks.empty())
  {
    ThrowDamaged("the file's pickle ends with ", m_Stack.size(), " values and ", m_Marks.size(), " open marks");
  }
  m_Pickle.root = m_Stack.back();
  m_Stack.clear();
  return std::move(m_Pickle);
}
} // namespace itk::arssr
