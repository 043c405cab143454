#ifndef ArSSRChecksum_h
#define ArSSRChecksum_h

#include <cstdint>

namespace itk::arssr
{
/** CRC-32 of zip archives (ISO 3309, reflected polynomial 0xEDB88320). Start with zero; feed the result back in to go
 * on with further bytes. */
std::uint32_t
UpdateChecksum(std::uint32_t checksum, const void * data, std::uint64_t count);
} // namespace itk::arssr

#endif
