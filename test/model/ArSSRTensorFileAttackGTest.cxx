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
#include "model/ArSSRTensorFileTestHelpers.h"

using namespace itk::arssr;
using namespace itk::arssr::test;

namespace
{
class ArSSRTensorFileAttack : public TensorFileTest
{
protected:
  /** A pickle with this value, in both of torch's formats. */
  void
  ExpectPickleRefusal(const std::string & value, const std::string & reason) const
  {
    this->ExpectRefusal(MakeTorchArchive(value), reason);
    this->ExpectRefusal(LegacyHeader() + Pickle(value), reason);
  }

  /** A dictionary with one tensor that sees a storage of six floats. */
  void
  ExpectTensorRefusal(std::int64_t                      offset,
                      const std::vector<std::int64_t> & sizes,
                      const std::vector<std::int64_t> & strides,
                      const std::string &               reason) const
  {
    const std::string tensor = Tensor(Storage("0", 6), offset, sizes, strides);
    this->ExpectRefusal(MakeTorchArchive(OrderedDict({ Text("w"), tensor }), { std::string(24, '\0') }), reason);
  }

  static std::string
  OneTensor()
  {
    return OrderedDict({ Text("w"), Tensor(Storage("0", 6), 0, { 6 }, { 1 }) });
  }
};

const std::string Command = Text("echo owned");
const std::string System = Global("os", "system");
} // namespace

// Globals are what lets a pickle run code of its choice when Python loads it.
TEST_F(ArSSRTensorFileAttack, GlobalIsRefusedByName)
{
  this->ExpectPickleRefusal(System + Tuple({ Command }) + 'R', "refused global 'os.system'");
  this->ExpectPickleRefusal(Global("builtins", "eval"), "refused global 'builtins.eval'");
  this->ExpectPickleRefusal(Global("torch", "LongStorage"), "refused global 'torch.LongStorage'");
  this->ExpectPickleRefusal(Global("torch._utils", "_rebuild_tensor_v2.__globals__"),
                            "refused global 'torch._utils._rebuild_tensor_v2.__globals__'");
}

// The same by the opcode of protocol 4, which takes the name from the stack.
TEST_F(ArSSRTensorFileAttack, StackGlobalIsRefusedByName)
{
  this->ExpectPickleRefusal(Text("os") + Text("system") + "\x93", "refused global 'os.system'");
  this->ExpectPickleRefusal(Number(1) + Text("system") + "\x93", "'STACK_GLOBAL'");
}

// Unquoted, the name would reach the terminal as an escape sequence; unlimited, it would fill the memory.
TEST_F(ArSSRTensorFileAttack, GlobalsWithControlCharactersAreQuoted)
{
  this->ExpectPickleRefusal(Global("os\x1b[2J", "x"), "refused global 'os\\x1b[2J.x'");
  this->ExpectPickleRefusal('c' + std::string(1000, 'a') + "\nb\n", "longer than 256 characters");
}

TEST_F(ArSSRTensorFileAttack, ReduceCallsNothingButGlobals)
{
  this->ExpectPickleRefusal(Text("os.system") + Tuple({ Command }) + 'R', "refused opcode 'REDUCE'");
  this->ExpectPickleRefusal(Global("collections", "OrderedDict") + Tuple({ Command }) + 'R', "refused opcode 'REDUCE'");
  this->ExpectPickleRefusal(Global("collections", "OrderedDict") + "]R", "refused opcode 'REDUCE'");
}

TEST_F(ArSSRTensorFileAttack, CallsOfOtherKnownGlobalsAreRefused)
{
  this->ExpectPickleRefusal(OrderedDict({ Text("w"), Global("torch", "FloatStorage") + Tuple({ Number(1) }) + 'R' }),
                            "is the result of 'torch.FloatStorage'");
}

// In Python, BUILD sets any attribute of any object.
TEST_F(ArSSRTensorFileAttack, BuildSetsNothingButMetadata)
{
  this->ExpectPickleRefusal(Global("collections", "OrderedDict") + "}b", "refused opcode 'BUILD'");
  this->ExpectPickleRefusal("}}b", "refused opcode 'BUILD'");
  this->ExpectPickleRefusal(OrderedDict() + "]b", "refused opcode 'BUILD'");
  this->ExpectPickleRefusal(OrderedDict() + '}' + Text("__class__") + Number(1) + "sb", "attribute '__class__'");
}

TEST_F(ArSSRTensorFileAttack, OtherOpcodesAreRefusedByName)
{
  this->ExpectPickleRefusal("(" + Command + "ios\nsystem\n", "refused opcode 'INST'");
  this->ExpectPickleRefusal("(" + Global("collections", "OrderedDict") + Command + 'o', "refused opcode 'OBJ'");
  this->ExpectPickleRefusal(Global("collections", "OrderedDict") + ")\x81", "refused opcode 'NEWOBJ'");
  this->ExpectPickleRefusal("\x82\x01", "refused opcode 'EXT1'");
  this->ExpectPickleRefusal("Pid\n", "refused opcode 'PERSID'");
  this->ExpectPickleRefusal("\xff", "which is not a pickle opcode");
}

TEST_F(ArSSRTensorFileAttack, OldProtocolsAreRefused)
{
  this->ExpectRefusal(MakeZip({ { "model/data.pkl", "cos\nsystem\n." } }), "does not start with opcode 'PROTO'");
  this->ExpectRefusal(MakeZip({ { "model/data.pkl", "\x80\x06N." } }), "has protocol 6");
}

TEST_F(ArSSRTensorFileAttack, UnknownPersistentIdsAreRefused)
{
  const auto dictionary = [](const std::string & id) {
    return OrderedDict({ Text("w"), Tensor(id + 'Q', 0, { 1 }, { 1 }) });
  };
  this->ExpectPickleRefusal(dictionary(Text("0")), "has a str where a tuple belongs");
  this->ExpectPickleRefusal(dictionary(Tuple({ Text("module"), Number(1), Text("0"), Text("cpu"), Number(1) })),
                            "unknown persistent id");
  this->ExpectPickleRefusal(dictionary(Tuple({ Text("storage") })), "unknown persistent id");
  this->ExpectPickleRefusal(
    dictionary(Tuple({ Text("storage"), Text("torch.FloatStorage"), Text("0"), Text("cpu"), Number(1) })),
    "has a str where a class or function belongs");
  this->ExpectPickleRefusal(
    dictionary(Tuple({ Text("storage"), Global("collections", "OrderedDict"), Text("0"), Text("cpu"), Number(1) })),
    "has a storage of type 'collections.OrderedDict'");
}

TEST_F(ArSSRTensorFileAttack, AMemoBombIsRefused)
{
  // 32 GiB if the memo were an array.
  this->ExpectPickleRefusal("Nr\xff\xff\xff\xff", "the file holds None");
  std::string many;
  for (std::uint32_t i = 0; i < 200000; ++i)
  {
    many += "N\x94";
  }
  this->ExpectPickleRefusal(many, "needs more memory than the whole file");
  this->ExpectPickleRefusal("h\x07", "fetches memo 7, which it never stored");
}

TEST_F(ArSSRTensorFileAttack, NestedReferencesDoNotGrow)
{
  // Every tuple holds the one before ten times: 10^60 values if they were copied.
  std::string laughs = "()q" + Bytes(0, 1);
  for (unsigned int i = 0; i < 60; ++i)
  {
    laughs += '(';
    for (int copy = 0; copy < 10; ++copy)
    {
      laughs += 'h' + Bytes(i, 1);
    }
    laughs += "tq" + Bytes(i + 1, 1);
  }
  this->ExpectPickleRefusal(OrderedDict({ Text("w"), laughs + 't' }), "'w' is a tuple, not a tensor");
  // A list that holds itself.
  this->ExpectPickleRefusal("]q" + Bytes(0, 1) + 'h' + Bytes(0, 1) + 'a', "the file holds a list");
}

// A reader that recurses would overflow the stack.
TEST_F(ArSSRTensorFileAttack, DeepNestingEndsWithTheMemoryBudget)
{
  this->ExpectPickleRefusal(std::string(1000000, '('), "needs more memory than the whole file");
  this->ExpectPickleRefusal(")" + std::string(1000000, '\x85'), "needs more memory than the whole file");
}

// Each view would copy the key: 1000 items of a few bytes would take 100 MB.
TEST_F(ArSSRTensorFileAttack, ALongKeyThatManyItemsShareEndsWithTheMemoryBudget)
{
  const std::string        shared = Bytes(200, 1); // in the memo
  std::vector<std::string> items{ Text("w"),
                                  Tensor(Storage(std::string(100000, 'k'), 6), 0, { 6 }, { 1 }) + 'q' + shared };
  for (int item = 0; item < 1000; ++item)
  {
    items.push_back(Text(std::to_string(item)));
    items.push_back('h' + shared);
  }
  this->ExpectPickleRefusal(OrderedDict(items), "needs more memory than the whole file");
}

TEST_F(ArSSRTensorFileAttack, LengthsBeyondTheFileAreRefused)
{
  this->ExpectPickleRefusal("\x95" + Bytes(~std::uint64_t{ 0 }, 8) + 'N', "the frame at byte");
  this->ExpectPickleRefusal('X' + Bytes(0xFFFFFFFF, 4), "4294967295 bytes");
  this->ExpectPickleRefusal("\x8d" + Bytes(~std::uint64_t{ 0 }, 8), "18446744073709551615 bytes");
  this->ExpectPickleRefusal("\x8a\xff", "255 bytes were expected");
}

TEST_F(ArSSRTensorFileAttack, TheStackIsNeverReadBeyondItsEnd)
{
  for (const std::string program : { "", "R", "NR", "b", "t", "u", "}u", "\x86", "Q", "(R", "N(R", "q\x01", "s", "a" })
  {
    SCOPED_TRACE(program);
    EXPECT_NE(this->Refusal(MakeTorchArchive(program)), "");
  }
  this->ExpectPickleRefusal("NN", "ends with 2 values");
  this->ExpectPickleRefusal("(N", "ends with 1 values and 1 open marks");
  this->ExpectPickleRefusal("}(" + Text("a") + 'u', "adds 1 values");
}

TEST_F(ArSSRTensorFileAttack, TensorsOutsideTheirStorageAreRefused)
{
  constexpr std::int64_t huge = std::int64_t{ 1 } << 62;
  this->ExpectTensorRefusal(0, { 7 }, { 1 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(1, { 6 }, { 1 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(0, { 2, 3 }, { 4, 1 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(6, {}, {}, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(7, { 0 }, { 1 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(0, { 2 }, { huge }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(huge, { 2 }, { huge }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(-1, { 2 }, { 1 }, "a length or an offset of -1");
  this->ExpectTensorRefusal(0, { 2 }, { -1 }, "a length or an offset of -1");
  this->ExpectTensorRefusal(0, { 2 }, { 1, 1 }, "1 dimensions, but 2 strides");
}

// A product that wraps around to a small number would pass the check of the size, and reads would leave the storage.
TEST_F(ArSSRTensorFileAttack, ShapesWhoseProductOverflowsAreRefused)
{
  constexpr std::int64_t half = std::int64_t{ 1 } << 32;
  this->ExpectTensorRefusal(0, { half, half }, { 0, 0 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(0, { half, half, 2 }, { 0, 0, 0 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(0, { 1000000000 }, { 0 }, "does not fit into the 6 elements");
  this->ExpectTensorRefusal(0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1), "has 65 dimensions");
}

// There is no element to lie outside of the storage, so torch has to refuse the shape.
TEST_F(ArSSRTensorFileAttack, EmptyTensorsOfImpossibleShapeAreRefused)
{
  constexpr std::int64_t huge = std::int64_t{ 1 } << 62;
  this->ExpectTensorRefusal(0, { 0, huge, huge }, { 1, 1, 1 }, "");
}

TEST_F(ArSSRTensorFileAttack, StoragesThatClaimMoreThanTheFileHasAreRefused)
{
  constexpr std::int64_t huge = std::int64_t{ 1 } << 62;
  const auto             one = [](const std::string & storage) {
    return OrderedDict({ Text("w"), Tensor(storage, 0, { 1 }, { 1 }) });
  };
  const std::string data(24, '\0');
  this->ExpectRefusal(MakeTorchArchive(one(Storage("0", 7)), { data }), "has 24 bytes, expected 28 bytes");
  this->ExpectRefusal(MakeTorchArchive(one(Storage("0", huge)), { data }), "claims 4611686018427387904 elements");
  this->ExpectRefusal(MakeTorchArchive(one(Storage("9", 6)), { data }), "'model/data/9' is missing");
  this->ExpectRefusal(MakeTorchArchive(one(Storage("../data.pkl", 6)), { data }), "is missing");
  this->ExpectRefusal(MakeTorchLegacy(one(Storage("0", 7)), { data }), "has 6 elements");
  this->ExpectRefusal(MakeTorchLegacy(one(Storage("0", huge)), { data }), "claims 4611686018427387904 elements");
  this->ExpectRefusal(LegacyHeader() + Pickle(one(Storage("0", 1 << 30))) + Pickle("](" + Text("0") + 'e') +
                        Bytes(1 << 30, 8) + data,
                      "has 1073741824 elements with 24 bytes left");
}

TEST_F(ArSSRTensorFileAttack, ContradictoryStoragesAreRefused)
{
  const std::string data(24, '\0');
  this->ExpectRefusal(MakeTorchArchive(OrderedDict({ Text("v"),
                                                     Tensor(Storage("0", 6), 0, { 1 }, { 1 }),
                                                     Text("w"),
                                                     Tensor(Storage("0", 12, "HalfStorage"), 0, { 1 }, { 1 }) }),
                                       { data }),
                      "describes storage '0' differently");
  this->ExpectRefusal(MakeTorchLegacy(OneTensor(), { data, data }), "names '1' twice, or no tensor uses it");
  this->ExpectRefusal(MakeTorchLegacy(OneTensor(), {}), "lacks '0', which a tensor uses");
  const std::string view = Tuple({ Text("v"), Number(4), Number(3) });
  this->ExpectRefusal(
    MakeTorchLegacy(OrderedDict({ Text("w"), Tensor(Storage("0", 6, "FloatStorage", view), 0, { 1 }, { 1 }) }),
                    { data }),
    "views, from element 4 on, 3 elements of storage '0', which has 6");
}

// 64 transposed views of one storage: 360 kB of file would take 23 MB of memory, and more views take more.
TEST_F(ArSSRTensorFileAttack, ManyCopiesOfOneStorageAreRefused)
{
  std::vector<std::string> items;
  for (int i = 0; i < 64; ++i)
  {
    items.push_back(Text(std::to_string(i)));
    items.push_back(Tensor(Storage("0", 90000), 0, { 300, 300 }, { 1, 300 }));
  }
  this->ExpectRefusal(MakeTorchArchive(OrderedDict(items), { std::string(360000, '\0') }), "share a storage");
}

TEST_F(ArSSRTensorFileAttack, DuplicateTensorsAreRefused)
{
  const std::string tensor = Tensor(Storage("0", 6), 0, { 6 }, { 1 });
  this->ExpectRefusal(
    MakeTorchArchive(OrderedDict({ Text("w"), tensor, Text("w"), tensor }), { std::string(24, '\0') }),
    "two tensors 'w'");
}

// Their elements could be in another byte order or layout and would be read as noise.
TEST_F(ArSSRTensorFileAttack, LegacyFilesOfOtherMachinesOrVersionsAreRefused)
{
  this->ExpectRefusal(LegacyHeader(1002) + Pickle("}"), "has version 1002");
  this->ExpectRefusal(LegacyHeader(1001, false) + Pickle("}"), "big-endian");
  this->ExpectRefusal(Pickle(OneTensor()), "refused global 'collections.OrderedDict'");
  this->ExpectRefusal(Pickle(Number(7)), "magic number");
}
