/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed a file, by a Windows that answers as documented. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "worker/win32/signature.h"

#include <stdio.h>
#include <string.h>

static struct {
    LONG file, member; /* answers */
    bool listed, has_sha256;
    const WCHAR *name;
    int open, states; /* contexts and states that were not given back */
    WCHAR tag[256];
} trust;

static LONG WINAPI trust_verify(HWND window, GUID *action, LPVOID data)
{
    WINTRUST_DATA *asked = data;
    EG_UNUSED(window);
    EG_UNUSED(action);
    assert_int_equal(asked->dwUIChoice, WTD_UI_NONE);
    assert_int_equal(asked->fdwRevocationChecks, WTD_REVOKE_NONE);
    assert_true(asked->dwProvFlags & WTD_CACHE_ONLY_URL_RETRIEVAL); /* nothing from the network */
    if (asked->dwStateAction == WTD_STATEACTION_CLOSE) {
        trust.states--;
        return ERROR_SUCCESS;
    }
    trust.states++;
    if (asked->dwUnionChoice == WTD_CHOICE_FILE) {
        return trust.file;
    }
    _snwprintf(trust.tag, EG_COUNT(trust.tag), L"%ls", asked->pCatalog->pcwszMemberTag);
    return trust.member;
}

static bool trust_signer(HANDLE state, WCHAR *name, DWORD units)
{
    EG_UNUSED(state);
    if (trust.name) {
        _snwprintf(name, units, L"%ls", trust.name);
    }
    return trust.name != NULL;
}

static BOOL WINAPI trust_acquire(HCATADMIN *admin, const GUID *subsystem, DWORD flags)
{
    EG_UNUSED(subsystem);
    EG_UNUSED(flags);
    trust.open++;
    *admin = &trust;
    return TRUE;
}

static BOOL WINAPI trust_acquire2(HCATADMIN *admin, const GUID *subsystem, const WCHAR *algorithm,
                                  const CERT_STRONG_SIGN_PARA *policy, DWORD flags)
{
    EG_UNUSED(policy);
    assert_true(wcscmp(algorithm, L"SHA256") == 0);
    return trust_acquire(admin, subsystem, flags);
}

static BOOL WINAPI trust_hash(HANDLE file, DWORD *size, BYTE *hash, DWORD flags)
{
    EG_UNUSED(file);
    EG_UNUSED(flags);
    *size = 20;
    memset(hash, 0x1F, *size);
    return TRUE;
}

static BOOL WINAPI trust_hash2(HCATADMIN admin, HANDLE file, DWORD *size, BYTE *hash, DWORD flags)
{
    EG_UNUSED(admin);
    EG_UNUSED(file);
    EG_UNUSED(flags);
    *size = 32;
    memset(hash, 0x2F, *size);
    return TRUE;
}

static HCATINFO WINAPI trust_find(HCATADMIN admin, BYTE *hash, DWORD size, DWORD flags,
                                  HCATINFO *after)
{
    EG_UNUSED(admin);
    EG_UNUSED(hash);
    EG_UNUSED(flags);
    EG_UNUSED(after);
    if (!trust.listed || (size == 32) != trust.has_sha256) {
        SetLastError(ERROR_NOT_FOUND);
        return NULL;
    }
    trust.open++;
    return &trust;
}

static BOOL WINAPI trust_info(HCATINFO catalog, CATALOG_INFO *info, DWORD flags)
{
    EG_UNUSED(catalog);
    EG_UNUSED(flags);
    _snwprintf(info->wszCatalogFile, MAX_PATH, L"C:\\a.cat");
    return TRUE;
}

static BOOL WINAPI trust_release_catalog(HCATADMIN admin, HCATINFO catalog, DWORD flags)
{
    EG_UNUSED(admin);
    EG_UNUSED(catalog);
    EG_UNUSED(flags);
    trust.open--;
    return TRUE;
}

static BOOL WINAPI trust_release(HCATADMIN admin, DWORD flags)
{
    EG_UNUSED(admin);
    EG_UNUSED(flags);
    trust.open--;
    return TRUE;
}

static const eg_trust_calls documented = {
    .verify = trust_verify,
    .signer = trust_signer,
    .acquire = trust_acquire,
    .hash = trust_hash,
    .acquire2 = trust_acquire2,
    .hash2 = trust_hash2,
    .find = trust_find,
    .info = trust_info,
    .release_catalog = trust_release_catalog,
    .release = trust_release,
};

static int check_trust(LONG file, bool listed, LONG in_catalog, const eg_trust_calls *calls,
                       eg_signature *out)
{
    trust.file = file;
    trust.listed = listed;
    trust.member = in_catalog;
    int status = eg_signature_check(calls, INVALID_HANDLE_VALUE, L"C:\\a.exe", out);
    assert_int_equal(trust.open, 0);
    assert_int_equal(trust.states, 0);
    return status;
}

static void signature__each_documented_answer__has_its_state(void **state)
{
    static const struct {
        LONG answer;
        eg_signature_status status;
    } answers[] = {
        {ERROR_SUCCESS, EG_SIGNATURE_VALID},
        {TRUST_E_NOSIGNATURE, EG_SIGNATURE_NONE},
        {TRUST_E_SUBJECT_FORM_UNKNOWN, EG_SIGNATURE_NONE},
        {TRUST_E_PROVIDER_UNKNOWN, EG_SIGNATURE_NONE},
        {TRUST_E_BAD_DIGEST, EG_SIGNATURE_BAD},
        {TRUST_E_FAIL, EG_SIGNATURE_BAD},
        {(LONG)0x80096011, EG_SIGNATURE_BAD}, /* TRUST_E_MALFORMED_SIGNATURE */
        {CRYPT_E_ASN1_BADTAG, EG_SIGNATURE_BAD},
        {CERT_E_EXPIRED, EG_SIGNATURE_EXPIRED},
        {CERT_E_REVOKED, EG_SIGNATURE_REVOKED},
        {TRUST_E_EXPLICIT_DISTRUST, EG_SIGNATURE_REVOKED},
        {CERT_E_UNTRUSTEDROOT, EG_SIGNATURE_UNTRUSTED},
        {CERT_E_CHAINING, EG_SIGNATURE_UNTRUSTED},
        {CERT_E_WRONG_USAGE, EG_SIGNATURE_UNTRUSTED},
        {TRUST_E_SUBJECT_NOT_TRUSTED, EG_SIGNATURE_UNTRUSTED},
    };
    EG_UNUSED(state);
    trust.name = L"Example Ltd.";
    for (size_t i = 0; i < EG_COUNT(answers); i++) {
        eg_signature found;
        assert_int_equal(check_trust(answers[i].answer, false, 0, &documented, &found), EG_OK);
        assert_int_equal(found.status, answers[i].status);
    }
}

/* Neither signed nor unsigned: Windows could not say. */
static void signature__file_that_cannot_be_checked__is_an_error(void **state)
{
    EG_UNUSED(state);
    eg_signature found = {EG_SIGNATURE_VALID, "as before"};
    assert_true(check_trust(ERROR_FILE_NOT_FOUND, false, 0, &documented, &found) != EG_OK);
    assert_true(check_trust(E_OUTOFMEMORY, false, 0, &documented, &found) != EG_OK);
    assert_string_equal(found.signer, "as before");
}

static void signature__in_a_catalog__is_that_of_the_catalog(void **state)
{
    eg_signature found;
    eg_trust_calls old = documented;
    EG_UNUSED(state);
    trust.name = L"Microsoft Windows";
    trust.has_sha256 = true;
    assert_int_equal(check_trust(TRUST_E_NOSIGNATURE, true, 0, &documented, &found), EG_OK);
    assert_int_equal(found.status, EG_SIGNATURE_VALID);
    assert_string_equal(found.signer, "Microsoft Windows");
    assert_int_equal(wcslen(trust.tag), 64);
    assert_int_equal(wcsncmp(trust.tag, L"2F2F", 4), 0);
    /* in an old one, by SHA-1; and where Windows has nothing newer */
    trust.has_sha256 = false;
    assert_int_equal(check_trust(TRUST_E_NOSIGNATURE, true, CERT_E_EXPIRED, &documented, &found),
                     EG_OK);
    assert_int_equal(found.status, EG_SIGNATURE_EXPIRED);
    assert_int_equal(wcslen(trust.tag), 40);
    old.acquire2 = NULL;
    old.hash2 = NULL;
    assert_int_equal(check_trust(TRUST_E_NOSIGNATURE, true, 0, &old, &found), EG_OK);
    assert_int_equal(found.status, EG_SIGNATURE_VALID);
}

static void signature__signer_of_any_length_and_script__is_cut_whole(void **state)
{
    WCHAR name[EG_SIGNER_SIZE];
    eg_signature found;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(name); i++) {
        name[i] = L'\x793E';
    }
    name[EG_COUNT(name) - 1] = L'\0';
    trust.name = name;
    assert_int_equal(check_trust(ERROR_SUCCESS, false, 0, &documented, &found), EG_OK);
    assert_int_equal(strlen(found.signer), (EG_SIGNER_SIZE - 1) / 3 * 3);
    assert_true(eg_utf8_valid(eg_str_from(found.signer)));
}

int eg_test_worker_signature(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature__each_documented_answer__has_its_state),
        cmocka_unit_test(signature__file_that_cannot_be_checked__is_an_error),
        cmocka_unit_test(signature__in_a_catalog__is_that_of_the_catalog),
        cmocka_unit_test(signature__signer_of_any_length_and_script__is_cut_whole),
    };
    return cmocka_run_group_tests_name("worker_signature", tests, NULL, NULL);
}
