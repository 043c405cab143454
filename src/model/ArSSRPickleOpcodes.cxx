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
#include "model/ArSSRPickleOpcodes.h"

namespace itk::arssr
{
namespace
{
struct NamedOpcode
{
  unsigned int value;
  const char * name;
};

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
} // namespace

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
} // namespace itk::arssr
