/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of every type. Vectors: RFC 8032, and made with OpenSSL for the message "EmoGuard". */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/update/der.h"
#include "core/update/signature.h"

#include <string.h>

#define MESSAGE EG_STR("EmoGuard")

static const eg_tuf_key p256 = {
    .type = EG_STR_INIT("ecdsa"),
    .scheme = EG_STR_INIT("ecdsa-sha2-nistp256"),
    .value = EG_STR_INIT("-----BEGIN PUBLIC KEY-----\n"
                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0vwlygj3aoF1SxZAiP6+MpcQMg6R\n"
                         "FuUhKIjb/gfp7uU/3LVfxMJsXnYTMuyJTUF7ucndALdE+U8jk1YFqN7yuA==\n"
                         "-----END PUBLIC KEY-----\n"),
};
static const char p256_signature[] =
    "3045022100919adac730b7144cc691f9ced7b03b5e4372674b4c904942bb196ed2e83f546802204d"
    "362fab2c5720626ea5bc4f0f382bba70e8e2efd4590d0a63a8e5ac19cebae2";

/* Another curve under the name of P-256. */
static const eg_tuf_key p384 = {
    .type = EG_STR_INIT("ecdsa"),
    .scheme = EG_STR_INIT("ecdsa-sha2-nistp256"),
    .value = EG_STR_INIT("-----BEGIN PUBLIC KEY-----\n"
                         "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAErvlkvG7fWw57RJd+z6cfmUny7U9ystzF\n"
                         "az2Wur8CwQPKh0z4bZwLOXtArcZOTPGTHwmSE49UE56XT7lp2v2hEjeTYxeArxLu\n"
                         "XqXhQ2pvYSwb3cjUBwVokwiQ/aUU/P9g\n"
                         "-----END PUBLIC KEY-----\n"),
};
static const char p384_signature[] =
    "30660231008a26e186d66ca018a4f01f28494a72623c265416e757ed1f6c78aa98197d078096a3d8"
    "555442410b9530fe0ce56eb8c9023100c233158537a48c06090e899009edb1aca74a85b1cfc607fe"
    "3a9c571c0da360dbe75ff4817cdce35084daa5686c461e5d";

static const eg_tuf_key rsa = {
    .type = EG_STR_INIT("rsa"),
    .scheme = EG_STR_INIT("rsassa-pss-sha256"),
    .value = EG_STR_INIT("-----BEGIN PUBLIC KEY-----\n"
                         "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoVShu0Zr43kTPn7THyYn\n"
                         "PziBz0rZMlEF96qoSM1Qu/tncU+Q77cVFbz7xerUkf5JZwZiUHnOkSi8ushmV0+8\n"
                         "JwdH5+vGPfKFF9mgi7QXNC5+KoKsOtAJxTEPtB/9SVVbftybcsHrQrY1lkviajBs\n"
                         "VMZFGYiwkkvLPWxrRwFCV7jd9rcm/shXAUm5yfR1XdeEVMCTWM/tgvPezWfKEHuq\n"
                         "hukbs0wju3ojLF30vI7HCEs/MUR5xaSweVsy2jo5n5UFM3Tkyp8AWomBUfEK3Mi/\n"
                         "9AUyghyiG9F9yHsJWzbU/Lxu7gZ+G694mDHzTCXKbqf6knW/CQEkq8x21b1m2zrN\n"
                         "9wIDAQAB\n"
                         "-----END PUBLIC KEY-----\n"),
};
static const char rsa_signature[] =
    "91f25f095a6c455c7ad1647b001419c499cb5875d4fe03717ed31dc8122e73a5aa50cb1a24bea351"
    "eefb4f28bcd6c0048297f4153b8514071c8aa236e07da4f5f4fe1a30a384c5dc5bb1a0c534c499d0"
    "26f0886bba05455fdda8fd1afff9b7c9158a20ed14bcab95a9d5bd8ce705bc550e6b98482eb3e3e4"
    "d12e9aad1e7b0784d8fa4dd3a7a43bbc1d06c26f98171609278090db868aa04cfb77b01c1ecb27a1"
    "fb139ee259d5a573c3ea7870b9e574577bfbabe7b4cbd734dd9ef82ff35ba1a0c6d5d1fb22c55d17"
    "b40f83519bc6c4a9371751f6436c56eddcc4ffc2be332002ee10f68030fc07a052d271e4959b3630"
    "d1773a537c93104a0bca0d493cfb956c";

/* 1,024 bits: too few. */
static const eg_tuf_key small_rsa = {
    .type = EG_STR_INIT("rsa"),
    .scheme = EG_STR_INIT("rsassa-pss-sha256"),
    .value = EG_STR_INIT("-----BEGIN PUBLIC KEY-----\n"
                         "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKRab/MJu/RLJ4X+OUz9+0b75s\n"
                         "pC8eA5ngbzbbQK+LAWznCltuWJFC15cXPHEvfmbLTf66mDL5MqUSf1XX5+/lDflW\n"
                         "XS73XKJxLcKRm+y+NtWulDunEkbxYvaH/ygZAi5rP8P6uT01huYEUpJkybVvJMh7\n"
                         "xFTLDjCb9AfVOrG5fwIDAQAB\n"
                         "-----END PUBLIC KEY-----\n"),
};
static const char small_rsa_signature[] =
    "8f2d8b47a777e655609a59d46387a44fd5718d61a35ab513d44f1527d090748f84200aee00ab3af7"
    "0b30e4492da3f9781ac704cb71c92b85bc5fe5860c613ce70f8a7629672e0fd91f1d0b8964fe6bb8"
    "283639e3deedac1956ee3864eb910028d76e7643f11e02c9b166082b31cc8f035aafd0662297c107"
    "487f6b1b44b9d2d1";

/* RFC 8032, section 7.1, test 3: the message is af82. */
static const eg_tuf_key ed25519 = {
    .type = EG_STR_INIT("ed25519"),
    .scheme = EG_STR_INIT("ed25519"),
    .value = EG_STR_INIT("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
};
static const char ed25519_signature[] =
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

static bool verifies(const eg_tuf_key *key, eg_str message, const char *hex)
{
    return eg_tuf_key_verify(key, message, eg_str_from(hex));
}

/* Good as it is, not with any one digit changed, cut or grown, nor for another message. */
static void check_vector(const eg_tuf_key *key, eg_str message, const char *hex)
{
    char changed[2 * EG_RSA_BITS_MAX / 8 + 3];
    size_t length = strlen(hex);
    assert_true(verifies(key, message, hex));
    assert_false(verifies(key, EG_STR("Emoguard"), hex));
    assert_false(verifies(key, EG_STR(""), hex));
    for (size_t i = 0; i < length; i += 7) {
        memcpy(changed, hex, length + 1);
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_false(verifies(key, message, changed));
    }
    assert_false(eg_tuf_key_verify(key, message, (eg_str){hex, length - 2}));
    assert_false(eg_tuf_key_verify(key, message, (eg_str){hex, length - 1}));
    assert_false(verifies(key, message, ""));
    memcpy(changed, hex, length);
    memcpy(changed + length, "00", 3);
    assert_false(verifies(key, message, changed));
    changed[length] = 'x';
    assert_false(verifies(key, message, changed));
}

static void signature__of_each_key_type__is_verified(void **state)
{
    (void)state;
    assert_int_equal(eg_crypto_init(), EG_OK);
    check_vector(&ed25519, (eg_str){"\xAF\x82", 2}, ed25519_signature);
    check_vector(&p256, MESSAGE, p256_signature);
    check_vector(&rsa, MESSAGE, rsa_signature);
}

static void signature__of_a_key_that_is_weak_or_another__counts_not(void **state)
{
    eg_tuf_key odd = ed25519;
    (void)state;
    assert_false(verifies(&p384, MESSAGE, p384_signature));
    assert_false(verifies(&small_rsa, MESSAGE, small_rsa_signature));
    assert_false(verifies(&p256, MESSAGE, rsa_signature));
    assert_false(verifies(&rsa, MESSAGE, p256_signature));
    odd.scheme = EG_STR("ed25519ph");
    assert_false(verifies(&odd, (eg_str){"\xAF\x82", 2}, ed25519_signature));
    odd = ed25519;
    odd.type = EG_STR("sphincs");
    assert_false(verifies(&odd, (eg_str){"\xAF\x82", 2}, ed25519_signature));
    odd = p256;
    odd.scheme = EG_STR("ecdsa-sha2-nistp384");
    assert_false(verifies(&odd, MESSAGE, p256_signature));
    odd = p256;
    odd.value = EG_STR("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n");
    assert_false(verifies(&odd, MESSAGE, p256_signature));
    odd.value = EG_STR("");
    assert_false(verifies(&odd, MESSAGE, p256_signature));
}

static void ed25519__signed_here__is_the_signature_of_the_rfc(void **state)
{
    static const char seed_hex[] =
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    uint8_t seed[EG_ED25519_SEED_SIZE], key[EG_ED25519_PUBLIC_SIZE];
    uint8_t signature[EG_ED25519_SIGNATURE_SIZE];
    char hex[2 * EG_ED25519_SIGNATURE_SIZE + 1];
    (void)state;
    assert_true(eg_hex_decode(eg_str_from(seed_hex), seed, sizeof(seed)));
    eg_ed25519_public(seed, key);
    eg_hex_encode(key, sizeof(key), hex);
    assert_string_equal(hex, ed25519.value.ptr);
    eg_ed25519_sign(seed, (eg_str){"\xAF\x82", 2}, signature);
    eg_hex_encode(signature, sizeof(signature), hex);
    assert_string_equal(hex, ed25519_signature);
}

static void hash__of_pieces__is_that_of_the_whole(void **state)
{
    static const char wanted[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char wanted512[] =
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    char hex[2 * EG_HASH512_SIZE + 1];
    eg_hasher *hasher = NULL;
    (void)state;
    assert_int_equal(eg_hasher_create(&hasher), EG_OK);
    for (int round = 0; round < 2; round++) {
        eg_hasher_add(hasher, "a", 1);
        eg_hasher_add(hasher, "", 0);
        eg_hasher_add(hasher, "bc", 2);
        eg_hasher_finish(hasher, sha256, sha512);
        eg_hasher_reset(hasher);
        eg_hex_encode(sha256, sizeof(sha256), hex);
        assert_string_equal(hex, wanted);
        eg_hex_encode(sha512, sizeof(sha512), hex);
        assert_string_equal(hex, wanted512);
    }
    eg_hasher_destroy(hasher);
    eg_sha512(EG_STR("abc"), sha512);
    eg_hex_encode(sha512, sizeof(sha512), hex);
    assert_string_equal(hex, wanted512);
}

static bool signature_from(const char *hex, uint8_t numbers[2 * EG_P256_NUMBER_SIZE])
{
    uint8_t bytes[128];
    size_t size = strlen(hex) / 2;
    assert_true(eg_hex_decode(eg_str_from(hex), bytes, size));
    return eg_der_p256_signature((eg_str){(const char *)bytes, size}, numbers);
}

static void der__of_signatures__is_read_in_its_one_form_only(void **state)
{
    uint8_t numbers[2 * EG_P256_NUMBER_SIZE] = {0};
    (void)state;
    assert_true(signature_from(p256_signature, numbers));
    assert_int_equal(numbers[0], 0x91);
    assert_int_equal(numbers[32], 0x4D);
    assert_int_equal(numbers[63], 0xE2);
    assert_true(signature_from("3006020101020102", numbers));
    assert_int_equal(numbers[30], 0);
    assert_int_equal(numbers[31], 1);
    assert_int_equal(numbers[63], 2);
    static const char *const bad[] = {
        "",
        "3006020101020180",   /* negative */
        "300702010102020001", /* a zero too many */
        "308106020101020102", /* a length in two forms */
        "30060201010201",     /* cut */
        "300602010102010200", /* longer */
        "3006020101030102",   /* another tag */
        "3009020101020102020103",
        "30050201010200",
        "3080020101020102",
        "30830000060201010201",
    };
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        assert_false(signature_from(bad[i], numbers));
    }
}

static void der__of_keys__gives_their_numbers(void **state)
{
    uint8_t der[512], point[2 * EG_P256_NUMBER_SIZE];
    eg_str modulus, exponent;
    (void)state;
    size_t size = eg_pem_public_key(p256.value, der, sizeof(der));
    assert_int_equal(size, 91);
    assert_true(eg_der_p256_key((eg_str){(const char *)der, size}, point));
    assert_int_equal(point[0], 0xD2);
    assert_int_equal(point[63], 0xB8);
    assert_false(eg_der_p256_key((eg_str){(const char *)der, size - 1}, point));
    size = eg_pem_public_key(rsa.value, der, sizeof(der));
    assert_true(eg_der_rsa_key((eg_str){(const char *)der, size}, &modulus, &exponent));
    assert_int_equal(modulus.len, 256);
    assert_int_equal((unsigned char)modulus.ptr[0], 0xA1);
    assert_memory_equal(exponent.ptr, "\x01\x00\x01", 3);
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(eg_der_rsa_key((eg_str){(const char *)der, cut}, &modulus, &exponent));
    }
    assert_int_equal(eg_pem_public_key(rsa.value, der, 100), 0);
    assert_int_equal(eg_pem_public_key(ed25519.value, der, sizeof(der)), 0);
}

int eg_test_tuf_signature(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature__of_each_key_type__is_verified),
        cmocka_unit_test(signature__of_a_key_that_is_weak_or_another__counts_not),
        cmocka_unit_test(ed25519__signed_here__is_the_signature_of_the_rfc),
        cmocka_unit_test(hash__of_pieces__is_that_of_the_whole),
        cmocka_unit_test(der__of_signatures__is_read_in_its_one_form_only),
        cmocka_unit_test(der__of_keys__gives_their_numbers),
    };
    return cmocka_run_group_tests_name("tuf_signature", tests, NULL, NULL);
}
