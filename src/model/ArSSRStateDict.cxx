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
#include "model/ArSSRStateDict.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"

#include <algorithm>
#include <iterator>

// From a dictionary's values down: a call of a rebuild function, its arguments, the persistent id of the storage. Each
// step names the kind of node that it needs, so whatever else a hostile pickle holds is never looked at.

namespace itk::arssr
{
namespace
{
using Kind = PickleNode::Kind;

struct StorageType
{
  const char *    name;
  c10::ScalarType type;
};

/** Classes of storages, as torch names them in files; only those of floating point types. */
constexpr StorageType StorageTypes[] = {
  { "torch.FloatStorage", c10::ScalarType::Float },
  { "torch.HalfStorage", c10::ScalarType::Half },
  { "torch.BFloat16Storage", c10::ScalarType::BFloat16 },
  { "torch.DoubleStorage", c10::ScalarType::Double },
};

constexpr char RebuildTensor[] = "torch._utils._rebuild_tensor";
constexpr char RebuildTensor2[] = "torch._utils._rebuild_tensor_v2";
constexpr char RebuildParameter[] = "torch._utils._rebuild_parameter";

/** Reads the nodes of one pickle; every accessor throws if a node is not what it should be. */
class Interpreter
{
public:
  Interpreter(const Pickle & pickle, ParsingBudget & budget)
    : m_Pickle(pickle)
    , m_Budget(budget)
  {}

  StateDict
  Run();

private:
  using Index = std::uint32_t;

  /** The part of a storage that a tensor may see. */
  struct Window
  {
    std::string   key;
    std::uint64_t offset;
    std::uint64_t count;
  };

  const PickleNode &
  At(Index index) const
  {
    return m_Pickle.nodes[index];
  }

  const PickleNode &
  FindTensors() const;
  std::string
  ListItems() const;
  void
  AddTensor(const std::string & name, const PickleNode & value);
  Window
  AddStorage(const PickleNode & persistentId);
  std::vector<std::int64_t>
  GetLengths(const PickleNode & node) const;
  std::uint64_t
  GetLength(const PickleNode & node) const;
  const std::string &
  GetString(const PickleNode & node) const;
  const PickleNode &
  Expect(const PickleNode & node, Kind kind) const;
  const PickleNode &
  Expect(const PickleNode && node, Kind kind) const = delete; // what is returned must outlive the call
  void
  CheckView(const StateDict::View & view, const Window & window) const;

  const Pickle &  m_Pickle;
  ParsingBudget & m_Budget;
  StateDict       m_Result;
  std::string     m_Name; // of the current tensor, for messages
};

StateDict
Interpreter::Run()
{
  const PickleNode &    tensors = this->FindTensors();
  std::set<std::string> names;
  for (std::size_t i = 0; i < tensors.items.size(); i += 2)
  {
    const PickleNode & key = this->At(tensors.items[i]);
    if (key.kind != Kind::String)
    {
      ThrowRefused("the dictionary has ", ToString(key.kind), " as a key, not a str");
    }
    // A view, a storage, the copies of the name, and 128 bytes for the nodes of the set and the map.
    m_Budget.Charge(sizeof(StateDict::View) + sizeof(StateDict::Storage) + 4 * key.text.size() + 128);
    if (!names.insert(key.text).second)
    {
      ThrowDamaged("the dictionary has two tensors ", Quoted(key.text));
    }
    if (names.size() > MaximumEntries)
    {
      ThrowRefused("the dictionary has more than ", MaximumEntries, " tensors");
    }
    this->AddTensor(key.text, this->At(tensors.items[i + 1]));
  }
  return std::move(m_Result);
}

const PickleNode &
Interpreter::FindTensors() const
{
  const PickleNode & root = this->At(m_Pickle.root);
  if (root.kind != Kind::Dictionary)
  {
    ThrowRefused("the file holds ", ToString(root.kind), ", not a dictionary");
  }
  // One key and its value.
  if (root.items.size() == 2)
  {
    const std::string & key = this->At(root.items[0]).text;
    const PickleNode &  value = this->At(root.items[1]);
    if ((key == "state_dict" || key == "model") && value.kind == Kind::Dictionary)
    {
      return value;
    }
  }
  return root;
}

std::string
Interpreter::ListItems() const
{
  constexpr std::size_t longest = 8;
  const auto &          items = this->FindTensors().items;
  std::string           list;
  // A message with thousands of names would hide its point. Keys and values alternate, so an item has two indices.
  for (std::size_t i = 0; i < items.size() && i < 2 * longest; i += 2)
  {
    list += (i > 0 ? ", " : "") + Quoted(this->At(items[i]).text) + " (" + ToString(this->At(items[i + 1]).kind) + ')';
  }
  return list + (items.size() > 2 * longest ? ", ..." : "");
}

void
Interpreter::AddTensor(const std::string & name, const PickleNode & value)
{
  m_Name = name;
  const PickleNode * call = &value;
  // _rebuild_parameter(tensor, requires_grad, hooks): what torch.nn.Parameter adds is of no concern here.
  if (call->kind == Kind::Call && this->At(call->items[0]).text == RebuildParameter)
  {
    const PickleNode & arguments = this->At(call->items[1]);
    if (arguments.items.size() != 3)
    {
      ThrowDamaged("the parameter ", Quoted(name), " has ", arguments.items.size(), " properties, expected 3");
    }
    call = &this->At(arguments.items[0]);
  }
  if (call->kind != Kind::Call)
  {
    ThrowRefused("the dictionary's item ",
                 Quoted(name),
                 " is ",
                 ToString(call->kind),
                 ", not a tensor; its items are ",
                 this->ListItems());
  }
  const std::string & function = this->At(call->items[0]).text;
  const auto &        arguments = this->At(call->items[1]).items;
  if (function != RebuildTensor && function != RebuildTensor2)
  {
    ThrowRefused("the dictionary's item ", Quoted(name), " is the result of ", Quoted(function), ", not a tensor");
  }
  // _rebuild_tensor() has four arguments; _v2 adds requires_grad and hooks, in later versions of torch also metadata.
  const bool hasMetadata = function == RebuildTensor2 && arguments.size() == 7;
  if (!hasMetadata && arguments.size() != (function == RebuildTensor2 ? 6 : 4))
  {
    ThrowDamaged("the tensor ", Quoted(name), " has ", arguments.size(), " properties, expected 4, 6 or 7");
  }
  // A negation or a conjugation is still to be applied, so the storage does not hold the values of the tensor.
  if (hasMetadata && !(this->At(arguments[6]).kind == Kind::None || this->At(arguments[6]).items.empty()))
  {
    ThrowRefused("the tensor ", Quoted(name), " has metadata (a lazy negation or conjugation)");
  }
  const Window window = this->AddStorage(this->At(arguments[0]));
  // Any number of items can get one tensor from the memo, but each view has a copy of the key and the lengths.
  m_Budget.Charge(window.key.size() +
                  sizeof(std::int64_t) * (this->At(arguments[2]).items.size() + this->At(arguments[3]).items.size()));
  StateDict::View view{ name,
                        window.key,
                        this->GetLength(this->At(arguments[1])),
                        this->GetLengths(this->At(arguments[2])),
                        this->GetLengths(this->At(arguments[3])) };
  // Checked with the offset into the window; from here on, the offset counts from the storage's start.
  this->CheckView(view, window);
  view.offset += window.offset;
  m_Result.views.push_back(std::move(view));
}

Interpreter::Window
Interpreter::AddStorage(const PickleNode & persistentId)
{
  // torch/serialization.py, persistent_id(): ("storage", type, key, location, count), in the legacy format with a view.
  const auto & id = this->Expect(this->At(this->Expect(persistentId, Kind::PersistentId).items[0]), Kind::Tuple).items;
  if (id.size() < 5 || id.size() > 6 || this->GetString(this->At(id[0])) != "storage")
  {
    ThrowRefused("the tensor ", Quoted(m_Name), " has an unknown persistent id, not that of a storage");
  }
  const std::string & typeName = this->Expect(this->At(id[1]), Kind::Global).text;
  const auto * type = std::find_if(std::begin(StorageTypes), std::end(StorageTypes), [&](const StorageType & known) {
    return known.name == typeName;
  });
  if (type == std::end(StorageTypes))
  {
    ThrowRefused("the tensor ", Quoted(m_Name), " has a storage of type ", Quoted(typeName));
  }
  const std::string &      key = this->GetString(this->At(id[2]));
  const StateDict::Storage storage{ type->type, this->GetLength(this->At(id[4])) };
  this->GetString(this->At(id[3])); // the device it was on, without effect: all tensors go to main memory

  // Every tensor describes its storage. Different descriptions of one storage would let a view pass the check against
  // one size and be made in a storage of another.
  const auto & known = m_Result.storages.emplace(key, storage).first->second;
  if (known.type != storage.type || known.count != storage.count)
  {
    ThrowDamaged(
      "the tensor ", Quoted(m_Name), " describes storage ", Quoted(key), " differently from an earlier tensor");
  }
  if (id.size() < 6 || this->At(id[5]).kind == Kind::None)
  {
    return { key, 0, storage.count };
  }
  const auto & view = this->Expect(this->At(id[5]), Kind::Tuple).items;
  if (view.size() != 3)
  {
    ThrowDamaged("the tensor ", Quoted(m_Name), " has a storage view of ", view.size(), " properties, expected 3");
  }
  Window window{ key, this->GetLength(this->At(view[1])), this->GetLength(this->At(view[2])) };
  if (window.offset > storage.count || window.count > storage.count - window.offset)
  {
    ThrowDamaged("the tensor ",
                 Quoted(m_Name),
                 " views, from element ",
                 window.offset,
                 " on, ",
                 window.count,
                 " elements of storage ",
                 Quoted(key),
                 ", which has ",
                 storage.count);
  }
  return window;
}

const PickleNode &
Interpreter::Expect(const PickleNode & node, Kind kind) const
{
  if (node.kind != kind)
  {
    ThrowRefused("the tensor ", Quoted(m_Name), " has ", ToString(node.kind), " where ", ToString(kind), " belongs");
  }
  return node;
}

const std::string &
Interpreter::GetString(const PickleNode & node) const
{
  return this->Expect(node, Kind::String).text;
}

std::uint64_t
Interpreter::GetLength(const PickleNode & node) const
{
  const std::int64_t number = this->Expect(node, Kind::Integer).number;
  if (number < 0)
  {
    ThrowDamaged("the tensor ", Quoted(m_Name), " has a length or an offset of ", number);
  }
  return static_cast<std::uint64_t>(number);
}

std::vector<std::int64_t>
Interpreter::GetLengths(const PickleNode & node) const
{
  const auto & items = this->Expect(node, Kind::Tuple).items;
  if (items.size() > MaximumDimensions)
  {
    ThrowDamaged("the tensor ", Quoted(m_Name), " has ", items.size(), " dimensions, at most ", MaximumDimensions);
  }
  // Charged for every tensor, since thousands of them can share one memorised tuple.
  m_Budget.Charge(items.size() * sizeof(std::int64_t));
  std::vector<std::int64_t> lengths;
  lengths.reserve(items.size());
  for (const Index index : items)
  {
    lengths.push_back(static_cast<std::int64_t>(this->GetLength(this->At(index))));
  }
  return lengths;
}

void
Interpreter::CheckView(const StateDict::View & view, const Window & window) const
{
  if (view.sizes.size() != view.strides.size())
  {
    ThrowDamaged(
      "the tensor ", Quoted(m_Name), " has ", view.sizes.size(), " dimensions, but ", view.strides.size(), " strides");
  }
  // The last element lies at offset + sum of (size - 1) * stride. The loop ends at the first dimension that leaves the
  // window, with last < window.count until then, so no number overflows. The number of elements is limited as well:
  // strides of zero would let a few bytes expand to any amount. Of an empty tensor only the offset matters here; torch
  // refuses an impossible shape when it makes the view.
  const bool    isEmpty = std::find(view.sizes.begin(), view.sizes.end(), 0) != view.sizes.end();
  bool          fits = view.offset <= window.count && (isEmpty || view.offset < window.count);
  std::uint64_t elements = 1;
  std::uint64_t last = view.offset;
  for (std::size_t i = 0; i < view.sizes.size() && fits && !isEmpty; ++i)
  {
    const auto    steps = static_cast<std::uint64_t>(view.sizes[i]) - 1;
    std::uint64_t span = 0;
    fits = Multiply(elements, steps + 1, elements) && elements <= window.count &&
           Multiply(steps, static_cast<std::uint64_t>(view.strides[i]), span) && span < window.count - last;
    last += fits ? span : 0;
  }
  if (!fits)
  {
    ThrowDamaged("the tensor ",
                 Quoted(m_Name),
                 " does not fit into the ",
                 window.count,
                 " elements of its storage ",
                 Quoted(view.storageKey),
                 " (an expanded tensor must be saved as a contiguous one)");
  }
}
} // namespace

const std::set<std::string> &
GetStateDictGlobals()
{
  static const auto globals = [] {
    std::set<std::string> names{ "collections.OrderedDict", RebuildTensor, RebuildTensor2, RebuildParameter };
    for (const StorageType & storageType : StorageTypes)
    {
      names.insert(storageType.name);
    }
    return names;
  }();
  return globals;
}

StateDict
InterpretStateDict(const Pickle & pickle, ParsingBudget & budget)
{
  return Interpreter(pickle, budget).Run();
}
} // namespace itk::arssr
