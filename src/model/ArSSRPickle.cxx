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
    case PickleNode::Kind::Call:
      return "a tensor";
    case PickleNode::Kind::PersistentId:
      return "a storage";
  }
  return "an unknown value";
}

namespace
{
// Bytes that one more element of each table takes, with what growing or allocating it costs.
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
  // Pop gives nothing back: a pickle of tensors pushes a few dozen values for each.
  m_Budget.Charge(IndexCost);
  m_Stack.push_back(index);
}

PickleStack::Node &
PickleStack::Push(Node::Kind kind)
{
  m_Budget.Charge(NodeCost);
  if (m_Pickle.nodes.size() >= std::numeric_limits<Index>::max())
  {
    ThrowRefused("the file's pickle has more than ", std::numeric_limits<Index>::max(), " values");
  }
  this->PushIndex(static_cast<Index>(m_Pickle.nodes.size()));
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
  m_Budget.Charge(MemoCost);
  this->Top();
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
  if (m_Stack.size() != 1 || !m_Marks.empty())
  {
    ThrowDamaged("the file's pickle ends with ", m_Stack.size(), " values and ", m_Marks.size(), " open marks");
  }
  m_Pickle.root = m_Stack.back();
  m_Stack.clear();
  return std::move(m_Pickle);
}
} // namespace itk::arssr
