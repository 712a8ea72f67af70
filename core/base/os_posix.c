/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "core/base/os_internal.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(eg_mutex), "eg_mutex is too small");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(eg_cond), "eg_cond is too small");

/* ---- errors ---- */

static int status_from_errno(uint32_t code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR: return EG_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS: return EG_E_DENIED;
    case EEXIST: return EG_E_EXISTS;
    case ENOMEM: return EG_E_NOMEM;
    default: return EG_E_IO;
    }
}

int eg_fail_os(uint32_t os_code, const char *format, ...)
{
    char what[1024];
    char reason[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (length < 0) {
        what[0] = '\0';
    }
    if (strerror_r((int)os_code, reason, sizeof(reason)) != 0) {
        snprintf(reason, sizeof(reason), "system error");
    }
    return eg_fail(status_from_errno(os_code), "%s: %s (%u)", what, reason, (unsigned)os_code);
}

/* ---- threads ---- */

struct eg_thread {
    pthread_t handle;
    eg_thread_main run;
    void *arg;
    char name[16]; /* what Linux keeps */
};

static void *thread_entry(void *arg)
{
    eg_thread *thread = arg;
#ifdef __linux__
    prctl(PR_SET_NAME, thread->name);
#endif
    thread->run(thread->arg);
    return NULL;
}

int eg_thread_start(eg_thread **out, const char *name, eg_thread_main run, void *arg)
{
    eg_thread *thread = eg_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return EG_E_NOMEM;
    }
    thread->run = run;
    thread->arg = arg;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    int error = pthread_create(&thread->handle, NULL, thread_entry, thread);
    if (error != 0) {
        eg_free(thread);
        return eg_fail_os((uint32_t)error, "start thread %s", name);
    }
    *out = thread;
    return EG_OK;
}

void eg_thread_join(eg_thread *thread)
{
    if (!thread) {
        return;
    }
    pthread_join(thread->handle, NULL);
    eg_free(thread);
}

void eg_thread_cancel_io(eg_thread *thread)
{
    EG_UNUSED(thread);
}

void eg_thread_sleep_ms(uint32_t milliseconds)
{
    struct timespec left = {
        .tv_sec = (time_t)(milliseconds / 1000),
        .tv_nsec = (long)(milliseconds % 1000) * 1000000,
    };
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
        continue;
    }
}

/* Linux keeps this number for each thread, others for the process. */
void eg_thread_stand_back(void)
{
    enum { LOW = 10 };
    (void)setpriority(PRIO_PROCESS, 0, LOW);
}

static pthread_mutex_t *mutex_of(eg_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->opaque;
}

static pthread_cond_t *cond_of(eg_cond *cond)
{
    return (pthread_cond_t *)(void *)cond->opaque;
}

int eg_mutex_init(eg_mutex *mutex)
{
    int error = pthread_mutex_init(mutex_of(mutex), NULL);
    return error == 0 ? EG_OK : eg_fail_os((uint32_t)error, "create a lock");
}

void eg_mutex_done(eg_mutex *mutex)
{
    pthread_mutex_destroy(mutex_of(mutex));
}

void eg_mutex_lock(eg_mutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

void eg_mutex_unlock(eg_mutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

int eg_cond_init(eg_cond *cond)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0) {
        return eg_fail_os((uint32_t)error, "create a condition");
    }
    /* A deadline must not move when somebody sets the clock. */
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0) {
        error = pthread_cond_init(cond_of(cond), &attributes);
    }
    pthread_condattr_destroy(&attributes);
    return error == 0 ? EG_OK : eg_fail_os((uint32_t)error, "create a condition");
}

void eg_cond_done(eg_cond *cond)
{
    pthread_cond_destroy(cond_of(cond));
}

int eg_cond_wait(eg_cond *cond, eg_mutex *mutex, uint32_t milliseconds)
{
    if (milliseconds == EG_FOREVER) {
        pthread_cond_wait(cond_of(cond), mutex_of(mutex));
        return EG_OK;
    }
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += (time_t)(milliseconds / 1000);
    deadline.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    int error = pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &deadline);
    return error == ETIMEDOUT ? EG_E_TIMEOUT : EG_OK;
}

void eg_cond_wake_all(eg_cond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}

int64_t eg_atomic_add(eg_atomic *counter, int64_t amount)
{
    return __atomic_add_fetch(&counter->value, amount, __ATOMIC_SEQ_CST);
}

int64_t eg_atomic_get(const eg_atomic *counter)
{
    return EG_ATOMIC_LOAD(&counter->value);
}

void eg_atomic_set(eg_atomic *counter, int64_t value)
{
    __atomic_store_n(&counter->value, value, __ATOMIC_SEQ_CST);
}

/* ---- clocks ---- */

uint64_t eg_clock_utc(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return EG_UNIX_EPOCH_TICKS + (uint64_t)now.tv_sec * EG_TICKS_PER_SECOND +
           (uint64_t)now.tv_nsec / 100;
}

uint64_t eg_clock_local(uint64_t utc)
{
    struct tm fields;
    time_t seconds = (time_t)((int64_t)(utc - EG_UNIX_EPOCH_TICKS) / (int64_t)EG_TICKS_PER_SECOND);
    if (!localtime_r(&seconds, &fields)) {
        return utc;
    }
    return utc + (uint64_t)((int64_t)fields.tm_gmtoff * (int64_t)EG_TICKS_PER_SECOND);
}

uint64_t eg_clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- surroundings ---- */

int eg_env_get(const char *name, eg_buf *out)
{
    const char *value = getenv(name);
    if (!value) {
        return eg_fail(EG_E_NOTFOUND, "environment variable %s is not set", name);
    }
    eg_buf_clear(out);
    return eg_buf_append_cstr(out, value);
}

int eg_temp_dir(eg_buf *out)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !eg_dir_exists(folder)) {
        folder = "/tmp";
    }
    eg_buf_clear(out);
    return eg_buf_append_cstr(out, folder);
}

int eg_host_name(eg_buf *out)
{
    char name[256];
    if (gethostname(name, sizeof(name)) != 0) {
        return eg_fail_os((uint32_t)errno, "read the host name");
    }
    name[sizeof(name) - 1] = '\0';
    eg_buf_clear(out);
    return eg_buf_append_cstr(out, name);
}

int eg_system_language(eg_buf *out)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *value = NULL;
    for (size_t i = 0; i < EG_COUNT(names) && (!value || !*value); i++) {
        value = getenv(names[i]);
    }
    eg_buf_clear(out);
    return eg_buf_append_cstr(out, value ? value : "");
}

uint32_t eg_process_id(void)
{
    return (uint32_t)getpid();
}

uint32_t eg_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}

int eg_random_bytes(void *out, size_t size)
{
    unsigned char *bytes = out;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return eg_fail_os((uint32_t)errno, "read random bytes");
        }
        bytes += got;
        size -= (size_t)got;
    }
    return EG_OK;
}

int eg_utf8_from_code_page(uint32_t code_page, eg_str text, eg_buf *out)
{
    EG_UNUSED(text);
    EG_UNUSED(out);
    return eg_fail(EG_E_NOTFOUND, "code page %u is not known here", (unsigned)code_page);
}
