/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "driverless-hooks/decode/task_actions.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_task_actions(const uint8_t *data, size_t size);

/* What is read comes from the input; bytes behind whole actions never change what was read. */
int eg_fuzz_task_actions(const uint8_t *data, size_t size)
{
    eg_task_xml whole;
    eg_task_xml part;
    eg_task_xml_init(&whole);
    eg_task_xml_init(&part);
    int status = eg_task_actions_decode(data, size, &whole);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_INVALID || status == EG_E_LIMIT);
    EG_FUZZ_CHECK(whole.command.len + whole.arguments.len <= 3 * size);
    if (size > 0 && eg_task_actions_decode(data, size - 1, &part) == EG_OK) {
        EG_FUZZ_CHECK(part.command.len <= whole.command.len);
        EG_FUZZ_CHECK(part.command.len == 0 ||
                      memcmp(part.command.data, whole.command.data, part.command.len) == 0);
    }
    eg_task_xml_done(&whole);
    eg_task_xml_done(&part);
    return 0;
}
