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
} // namespace itk::arssr
