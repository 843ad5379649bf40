// Random identities: the msgUuid of a message, the seed of back-off jitter.
#pragma once

#include <cstdint>
#include <string>

namespace dingtail::app {

// A version 4 UUID (RFC 9562), 36 characters.
std::string new_uuid();
std::uint32_t random_seed();

}  // namespace dingtail::app
