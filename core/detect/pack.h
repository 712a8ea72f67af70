/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule packs: pack.json says what a folder is; rules are its sigma/ and yara/ folders, texts lie
 * beside them. A pack that came over the network has the same files, in memory. Finds the rule
 * files of folders that are no pack, too. Called by the loading thread.
 */
#ifndef EG_DETECT_PACK_H
#define EG_DETECT_PACK_H

#include "core/base/pack_file.h"

#define EG_PACK_FILE_MAX (1024u * 1024)
#define EG_PACK_TEXTS_MAX (8u * 1024 * 1024)
#define EG_PACK_FILES_MAX 50000
/* Beside the rules or in the pack: what the placeholders in them stand for (placeholder.h). */
#define EG_PACK_PLACEHOLDERS "placeholders.yml"

typedef struct eg_pack {
    eg_buf name;
    uint64_t serial;
} eg_pack;

void eg_pack_init(eg_pack *pack);
void eg_pack_done(eg_pack *pack);
/* Is there a pack.json in this folder? */
bool eg_pack_is_folder(const char *folder);
/* Reads pack.json. EG_E_INVALID with file and reason, also when it needs a newer engine. */
int eg_pack_read(const char *folder, eg_pack *pack);
/* The same with the content of a pack.json; `file` is for messages. */
int eg_pack_parse(eg_str json, const char *file, eg_pack *pack);

/*
 * When a pack with this serial was made: serials count up as YYYYMMDDnn, a date and a number of the
 * day. FILETIME of that day's beginning (UTC); false for a serial that is no date.
 */
bool eg_pack_time(uint64_t serial, uint64_t *made);

typedef int (*eg_pack_rule_file)(void *user, const char *path);
/*
 * Every rule file below a folder, in order of name: Sigma (.yml, .yaml) and YARA (.yar, .yara).
 * EG_E_LIMIT when there are too many.
 */
int eg_pack_walk(const char *folder, eg_pack_rule_file found, void *user);
/* By its extension: is it one of them, and one of YARA? */
bool eg_pack_is_rules(eg_str path);
bool eg_pack_is_yara(eg_str path);

#endif
