/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DNS sensor: names that programs ask for and what they get, from the DNS client (3008) by ETW,
 * as Sysmon's event 22. The header's process is the one that asked, or the DNS service where a
 * program left the asking to it.
 */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/etw/provider_source.h"

enum { RING_SIZE = 512 * 1024 };

static const uint16_t answer_ids[] = {3008, 0};

static const eg_provider dns_client = {
    .name = "Microsoft-Windows-DNS-Client",
    .guid = EG_ETW_PROVIDER_DNS_CLIENT,
    .level = 4,
    .ids = answer_ids,
};
static const eg_provider *const providers[] = {&dns_client};

typedef struct dns_sensor {
    eg_sink sink;
    eg_provider_source *source;
    eg_event_text text;
} dns_sensor;

static void on_record(void *user, const eg_etw_record *record, uint64_t now)
{
    dns_sensor *sensor = user;
    eg_etw_decoded decoded;
    eg_event event;
    EG_UNUSED(now);
    if (eg_etw_decode(record, &decoded) != EG_ETW_EVENT || decoded.kind != EG_KIND_DNS_QUERY) {
        return;
    }
    eg_event_text_reset(&sensor->text);
    if (eg_etw_make_event(record, &decoded, &sensor->text, &event) != EG_OK) {
        eg_log(EG_LOG_WARNING, "dns", "a query is lost: %s", eg_error_message());
        return;
    }
    sensor->sink.emit(sensor->sink.user, &event);
}

static const eg_provider_source_options options = {
    .sensor = "dns",
    .detail = "names that programs ask for, with the answers",
    .misses = "no DNS query is seen",
    .providers = providers,
    .provider_count = EG_COUNT(providers),
    .ring_size = RING_SIZE,
    .record = on_record,
};

static void dns_close(void *context)
{
    dns_sensor *sensor = context;
    if (sensor) {
        eg_provider_source_destroy(sensor->source);
        eg_event_text_done(&sensor->text);
        eg_free(sensor);
    }
}

static int dns_open(void **context, const eg_sink *sink)
{
    dns_sensor *sensor = eg_alloc_zero(1, sizeof(*sensor));
    if (!sensor) {
        return EG_E_NOMEM;
    }
    sensor->sink = *sink;
    int status = eg_event_text_init(&sensor->text);
    if (status == EG_OK) {
        status = eg_provider_source_create(&sensor->source, &options, sink, sensor);
    }
    if (status != EG_OK) {
        dns_close(sensor);
        return status;
    }
    *context = sensor;
    return EG_OK;
}

static int dns_run(void *context)
{
    dns_sensor *sensor = context;
    return eg_provider_source_run(sensor->source);
}

static void dns_stop(void *context)
{
    dns_sensor *sensor = context;
    eg_provider_source_stop(sensor->source);
}

/* What was asked before nobody can list: the machine's cache does not tell who asked. */
static int dns_snapshot(void *context)
{
    EG_UNUSED(context);
    return EG_OK;
}

const eg_sensor eg_hook_dns = {
    .name = "dns",
    .what = "names that programs ask for, with the answers",
    .open = dns_open,
    .run = dns_run,
    .stop = dns_stop,
    .close = dns_close,
    .snapshot = dns_snapshot,
};
