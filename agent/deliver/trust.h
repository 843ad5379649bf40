// Which issuers of certificates a connection trusts: the system's, and those of a target's ca_file beside
// them. A bundle takes tens of milliseconds to load, so it is kept, and loaded anew only when a file of it
// changed.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "base/result.h"

struct x509_store_st;

namespace dingtail::deliver {

using TrustStore = std::shared_ptr<x509_store_st>;

class Trust {
 public:
  explicit Trust(std::string system_bundle) : system_bundle_(std::move(system_bundle)) {}

  // An empty ca_file: the system's issuers alone.
  base::Result<TrustStore> with(const std::string& ca_file);

  // Makes `ssl_ctx`, an SSL_CTX that libcurl hands out, trust the store.
  static void give(const TrustStore& store, void* ssl_ctx);

 private:
  using Stamp = std::tuple<dev_t, ino_t, off_t, std::time_t, long>;  // of a file: changes when it does
  struct Loaded {
    Stamp system;
    Stamp extra;
    TrustStore store;
  };
  static base::Result<Stamp> stamp(const std::string& file);

  std::string system_bundle_;
  std::map<std::string, Loaded> loaded_;  // by ca_file
};

}  // namespace dingtail::deliver
