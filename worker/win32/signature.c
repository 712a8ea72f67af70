/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/signature.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <stdio.h>
#include <string.h>

#include <softpub.h>

enum {
    HASH_SIZE_MAX = 64,
    TAG_UNITS = 2 * HASH_SIZE_MAX + 1, /* the hash in hexadecimal names the member of a catalog */
};

/* DRIVER_ACTION_VERIFY: the catalogs of Windows itself and of drivers (softpub.h). */
static const GUID catalogs = {
    0xF750E6C3, 0x38EE, 0x11D1, {0x85, 0xE5, 0x00, 0xC0, 0x4F, 0xC2, 0x95, 0xEE}};

/* ---- Windows ---- */

static bool signer_of(HANDLE state, WCHAR *name, DWORD units)
{
    CRYPT_PROVIDER_DATA *data = WTHelperProvDataFromStateData(state);
    CRYPT_PROVIDER_SGNR *signer = data ? WTHelperGetProvSignerFromChain(data, 0, FALSE, 0) : NULL;
    return signer && signer->csCertChain > 0 && signer->pasCertChain &&
           CertGetNameStringW(signer->pasCertChain[0].pCert, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL,
                              name, units) > 1;
}

void eg_trust_calls_of_system(eg_trust_calls *out)
{
    HMODULE wintrust = GetModuleHandleW(L"wintrust.dll");
    *out = (eg_trust_calls){
        .verify = WinVerifyTrust,
        .signer = signer_of,
        .acquire = CryptCATAdminAcquireContext,
        .hash = CryptCATAdminCalcHashFromFileHandle,
        .find = CryptCATAdminEnumCatalogFromHash,
        .info = CryptCATCatalogInfoFromContext,
        .release_catalog = CryptCATAdminReleaseCatalogContext,
        .release = CryptCATAdminReleaseContext,
    };
    if (wintrust) {
        FARPROC acquire2 = GetProcAddress(wintrust, "CryptCATAdminAcquireContext2");
        FARPROC hash2 = GetProcAddress(wintrust, "CryptCATAdminCalcHashFromFileHandle2");
        memcpy(&out->acquire2, &acquire2, sizeof(acquire2));
        memcpy(&out->hash2, &hash2, sizeof(hash2));
    }
}

/* ---- what an answer means ---- */

static bool is_unsigned(LONG answer)
{
    return answer == TRUST_E_NOSIGNATURE || answer == TRUST_E_SUBJECT_FORM_UNKNOWN ||
           answer == TRUST_E_PROVIDER_UNKNOWN || answer == TRUST_E_ACTION_UNKNOWN;
}

static int read_answer(LONG answer, eg_signature_status *out)
{
    static const struct {
        LONG answer;
        eg_signature_status status;
    } known[] = {
        {ERROR_SUCCESS, EG_SIGNATURE_VALID},
        {CERT_E_EXPIRED, EG_SIGNATURE_EXPIRED},
        {CERT_E_VALIDITYPERIODNESTING, EG_SIGNATURE_EXPIRED},
        {CERT_E_REVOKED, EG_SIGNATURE_REVOKED},
        {CRYPT_E_REVOKED, EG_SIGNATURE_REVOKED},
        {TRUST_E_EXPLICIT_DISTRUST, EG_SIGNATURE_REVOKED},
        {TRUST_E_SUBJECT_NOT_TRUSTED, EG_SIGNATURE_UNTRUSTED},
        {CRYPT_E_SECURITY_SETTINGS, EG_SIGNATURE_UNTRUSTED},
    };
    for (size_t i = 0; i < EG_COUNT(known); i++) {
        if (known[i].answer == answer) {
            *out = known[i].status;
            return EG_OK;
        }
    }
    switch (HRESULT_FACILITY(answer)) {
    case FACILITY_CERT: /* what is wrong with a chain: its root, its purpose ... */
        *out =
            (uint32_t)answer == (uint32_t)TRUST_E_FAIL ? EG_SIGNATURE_BAD : EG_SIGNATURE_UNTRUSTED;
        return EG_OK;
    case FACILITY_SECURITY: /* digests that differ, messages that cannot be decoded */
        *out = EG_SIGNATURE_BAD;
        return EG_OK;
    default: return eg_fail_os((uint32_t)answer, "check a signature");
    }
}

/* ---- asking ---- */

/* `choice` has what is to be verified. */
static LONG verify(const eg_trust_calls *calls, WINTRUST_DATA *choice, eg_signature *out)
{
    GUID action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    WCHAR name[EG_SIGNER_SIZE];
    choice->cbStruct = sizeof(*choice);
    choice->dwUIChoice = WTD_UI_NONE;
    choice->fdwRevocationChecks = WTD_REVOKE_NONE;
    choice->dwProvFlags = WTD_CACHE_ONLY_URL_RETRIEVAL | WTD_REVOCATION_CHECK_NONE;
    choice->dwStateAction = WTD_STATEACTION_VERIFY;
    LONG answer = calls->verify(INVALID_HANDLE_VALUE, &action, choice);
    if (calls->signer(choice->hWVTStateData, name, EG_COUNT(name))) {
        eg_buf text;
        name[EG_COUNT(name) - 1] = L'\0';
        eg_buf_init(&text, 4 * (size_t)EG_SIGNER_SIZE);
        eg_utf8_from_utf16(&text, name, wcslen(name));
        eg_utf8_copy(out->signer, sizeof(out->signer), eg_buf_str(&text));
        eg_buf_done(&text);
    }
    choice->dwStateAction = WTD_STATEACTION_CLOSE;
    calls->verify(INVALID_HANDLE_VALUE, &action, choice);
    return answer;
}

static LONG verify_file(const eg_trust_calls *calls, HANDLE file, const WCHAR *path,
                        eg_signature *out)
{
    WINTRUST_FILE_INFO info = {.cbStruct = sizeof(info), .pcwszFilePath = path, .hFile = file};
    WINTRUST_DATA choice = {.dwUnionChoice = WTD_CHOICE_FILE};
    choice.pFile = &info;
    return verify(calls, &choice, out);
}

/* A file and its hash, as a catalog's context computed it. */
typedef struct member {
    HANDLE file;
    const WCHAR *path;
    HCATADMIN admin;
    BYTE hash[HASH_SIZE_MAX];
    DWORD size;
} member;

static LONG verify_member(const eg_trust_calls *calls, member *of, HCATINFO catalog,
                          eg_signature *out)
{
    WCHAR tag[TAG_UNITS];
    CATALOG_INFO info = {.cbStruct = sizeof(info)};
    if (!calls->info(catalog, &info, 0)) {
        return TRUST_E_NOSIGNATURE;
    }
    for (DWORD i = 0; i < of->size; i++) {
        _snwprintf(tag + 2 * i, 3, L"%02X", of->hash[i]);
    }
    tag[2 * of->size] = L'\0';
    WINTRUST_CATALOG_INFO in = {
        .cbStruct = sizeof(in),
        .pcwszCatalogFilePath = info.wszCatalogFile,
        .pcwszMemberTag = tag,
        .pcwszMemberFilePath = of->path,
        .hMemberFile = of->file,
        .pbCalculatedFileHash = of->hash,
        .cbCalculatedFileHash = of->size,
        .hCatAdmin = of->admin,
    };
    WINTRUST_DATA choice = {.dwUnionChoice = WTD_CHOICE_CATALOG};
    choice.pCatalog = &in;
    return verify(calls, &choice, out);
}

/* With the hash by one algorithm; TRUST_E_NOSIGNATURE when no catalog lists it. */
static LONG verify_hashed(const eg_trust_calls *calls, member *of, bool sha256, eg_signature *out)
{
    LONG answer = TRUST_E_NOSIGNATURE;
    BOOL acquired = sha256 ? calls->acquire2(&of->admin, &catalogs, L"SHA256", NULL, 0)
                           : calls->acquire(&of->admin, &catalogs, 0);
    if (!acquired) {
        return answer;
    }
    of->size = sizeof(of->hash);
    BOOL hashed = sha256 ? calls->hash2(of->admin, of->file, &of->size, of->hash, 0)
                         : calls->hash(of->file, &of->size, of->hash, 0);
    if (hashed && of->size <= sizeof(of->hash)) {
        HCATINFO catalog = calls->find(of->admin, of->hash, of->size, 0, NULL);
        if (catalog) {
            answer = verify_member(calls, of, catalog, out);
            calls->release_catalog(of->admin, catalog, 0);
        }
    }
    calls->release(of->admin, 0);
    return answer;
}

static LONG verify_catalogs(const eg_trust_calls *calls, HANDLE file, const WCHAR *path,
                            eg_signature *out)
{
    member of = {.file = file, .path = path};
    LONG answer = TRUST_E_NOSIGNATURE;
    if (calls->acquire2 && calls->hash2) {
        answer = verify_hashed(calls, &of, true, out);
    }
    return is_unsigned(answer) ? verify_hashed(calls, &of, false, out) : answer;
}

int eg_signature_check(const eg_trust_calls *calls, HANDLE file, const WCHAR *path,
                       eg_signature *out)
{
    eg_signature found = {EG_SIGNATURE_NONE, ""};
    int status = EG_OK;
    LONG answer = verify_file(calls, file, path, &found);
    if (is_unsigned(answer)) {
        answer = verify_catalogs(calls, file, path, &found);
    }
    if (!is_unsigned(answer)) {
        status = read_answer(answer, &found.status);
    }
    if (status == EG_OK) {
        *out = found;
    }
    return status;
}
