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
#include "model/ArSSRPickleReader.h"

#include "model/ArSSRBytes.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRFileLimits.h"

namespace itk::arssr
{
namespace
{
/** The opcodes that PickleReader understands, named as in Python's pickletools. */
enum PickleOpcode : unsigned char
{
  MARK = '(',
  STOP = '.',
  BINFLOAT = 'G',
  BININT = 'J',
  BININT1 = 'K',
  BININT2 = 'M',
  NONE = 'N',
  BINPERSID = 'Q',
  REDUCE = 'R',
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  BINUNICODE = 'X',
  EMPTY_LIST = ']',
  APPEND = 'a',
  BUILD = 'b',
  GLOBAL = 'c',
  APPENDS = 'e',
  BINGET = 'h',
  LONG_BINGET = 'j',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  TUPLE = 't',
  EMPTY_TUPLE = ')',
  SETITEMS = 'u',
  EMPTY_DICT = '}',
  PROTO = 0x80,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8A,
  SHORT_BINUNICODE = 0x8C,
  BINUNICODE8 = 0x8D,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
};

struct NamedOpcode
{
  unsigned int value;
  const char * name;
};

/** All other opcodes of pickle, so that a message can name what it refuses. */
constexpr NamedOpcode RefusedOpcodes[] = {
  { '0', "POP" },
  { '1', "POP_MARK" },
  { '2', "DUP" },
  { 'B', "BINBYTES" },
  { 'C', "SHORT_BINBYTES" },
  { 'F', "FLOAT" },
  { 'I', "INT" },
  { 'L', "LONG" },
  { 'P', "PERSID" },
  { 'S', "STRING" },
  { 'V', "UNICODE" },
  { 'd', "DICT" },
  { 'g', "GET" },
  { 'i', "INST" },
  { 'l', "LIST" },
  { 'o', "OBJ" },
  { 'p', "PUT" },
  { 0x81, "NEWOBJ" },
  { 0x82, "EXT1" },
  { 0x83, "EXT2" },
  { 0x84, "EXT4" },
  { 0x8B, "LONG4" },
  { 0x8E, "BINBYTES8" },
  { 0x8F, "EMPTY_SET" },
  { 0x90, "ADDITEMS" },
  { 0x91, "FROZENSET" },
  { 0x92, "NEWOBJ_EX" },
  { 0x96, "BYTEARRAY8" },
  { 0x97, "NEXT_BUFFER" },
  { 0x98, "READONLY_BUFFER" },
};

/** Name of an opcode that PickleReader does not understand; null if pickle has no such opcode. */
const char *
NameOfRefusedOpcode(unsigned int opcode)
{
  for (const NamedOpcode & refused : RefusedOpcodes)
  {
    if (refused.value == opcode)
    {
      return refused.name;
    }
  }
  return nullptr;
}

constexpr std::size_t  LongestGlobal = 256; // characters of a module's or a global's name
constexpr unsigned int LowestProtocol = 2;  // torch.save's default, and the first that has PROTO
constexpr unsigned int HighestProtocol = 5; // of Python 3.8 and later
constexpr char         OrderedDict[] = "collections.OrderedDict";

/** Two's complement number of up to eight bytes; no bytes are zero, as in LONG1. */
std::int64_t
SignExtend(std::uint64_t value, unsigned int bytes)
{
  const std::uint64_t sign = bytes == 0 ? 0 : std::uint64_t{ 1 } << (8 * bytes - 1);
  return static_cast<std::int64_t>((value ^ sign) - sign);
}
} // namespace

PickleReader::PickleReader(ByteCursor & cursor, const std::set<std::string> & allowedGlobals, ParsingBudget & budget)
  : m_Cursor(cursor)
  , m_AllowedGlobals(allowedGlobals)
  , m_Budget(budget)
  , m_Stack(budget)
{}

Pickle
PickleReader::Read()
{
  this->ReadProtocol();
  for (;;)
  {
    m_Position = m_Cursor.GetPosition();
    const unsigned int opcode = m_Cursor.ReadByte();
    if (opcode == STOP)
    {
      // The cursor is behind STOP, where a legacy file has its next pickle.
      return m_Stack.Finish();
    }
    if (this->ExecuteConstant(opcode) || this->ExecuteContainer(opcode) || this->ExecuteMemo(opcode) ||
        this->ExecuteObject(opcode))
    {
      continue;
    }
    if (const char * name = NameOfRefusedOpcode(opcode))
    {
      ThrowRefused("refused opcode '", name, "' at byte ", m_Position);
    }
    ThrowDamaged("byte ", m_Position, " has the value ", opcode, ", which is not a pickle opcode");
  }
}

void
PickleReader::ReadProtocol()
{
  const std::uint64_t position = m_Cursor.GetPosition();
  const unsigned int  opcode = m_Cursor.ReadByte();
  // Python also reads pickles without PROTO, those of protocols 0 and 1.
  if (opcode != PROTO)
  {
    ThrowRefused("the pickle at byte ", position, " does not start with opcode 'PROTO'");
  }
  const unsigned int protocol = m_Cursor.ReadByte();
  if (protocol < LowestProtocol || protocol > HighestProtocol)
  {
    ThrowRefused("the pickle at byte ",
                 position,
                 " has protocol ",
                 protocol,
                 ", not one of ",
                 LowestProtocol,
                 " to ",
                 HighestProtocol);
  }
}

bool
PickleReader::ExecuteConstant(unsigned int opcode)
{
  switch (opcode)
  {
    case NONE:
      m_Stack.Push(Kind::None);
      return true;
    case NEWTRUE:
    case NEWFALSE:
      m_Stack.Push(Kind::Boolean).number = opcode == NEWTRUE;
      return true;
    // BININT1 and BININT2 are unsigned, BININT and LONG1 are signed.
    case BININT1:
      this->PushInteger(m_Cursor.ReadByte());
      return true;
    case BININT2:
      this->PushInteger(static_cast<std::int64_t>(m_Cursor.ReadUnsigned(2)));
      return true;
    case BININT:
      this->PushInteger(SignExtend(m_Cursor.ReadUnsigned(4), 4));
      return true;
    case LONG1:
      this->PushLong();
      return true;
    case BINFLOAT:
      // A double, big-endian; nothing that describes a tensor is a float, so its value is dropped.
      m_Cursor.ReadUnsigned(8);
      m_Stack.Push(Kind::Float);
      return true;
    // The opcodes with BINSTRING in their name are the str of Python 2.
    case SHORT_BINSTRING:
    case SHORT_BINUNICODE:
      this->PushString(m_Cursor.ReadByte());
      return true;
    case BINSTRING:
    case BINUNICODE:
      this->PushString(m_Cursor.ReadUnsigned(4));
      return true;
    case BINUNICODE8:
      this->PushString(m_Cursor.ReadUnsigned(8));
      return true;
    default:
      return false;
  }
}

bool
PickleReader::ExecuteContainer(unsigned int opcode)
{
  switch (opcode)
  {
    case MARK:
      m_Stack.Mark();
      return true;
    case EMPTY_TUPLE:
      m_Stack.Push(Kind::Tuple);
      return true;
    case TUPLE1:
    case TUPLE2:
    case TUPLE3:
      m_Stack.Push(Kind::Tuple, m_Stack.Pop(1 + opcode - TUPLE1));
      return true;
    case TUPLE:
      m_Stack.Push(Kind::Tuple, m_Stack.PopToMark());
      return true;
    case EMPTY_LIST:
      m_Stack.Push(Kind::List);
      return true;
    case APPEND:
      this->AppendTo(Kind::List, m_Stack.Pop(1));
      return true;
    case APPENDS:
      this->AppendTo(Kind::List, m_Stack.PopToMark());
      return true;
    case EMPTY_DICT:
      m_Stack.Push(Kind::Dictionary);
      return true;
    case SETITEM:
      this->AppendTo(Kind::Dictionary, m_Stack.Pop(2));
      return true;
    case SETITEMS:
      this->AppendTo(Kind::Dictionary, m_Stack.PopToMark());
      return true;
    default:
      return false;
  }
}

bool
PickleReader::ExecuteMemo(unsigned int opcode)
{
  switch (opcode)
  {
    case BINPUT:
      m_Stack.Store(m_Cursor.ReadByte());
      return true;
    case LONG_BINPUT:
      m_Stack.Store(m_Cursor.ReadUnsigned(4));
      return true;
    case MEMOIZE:
      m_Stack.Store();
      return true;
    case BINGET:
      m_Stack.Fetch(m_Cursor.ReadByte());
      return true;
    case LONG_BINGET:
      m_Stack.Fetch(m_Cursor.ReadUnsigned(4));
      return true;
    default:
      return false;
  }
}

bool
PickleReader::ExecuteObject(unsigned int opcode)
{
  switch (opcode)
  {
    case GLOBAL:
      this->PushGlobal();
      return true;
    case STACK_GLOBAL:
      this->PushStackGlobal();
      return true;
    case REDUCE:
      this->PushCall();
      return true;
    case BUILD:
      this->ApplyBuild();
      return true;
    // torch's persistent ids stand for storages, whose elements lie outside the pickle.
    case BINPERSID:
      m_Stack.Push(Kind::PersistentId, m_Stack.Pop(1));
      return true;
    case FRAME:
      this->CheckFrame();
      return true;
    default:
      return false;
  }
}

void
PickleReader::PushInteger(std::int64_t number)
{
  m_Stack.Push(Kind::Integer).number = number;
}

void
PickleReader::PushLong()
{
  const unsigned int bytes = m_Cursor.ReadByte();
  if (bytes <= sizeof(std::int64_t))
  {
    this->PushInteger(SignExtend(m_Cursor.ReadUnsigned(bytes), bytes));
    return;
  }
  // Kept as bytes: the magic number of torch's legacy format has ten.
  m_Budget.Charge(bytes);
  m_Stack.Push(Kind::LongInteger).text = m_Cursor.ReadString(bytes);
}

void
PickleReader::PushString(std::uint64_t size)
{
  // Read before it is charged: a size beyond the file is damage, not a matter of memory.
  std::string text = m_Cursor.ReadString(size);
  m_Budget.Charge(size);
  if (!IsUtf8(text))
  {
    ThrowDamaged("the string ", Quoted(text), " at byte ", m_Position, " is not UTF-8");
  }
  m_Stack.Push(Kind::String).text = std::move(text);
}

void
PickleReader::AppendTo(Kind kind, const std::vector<std::uint32_t> & items)
{
  // The caller has popped the items, so the container is on top.
  const Kind target = m_Stack.Top().kind;
  if (target != kind || (kind == Kind::Dictionary && items.size() % 2 != 0))
  {
    ThrowDamaged("the opcode at byte ",
                 m_Position,
                 " adds ",
                 items.size(),
                 " values as if to ",
                 ToString(kind),
                 ", but to ",
                 ToString(target));
  }
  m_Stack.AppendToTop(items);
}

void
PickleReader::PushGlobal()
{
  const std::string module = m_Cursor.ReadLine(LongestGlobal);
  this->PushGlobal(module + '.' + m_Cursor.ReadLine(LongestGlobal));
}

void
PickleReader::PushStackGlobal()
{
  const auto         names = m_Stack.Pop(2);
  const PickleNode & module = m_Stack.At(names[0]);
  const PickleNode & name = m_Stack.At(names[1]);
  if (module.kind != Kind::String || name.kind != Kind::String)
  {
    ThrowDamaged("opcode 'STACK_GLOBAL' at byte ", m_Position, " is not given two strings");
  }
  this->PushGlobal(module.text + '.' + name.text);
}

void
PickleReader::PushGlobal(const std::string & global)
{
  // What makes pickles dangerous: Python would import the module and fetch any object by its name. Here even an allowed
  // global remains a name.
  if (m_AllowedGlobals.count(global) == 0)
  {
    ThrowRefused("refused global ", Quoted(global), " at byte ", m_Position);
  }
  m_Budget.Charge(global.size());
  m_Stack.Push(Kind::Global).text = global;
}

void
PickleReader::PushCall()
{
  // The references stay valid while nodes are added, see PickleStack::Push().
  auto               items = m_Stack.Pop(2);
  const PickleNode & callable = m_Stack.At(items[0]);
  const PickleNode & arguments = m_Stack.At(items[1]);
  if (callable.kind != Kind::Global || arguments.kind != Kind::Tuple)
  {
    ThrowRefused("refused opcode 'REDUCE' at byte ",
                 m_Position,
                 ": it calls ",
                 ToString(callable.kind),
                 " with ",
                 ToString(arguments.kind));
  }
  if (callable.text != OrderedDict)
  {
    m_Stack.Push(Kind::Call, std::move(items));
    return;
  }
  if (!arguments.items.empty())
  {
    ThrowRefused("refused opcode 'REDUCE' at byte ", m_Position, ": it calls ", OrderedDict, " with arguments");
  }
  // A dictionary, so that SETITEMS can fill it. The class stays with it, since BUILD accepts no other.
  m_Budget.Charge(callable.text.size());
  m_Stack.Push(Kind::Dictionary).text = callable.text;
}

void
PickleReader::ApplyBuild()
{
  // torch.nn.Module.state_dict() gives its OrderedDict the attribute `_metadata`, the version of each module.
  // In Python, BUILD can set any attribute or call __setstate__().
  const PickleNode & state = m_Stack.At(m_Stack.Pop(1).front());
  const PickleNode & target = m_Stack.Top();
  if (target.kind != Kind::Dictionary || target.text != OrderedDict || state.kind != Kind::Dictionary)
  {
    ThrowRefused("refused opcode 'BUILD' at byte ", m_Position, ": it sets the state of ", ToString(target.kind));
  }
  // The values are dropped: the reader needs no versions.
  for (std::size_t i = 0; i < state.items.size(); i += 2)
  {
    const PickleNode & key = m_Stack.At(state.items[i]);
    if (key.kind != Kind::String || key.text != "_metadata")
    {
      ThrowRefused("refused opcode 'BUILD' at byte ", m_Position, ": it sets attribute ", Quoted(key.text));
    }
  }
}

void
PickleReader::CheckFrame()
{
  // From protocol 4 on, a frame tells how many bytes to read ahead. Its opcodes follow as they would without it.
  const std::uint64_t size = m_Cursor.ReadUnsigned(8);
  if (size > m_Cursor.GetRemaining())
  {
    ThrowDamaged(
      "the frame at byte ", m_Position, " claims ", size, " bytes, but ", m_Cursor.GetRemaining(), " follow");
  }
}
} // namespace itk::arssr
