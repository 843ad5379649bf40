#include "deliver/sign.h"

#include <gtest/gtest.h>

namespace dingtail::deliver {
namespace {

struct Vector {
  std::int64_t timestamp;
  const char* secret;
  const char* sign;
};

// dingtalk.md, section 2.2: made with Python's hmac, checked with OpenSSL's command.
class PublishedVectors : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVectors, Match) {
  const auto& [timestamp, secret, expected] = GetParam();
  EXPECT_EQ(sign(base::from_unix_ms(timestamp), base::Secret(secret)), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Sign, PublishedVectors,
    testing::Values(
        Vector{1577262236757, "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA%3D"},
        Vector{1700000000000, "SEC000000000000000000000",
               "1zJ%2Fw34EOSVAYr7cu7Vo8LnebmK2%2FGrCgegtr8mQrqM%3D"},
        Vector{1760000000005, "SECa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
               "64EzhR6oTiKt6roF%2BgJQ8v8kp%2FthNRxQ%2B5l60Ix3N%2Fc%3D"},
        Vector{1767225600123, "this is secret", "NftdAHivdMsRbirHt%2FvMsNMUS0NITvTRABjKFmWRzp0%3D"},
        Vector{1760000000000, "密钥test", "uX9pVvd0eUpZSSMlIrbTh27p1SdC%2B9GU3dLevfmdqfc%3D"}));

const auto kAt = base::from_unix_ms(1577262236757);
const base::Secret kSecret("this is a secret");
const std::string kSigned = "timestamp=1577262236757&sign=DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA%3D";

std::string signed_text(const std::string& webhook, const base::Secret& secret = kSecret) {
  return signed_url(base::Secret(webhook), secret, kAt).reveal();
}

TEST(SignedUrl, JoinsTheSignatureToTheQuery) {
  EXPECT_EQ(signed_text("https://h/robot/send?access_token=t"),
            "https://h/robot/send?access_token=t&" + kSigned);
}

TEST(SignedUrl, BeginsAQueryWhereThereIsNone) {
  EXPECT_EQ(signed_text("https://h/robot/send"), "https://h/robot/send?" + kSigned);
  EXPECT_EQ(signed_text("https://h/robot/send?"), "https://h/robot/send?" + kSigned);
}

TEST(SignedUrl, ReplacesAnOlderSignature) {
  EXPECT_EQ(signed_text("https://h/s?timestamp=1&access_token=t&sign=old%3D&x=sign"),
            "https://h/s?access_token=t&x=sign&" + kSigned);
}

TEST(SignedUrl, LeavesTheWebhookOfARobotWithoutSecretAlone) {
  EXPECT_EQ(signed_text("https://h/s?access_token=t", base::Secret()), "https://h/s?access_token=t");
}

}  // namespace
}  // namespace dingtail::deliver
