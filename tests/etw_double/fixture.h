/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ETW records as JSON lines keep them: provider_id, id, version, opcode, flags, pid, tid,
 * timestamp, userdata in hexadecimal. Pure functions; the payload belongs to the fixture.
 */
#ifndef EG_TESTS_ETW_DOUBLE_FIXTURE_H
#define EG_TESTS_ETW_DOUBLE_FIXTURE_H

#include "core/base/json.h"
#include "driverless-hooks/decode/etw_record.h"

#define EG_ETW_FIXTURE_PAYLOAD_MAX (64u * 1024)

typedef struct eg_etw_fixture {
    eg_etw_record record;
    eg_buf payload; /* eg_buf_init(.., EG_ETW_FIXTURE_PAYLOAD_MAX) before the first read */
} eg_etw_fixture;

/* Replaces what is in `out`. EG_E_INVALID with the reason. */
int eg_etw_fixture_read(yyjson_val *root, eg_etw_fixture *out);
/* "3d6fa8d0-fe05-..." to the bytes of a GUID in memory. */
int eg_etw_fixture_guid(eg_str text, uint8_t out[EG_ETW_GUID_SIZE]);

#endif
