#include "deliver/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cassert>
#include <string_view>

#include "base/text.h"

namespace dingtail::deliver {
namespace {

constexpr std::size_t kMacBytes = 32;                              // SHA-256
constexpr std::size_t kBase64Bytes = (kMacBytes + 2) / 3 * 4 + 1;  // and OpenSSL's final NUL

std::string hmac_base64(std::string_view key, std::string_view text) {
  std::array<unsigned char, kMacBytes> mac{};
  [[maybe_unused]] const auto* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  assert(done);
  std::array<unsigned char, kBase64Bytes> base64{};
  const int size = EVP_EncodeBlock(base64.data(), mac.data(), static_cast<int>(mac.size()));
  return {base64.begin(), base64.begin() + size};
}

// Of Base64's alphabet only these three have a meaning in a query.
std::string percent_encode(std::string_view base64) {
  std::string out;
  for (const char c : base64) {
    if (c == '+')
      out += "%2B";
    else if (c == '/')
      out += "%2F";
    else if (c == '=')
      out += "%3D";
    else
      out += c;
  }
  return out;
}

bool belongs_to_a_signature(std::string_view parameter) {
  const auto name = parameter.substr(0, parameter.find('='));
  return name == "timestamp" || name == "sign";
}

}  // namespace

std::string sign(base::Wall at, const base::Secret& secret) {
  const base::Secret text(std::to_string(base::unix_ms(at)) + "\n" + secret.reveal());
  return percent_encode(hmac_base64(secret.reveal(), text.reveal()));
}

base::Secret signed_url(const base::Secret& webhook, const base::Secret& secret, base::Wall at) {
  if (secret.empty()) return webhook;
  const std::string_view whole = webhook.reveal();
  const auto question = whole.find('?');
  std::string url(whole.substr(0, question));
  char joint = '?';
  const auto append = [&](std::string_view parameter) {
    url += joint;
    url += parameter;
    joint = '&';
  };
  if (question != std::string_view::npos)
    for (const auto parameter : base::split(whole.substr(question + 1), '&'))
      if (!parameter.empty() && !belongs_to_a_signature(parameter)) append(parameter);
  append("timestamp=" + std::to_string(base::unix_ms(at)));
  append("sign=" + sign(at, secret));
  return base::Secret(std::move(url));
}

}  // namespace dingtail::deliver
