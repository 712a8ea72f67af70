/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that are known and not opened: archives packed in other ways and images of disks. What
 * they hold was not looked at, and that is told.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

enum { FOOTER_SIZE = 512 }; /* of a virtual disk, at its end */

typedef struct closed {
    uint64_t at;
    eg_str mark;
    const char *name;
} closed;

/* Signatures: the formats' own documents; ISO 9660 and ECMA-167 put theirs behind 16 sectors. */
static const closed kinds[] = {
    {0, EG_STR_INIT("7z\xBC\xAF\x27\x1C"), "7z archive"},
    {0, EG_STR_INIT("Rar!\x1A\x07"), "RAR archive"},
    {0, EG_STR_INIT("MSCF\0\0\0\0"), "cabinet"},
    {0, EG_STR_INIT("\x1F\x8B\x08"), "gzip file"},
    {4, EG_STR_INIT("1AY&SY"), "bzip2 file"},
    {0, EG_STR_INIT("\xFD\x37zXZ\0"), "xz file"},
    {0, EG_STR_INIT("\x28\xB5\x2F\xFD"), "zstd file"},
    {7, EG_STR_INIT("**ACE**"), "ACE archive"},
    {257, EG_STR_INIT("ustar"), "tar archive"},
    {0, EG_STR_INIT("conectix"), "virtual disk (VHD)"},
    {0, EG_STR_INIT("vhdxfile"), "virtual disk (VHDX)"},
    {0, EG_STR_INIT("KDMV"), "virtual disk (VMDK)"},
    {0x8001, EG_STR_INIT("CD001"), "disc image (ISO)"},
    {0x8001, EG_STR_INIT("BEA01"), "disc image (UDF)"},
    {0, EG_STR_INIT("ITSF\x03\0\0\0"), "compiled help file (CHM)"},
};

const char *eg_closed_name(eg_str bytes)
{
    for (size_t i = 0; i < EG_COUNT(kinds); i++) {
        if (eg_bytes_start(bytes, kinds[i].at, kinds[i].mark.ptr, kinds[i].mark.len)) {
            return kinds[i].name;
        }
    }
    bool is_disk =
        bytes.len >= FOOTER_SIZE && eg_bytes_start(bytes, bytes.len - FOOTER_SIZE, "conectix", 8);
    return is_disk ? "virtual disk (VHD)" : NULL;
}

void eg_unpack_closed(eg_walk *walk, eg_str bytes)
{
    eg_walk_tell(walk, EG_STR(""), EG_E_UNSUPPORTED, "could not look into it: a %s is not opened",
                 eg_closed_name(bytes));
}
