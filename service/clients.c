/* SPDX-License-Identifier: Apache-2.0 */
#include "service/clients.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

int eg_clients_init(eg_clients *clients)
{
    memset(clients, 0, sizeof(*clients));
    return eg_mutex_init(&clients->lock);
}

void eg_clients_done(eg_clients *clients)
{
    eg_mutex_done(&clients->lock);
}

int eg_clients_add(eg_clients *clients, const eg_client *client, size_t *index)
{
    int status = EG_E_LIMIT;
    eg_mutex_lock(&clients->lock);
    for (size_t i = 0; i < EG_CLIENTS_MAX; i++) {
        if (!clients->list[i].used) {
            clients->list[i] = *client;
            clients->list[i].used = true;
            *index = i;
            status = EG_OK;
            break;
        }
    }
    eg_mutex_unlock(&clients->lock);
    return status == EG_OK ? EG_OK : eg_fail(status, "too many clients (%d)", EG_CLIENTS_MAX);
}

void eg_clients_remove(eg_clients *clients, size_t index)
{
    eg_mutex_lock(&clients->lock);
    clients->list[index].used = false;
    eg_mutex_unlock(&clients->lock);
}

void eg_clients_set_window(eg_clients *clients, size_t index, eg_str title)
{
    eg_mutex_lock(&clients->lock);
    eg_utf8_copy(clients->list[index].window, EG_CLIENT_WINDOW_SIZE, title);
    eg_mutex_unlock(&clients->lock);
}

bool eg_clients_has_tray(eg_clients *clients, uint32_t session)
{
    bool found = false;
    eg_mutex_lock(&clients->lock);
    for (size_t i = 0; i < EG_CLIENTS_MAX; i++) {
        const eg_client *client = &clients->list[i];
        found = found ||
                (client->used && client->session == session && strcmp(client->kind, "tray") == 0);
    }
    eg_mutex_unlock(&clients->lock);
    return found;
}

size_t eg_clients_count(eg_clients *clients)
{
    size_t count = 0;
    eg_mutex_lock(&clients->lock);
    for (size_t i = 0; i < EG_CLIENTS_MAX; i++) {
        count += clients->list[i].used;
    }
    eg_mutex_unlock(&clients->lock);
    return count;
}

void eg_clients_add_resolved(eg_clients *clients, int64_t incident_id)
{
    eg_mutex_lock(&clients->lock);
    clients->resolved[clients->resolved_count++ % EG_CLIENTS_RESOLVED_MAX] = incident_id;
    eg_mutex_unlock(&clients->lock);
}

uint64_t eg_clients_resolved_count(eg_clients *clients)
{
    eg_mutex_lock(&clients->lock);
    uint64_t count = clients->resolved_count;
    eg_mutex_unlock(&clients->lock);
    return count;
}

bool eg_clients_next_resolved(eg_clients *clients, uint64_t *cursor, int64_t *incident_id)
{
    eg_mutex_lock(&clients->lock);
    uint64_t count = clients->resolved_count;
    if (count - *cursor > EG_CLIENTS_RESOLVED_MAX) {
        *cursor = count - EG_CLIENTS_RESOLVED_MAX; /* a client that slept through many */
    }
    bool found = *cursor < count;
    if (found) {
        *incident_id = clients->resolved[(*cursor)++ % EG_CLIENTS_RESOLVED_MAX];
    }
    eg_mutex_unlock(&clients->lock);
    return found;
}

void eg_clients_write(eg_clients *clients, eg_json *json, size_t max)
{
    eg_json_array(json);
    eg_mutex_lock(&clients->lock);
    for (size_t i = 0; i < EG_CLIENTS_MAX; i++) {
        const eg_client *client = &clients->list[i];
        if (!client->used || max == 0) {
            continue;
        }
        max--;
        eg_json_object(json);
        eg_json_put_str(json, "kind", eg_str_from(client->kind));
        eg_json_put_str(json, "version", eg_str_from(client->version));
        eg_json_put_u64(json, "pid", client->pid);
        eg_json_put_u64(json, "session", client->session);
        eg_json_put_str(json, "language", eg_str_from(eg_language_code(client->language)));
        eg_json_put_str(json, "window", eg_str_from(client->window));
        eg_json_object_end(json);
    }
    eg_mutex_unlock(&clients->lock);
    eg_json_array_end(json);
}
