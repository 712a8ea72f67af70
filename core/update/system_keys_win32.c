/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA and RSA by Windows' CNG: BCryptImportKeyPair, BCryptVerifySignature. */
#include "core/update/crypto.h"

#include "core/update/der.h"

#include <windows.h>

#include <bcrypt.h>
#include <string.h>

#define OK(status) ((status) >= 0)

static BCRYPT_KEY_HANDLE import_key(const wchar_t *algorithm, const wchar_t *blob_kind, void *blob,
                                    size_t size)
{
    BCRYPT_ALG_HANDLE provider = NULL;
    BCRYPT_KEY_HANDLE key = NULL;
    if (!OK(BCryptOpenAlgorithmProvider(&provider, algorithm, NULL, 0))) {
        return NULL;
    }
    if (!OK(BCryptImportKeyPair(provider, NULL, blob_kind, &key, blob, (ULONG)size, 0))) {
        key = NULL;
    }
    /* The key keeps what it needs of the provider. */
    BCryptCloseAlgorithmProvider(provider, 0);
    return key;
}

static bool verify_ecdsa(eg_str der, uint8_t *hash, eg_str signature)
{
    uint8_t blob[sizeof(BCRYPT_ECCKEY_BLOB) + 2 * EG_P256_NUMBER_SIZE];
    uint8_t numbers[2 * EG_P256_NUMBER_SIZE];
    BCRYPT_ECCKEY_BLOB head = {BCRYPT_ECDSA_PUBLIC_P256_MAGIC, EG_P256_NUMBER_SIZE};
    memcpy(blob, &head, sizeof(head));
    if (!eg_der_p256_key(der, blob + sizeof(head)) || !eg_der_p256_signature(signature, numbers)) {
        return false;
    }
    BCRYPT_KEY_HANDLE key =
        import_key(BCRYPT_ECDSA_P256_ALGORITHM, BCRYPT_ECCPUBLIC_BLOB, blob, sizeof(blob));
    if (!key) {
        return false;
    }
    bool good =
        OK(BCryptVerifySignature(key, NULL, hash, EG_HASH256_SIZE, numbers, sizeof(numbers), 0));
    BCryptDestroyKey(key);
    return good;
}

static ULONG bits_of(eg_str number)
{
    ULONG bits = (ULONG)number.len * 8;
    for (unsigned char top = (unsigned char)number.ptr[0]; bits > 0 && !(top & 0x80);
         top = (unsigned char)(top << 1)) {
        bits--;
        if (top == 0) {
            return 0;
        }
    }
    return bits;
}

static bool verify_rsa(eg_str der, uint8_t *hash, eg_str signature)
{
    uint8_t blob[sizeof(BCRYPT_RSAKEY_BLOB) + EG_RSA_BITS_MAX / 8 + 8];
    uint8_t bytes[EG_RSA_BITS_MAX / 8];
    wchar_t digest[] = L"SHA256"; /* BCRYPT_SHA256_ALGORITHM, which the call takes as writable */
    BCRYPT_PSS_PADDING_INFO padding = {digest, EG_HASH256_SIZE};
    eg_str modulus, exponent;
    if (!eg_der_rsa_key(der, &modulus, &exponent) || exponent.len > 8 ||
        bits_of(modulus) < EG_RSA_BITS_MIN || bits_of(modulus) > EG_RSA_BITS_MAX ||
        signature.len != modulus.len) {
        return false;
    }
    BCRYPT_RSAKEY_BLOB head = {.Magic = BCRYPT_RSAPUBLIC_MAGIC,
                               .BitLength = bits_of(modulus),
                               .cbPublicExp = (ULONG)exponent.len,
                               .cbModulus = (ULONG)modulus.len};
    memcpy(blob, &head, sizeof(head));
    memcpy(blob + sizeof(head), exponent.ptr, exponent.len);
    memcpy(blob + sizeof(head) + exponent.len, modulus.ptr, modulus.len);
    memcpy(bytes, signature.ptr, signature.len);
    BCRYPT_KEY_HANDLE key = import_key(BCRYPT_RSA_ALGORITHM, BCRYPT_RSAPUBLIC_BLOB, blob,
                                       sizeof(head) + exponent.len + modulus.len);
    if (!key) {
        return false;
    }
    bool good = OK(BCryptVerifySignature(key, &padding, hash, EG_HASH256_SIZE, bytes,
                                         (ULONG)signature.len, BCRYPT_PAD_PSS));
    BCryptDestroyKey(key);
    return good;
}

bool eg_system_verify(eg_system_scheme scheme, eg_str key, eg_str message, eg_str signature)
{
    uint8_t hash[EG_HASH256_SIZE];
    eg_sha256(message, hash);
    return scheme == EG_ECDSA_P256_SHA256 ? verify_ecdsa(key, hash, signature)
                                          : verify_rsa(key, hash, signature);
}
