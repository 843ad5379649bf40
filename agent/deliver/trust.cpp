#include "deliver/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>

namespace dingtail::deliver {
namespace {

base::Status load(X509_STORE* store, const std::string& file) {
  if (X509_STORE_load_file(store, file.c_str()) == 1) return {};
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string what = "certificates of " + file + ": " + (reason != nullptr ? reason : "cannot be read");
  ERR_clear_error();
  return base::fail(base::Code::kInvalid, std::move(what));
}

}  // namespace

base::Result<Trust::Stamp> Trust::stamp(const std::string& file) {
  if (file.empty()) return Stamp{};
  struct stat got {};
  if (::stat(file.c_str(), &got) != 0) return base::fail_errno("certificates of " + file, errno);
  return Stamp{got.st_dev, got.st_ino, got.st_size, got.st_mtim.tv_sec, got.st_mtim.tv_nsec};
}

base::Result<TrustStore> Trust::with(const std::string& ca_file) {
  const auto system = stamp(system_bundle_);
  if (!system && ca_file.empty()) return tl::unexpected(system.error());
  const auto extra = stamp(ca_file);
  if (!extra) return tl::unexpected(extra.error());
  Loaded fresh{system.value_or(Stamp{}), *extra, nullptr};
  if (const auto kept = loaded_.find(ca_file);
      kept != loaded_.end() && kept->second.system == fresh.system && kept->second.extra == fresh.extra)
    return kept->second.store;

  fresh.store = TrustStore(X509_STORE_new(), X509_STORE_free);
  X509_STORE_set_flags(fresh.store.get(), X509_V_FLAG_PARTIAL_CHAIN);  // a server's own certificate will do
  if (system) TRY(load(fresh.store.get(), system_bundle_));
  if (!ca_file.empty()) TRY(load(fresh.store.get(), ca_file));
  return (loaded_[ca_file] = std::move(fresh)).store;
}

void Trust::give(const TrustStore& store, void* ssl_ctx) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_ctx), store.get());
}

}  // namespace dingtail::deliver
