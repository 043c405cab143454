#include "ArSSRPickle.h"

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
