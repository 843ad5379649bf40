// A certificate that signs itself, made anew for a test.
#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace dingtail::test {

struct Certificate {
  std::string pem;
  std::string key_pem;
};

struct CertificateOptions {
  const char* name = "IP:127.0.0.1";  // its subjectAltName
  long begins_in_s = -3600;
  long ends_in_s = 3600;
};

inline Certificate make_certificate(const CertificateOptions& options = {}) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509* x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), options.begins_in_s);
  X509_gmtime_adj(X509_getm_notAfter(x509), options.ends_in_s);
  X509_set_pubkey(x509, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("robot"), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  const auto extend = [&](int nid, const char* value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value), X509_EXTENSION_free);
    X509_add_ext(x509, extension.get(), -1);
  };
  extend(NID_subject_alt_name, options.name);
  extend(NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(x509, key.get(), EVP_sha256());

  const auto to_text = [](auto write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    write(memory.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  return {to_text([&](BIO* out) { PEM_write_bio_X509(out, x509); }), to_text([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace dingtail::test
