/* SPDX-License-Identifier: Apache-2.0 */
#include "service/check_schedule.h"

#include "core/base/clock.h"

#define TICKS_PER_MINUTE (EG_TICKS_PER_SECOND * 60)
#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

static bool read_day(eg_str text, uint32_t *day)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (uint32_t i = 0; i < EG_COUNT(names); i++) {
        if (eg_str_equal_nocase(text, eg_str_from(names[i]))) {
            *day = i;
            return true;
        }
    }
    return false;
}

static bool read_time(eg_str text, uint32_t *minute)
{
    eg_str hours;
    uint64_t h, m;
    if (!eg_str_split(&text, ':', &hours) || hours.len == 0 || hours.len > 2 || text.len != 2 ||
        !eg_str_to_u64(hours, &h) || !eg_str_to_u64(text, &m) || h > 23 || m > 59) {
        return false;
    }
    *minute = (uint32_t)(h * 60 + m);
    return true;
}

static bool next_word(eg_str *rest, eg_str *word)
{
    *rest = eg_str_trim(*rest);
    return eg_str_split(rest, ' ', word);
}

bool eg_check_schedule_read(eg_str text, eg_check_schedule *out)
{
    eg_check_schedule read = {EG_CHECK_NEVER, 0, 0};
    eg_str word;
    if (!next_word(&text, &word)) {
        return false;
    }
    if (eg_str_equal_nocase(word, EG_STR("daily"))) {
        read.rhythm = EG_CHECK_DAILY;
    } else if (eg_str_equal_nocase(word, EG_STR("weekly"))) {
        read.rhythm = EG_CHECK_WEEKLY;
        if (!next_word(&text, &word) || !read_day(word, &read.day)) {
            return false;
        }
    } else if (!eg_str_equal_nocase(word, EG_STR("off"))) {
        return false;
    }
    if (read.rhythm != EG_CHECK_NEVER &&
        (!next_word(&text, &word) || !read_time(word, &read.minute))) {
        return false;
    }
    if (eg_str_trim(text).len > 0) {
        return false;
    }
    *out = read;
    return true;
}

bool eg_check_schedule_is_due(const eg_check_schedule *schedule, uint64_t since, uint64_t now,
                              uint32_t spread)
{
    uint64_t days = schedule->rhythm == EG_CHECK_WEEKLY ? 7 : 1;
    uint64_t period = days * TICKS_PER_DAY;
    /* Ticks begin on a Monday. */
    uint64_t in_period = (days == 7 ? schedule->day * TICKS_PER_DAY : 0) +
                         schedule->minute * TICKS_PER_MINUTE + spread * EG_TICKS_PER_SECOND;
    if (schedule->rhythm == EG_CHECK_NEVER || now < in_period) {
        return false;
    }
    uint64_t last = now - (now - in_period) % period;
    return last > since;
}
