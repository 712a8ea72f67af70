/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/code.h"

#include <string.h>

/* Without I, O, S, 0, 1: each is taken for another one on the phone or on a bad print. */
static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRTUVWXYZ";

/* 31 to the power of 5 codes; the two factors are inverse to each other modulo that number. */
#define CODES UINT64_C(28629151)
#define SPREAD UINT64_C(17654321)
#define GATHER UINT64_C(25328807)
#define DIGITS 5

void eg_incident_code(int64_t incident_id, char out[EG_INCIDENT_CODE_SIZE])
{
    uint64_t value = (uint64_t)incident_id % CODES * SPREAD % CODES;
    char *at = out + EG_INCIDENT_CODE_SIZE - 1;

    *at = '\0';
    for (int i = 0; i < DIGITS; i++) {
        if (i == 2) {
            *--at = '-';
        }
        *--at = alphabet[value % 31];
        value /= 31;
    }
}

bool eg_incident_from_code(eg_str code, int64_t *incident_id)
{
    uint64_t value = 0;
    int digits = 0;

    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (c == '-' && i == 3) {
            continue;
        }
        if (c >= 'a' && c <= 'z') {
            c = (char)(c - 'a' + 'A');
        }
        const char *found = c ? strchr(alphabet, c) : NULL;
        if (!found || ++digits > DIGITS) {
            return false;
        }
        value = value * 31 + (uint64_t)(found - alphabet);
    }
    if (digits != DIGITS) {
        return false;
    }
    *incident_id = (int64_t)(value * GATHER % CODES);
    return true;
}
