/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA and RSA by OpenSSL's libcrypto, which the native build has for TLS anyway. */
#include "core/update/crypto.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* NULL when it is no key of that kind, or one of a size we do not take. */
static EVP_PKEY *read_key(eg_system_scheme scheme, eg_str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    const unsigned char *end = at + der.len;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);
    char group[32] = "";
    bool fits = false;
    if (!key || at != end) {
        EVP_PKEY_free(key);
        return NULL;
    }
    if (scheme == EG_ECDSA_P256_SHA256) {
        fits = EVP_PKEY_is_a(key, "EC") &&
               EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
               eg_str_equal(eg_str_from(group), EG_STR("prime256v1"));
    } else {
        int bits = EVP_PKEY_get_bits(key);
        fits = EVP_PKEY_is_a(key, "RSA") && bits >= EG_RSA_BITS_MIN && bits <= EG_RSA_BITS_MAX;
    }
    if (!fits) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static bool set_padding(eg_system_scheme scheme, EVP_PKEY_CTX *context)
{
    return scheme == EG_ECDSA_P256_SHA256 ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool eg_system_verify(eg_system_scheme scheme, eg_str key, eg_str message, eg_str signature)
{
    EVP_PKEY *public_key = read_key(scheme, key);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL; /* belongs to digest */
    bool good = public_key && digest &&
                EVP_DigestVerifyInit(digest, &context, EVP_sha256(), NULL, public_key) == 1 &&
                set_padding(scheme, context) &&
                EVP_DigestVerify(digest, (const unsigned char *)signature.ptr, signature.len,
                                 (const unsigned char *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_free(public_key);
    return good;
}
