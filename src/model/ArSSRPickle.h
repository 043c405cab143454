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

#include <cstdint>
#include <deque>
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
} // namespace itk::arssr

#endif
