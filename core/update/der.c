/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/der.h"

#include <string.h>

enum { TAG_INTEGER = 0x02, TAG_BIT_STRING = 0x03, TAG_SEQUENCE = 0x30 };

/* Takes one element off the front of `rest`. */
static bool take(eg_str *rest, unsigned char tag, eg_str *content)
{
    const unsigned char *bytes = (const unsigned char *)rest->ptr;
    if (rest->len < 2 || bytes[0] != tag) {
        return false;
    }
    size_t length = bytes[1];
    size_t header = 2;
    if (length > 0x80) {
        size_t count = length - 0x80;
        if (count > 2 || rest->len < 2 + count) {
            return false;
        }
        length = 0;
        for (size_t i = 0; i < count; i++) {
            length = length << 8 | bytes[header++];
        }
        if (length < 0x80 || (count == 2 && length < 0x100)) {
            return false;
        }
    } else if (length == 0x80) {
        return false;
    }
    if (length > rest->len - header) {
        return false;
    }
    *content = (eg_str){rest->ptr + header, length};
    *rest = (eg_str){rest->ptr + header + length, rest->len - header - length};
    return true;
}

/* A positive integer without its leading zero. */
static bool take_number(eg_str *rest, eg_str *number)
{
    eg_str value;
    if (!take(rest, TAG_INTEGER, &value) || value.len == 0 ||
        ((unsigned char)value.ptr[0] & 0x80)) {
        return false;
    }
    if (value.ptr[0] == 0 && value.len > 1) {
        if (!((unsigned char)value.ptr[1] & 0x80)) {
            return false;
        }
        value = (eg_str){value.ptr + 1, value.len - 1};
    }
    *number = value;
    return true;
}

bool eg_der_p256_key(eg_str der, uint8_t point[2 * EG_P256_NUMBER_SIZE])
{
    /* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 0 unused bits, 04 ... */
    static const unsigned char head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    if (der.len != sizeof(head) + 2 * EG_P256_NUMBER_SIZE ||
        memcmp(der.ptr, head, sizeof(head)) != 0) {
        return false;
    }
    memcpy(point, der.ptr + sizeof(head), 2 * EG_P256_NUMBER_SIZE);
    return true;
}

bool eg_der_p256_signature(eg_str der, uint8_t numbers[2 * EG_P256_NUMBER_SIZE])
{
    uint8_t out[2 * EG_P256_NUMBER_SIZE] = {0};
    eg_str content;
    if (!take(&der, TAG_SEQUENCE, &content) || der.len > 0) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        eg_str number;
        if (!take_number(&content, &number) || number.len > EG_P256_NUMBER_SIZE) {
            return false;
        }
        memcpy(out + (i + 1) * EG_P256_NUMBER_SIZE - number.len, number.ptr, number.len);
    }
    if (content.len > 0) {
        return false;
    }
    memcpy(numbers, out, sizeof(out));
    return true;
}

bool eg_der_rsa_key(eg_str der, eg_str *modulus, eg_str *exponent)
{
    /* rsaEncryption and NULL */
    static const unsigned char algorithm[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                              0x0D, 0x01, 0x01, 0x01, 0x05, 0x00};
    eg_str info, name, bits, key, n, e;
    if (!take(&der, TAG_SEQUENCE, &info) || der.len > 0 || !take(&info, TAG_SEQUENCE, &name) ||
        name.len != sizeof(algorithm) || memcmp(name.ptr, algorithm, sizeof(algorithm)) != 0 ||
        !take(&info, TAG_BIT_STRING, &bits) || info.len > 0 || bits.len == 0 || bits.ptr[0] != 0) {
        return false;
    }
    bits = (eg_str){bits.ptr + 1, bits.len - 1};
    if (!take(&bits, TAG_SEQUENCE, &key) || bits.len > 0 || !take_number(&key, &n) ||
        !take_number(&key, &e) || key.len > 0) {
        return false;
    }
    *modulus = n;
    *exponent = e;
    return true;
}
