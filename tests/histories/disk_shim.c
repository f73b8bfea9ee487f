/* tests/histories/disk_shim.c - preloaded into redis-server: what a disk really has, and a disk that fails on command.
 *
 * The file named by DISK_SHIM is a shared table (struct disk). For every file that was synced it keeps how long the file was when
 * the last sync that has come back began: all a power cut must leave. While `stalls` is set syncs do not come back. While `write_errno` or `sync_errno` is set, writes to and syncs of an
 * append-only file fail with it; a write first takes half, as on a disk that is filling up.
 * The other side is stage.py: class Disk. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4000 /* further ones are not remembered: a power cut then takes all of them */
#define STALL_LOOK_US 1000

struct file_synced {
    _Atomic uint64_t inode; /* 0: free */
    _Atomic uint64_t bytes;
};
struct disk {
    _Atomic int32_t write_errno, sync_errno; /* 0: works */
    _Atomic int32_t stalls, unused;
    struct file_synced files[FILES_MAX];
};

static struct disk *disk;
static ssize_t (*real_write)(int fd, const void *bytes, size_t size);
static int (*real_fsync)(int fd), (*real_fdatasync)(int fd);
static _Atomic int halved; /* the write after this one fails whole */

/* ISO C has no cast from an object's address to a function's; POSIX promises that the bytes are the same. */
static void find_real(const char *name, void *ret_function, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &found, size);
}

__attribute__((constructor)) static void disk_open(void)
{
    find_real("write", &real_write, sizeof real_write);
    find_real("fsync", &real_fsync, sizeof real_fsync);
    find_real("fdatasync", &real_fdatasync, sizeof real_fdatasync);
    const char *path = getenv("DISK_SHIM");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *table = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    disk = table == MAP_FAILED ? NULL : table;
    close(fd);
}

static int is_append_only_file(int fd)
{
    char link[64], name[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, name, sizeof name - 1);
    if (len <= 0)
        return 0;
    name[len] = '\0';
    return strstr(name, ".incr.aof") != NULL;
}

static void note_synced(uint64_t inode, uint64_t bytes)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        uint64_t free_slot = 0;
        if (disk->files[i].inode == inode || atomic_compare_exchange_strong(&disk->files[i].inode, &free_slot, inode)) {
            disk->files[i].bytes = bytes;
            return;
        }
    }
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (disk == NULL || disk->write_errno == 0 || !is_append_only_file(fd))
        return real_write(fd, bytes, size);
    if (size > 1 && !atomic_exchange(&halved, 1))
        return real_write(fd, bytes, size / 2);
    atomic_store(&halved, 0);
    errno = disk->write_errno;
    return -1;
}

static int sync_by(int (*real)(int fd), int fd)
{
    struct stat before;
    if (disk == NULL || fstat(fd, &before) != 0 || !S_ISREG(before.st_mode))
        return real(fd);
    if (disk->sync_errno != 0 && is_append_only_file(fd)) {
        errno = disk->sync_errno;
        return -1;
    }
    while (disk->stalls != 0 && is_append_only_file(fd))
        usleep(STALL_LOOK_US);
    int result = real(fd);
    if (result == 0)
        note_synced((uint64_t)before.st_ino, (uint64_t)before.st_size);
    return result;
}

int fsync(int fd) { return sync_by(real_fsync, fd); }
int fdatasync(int fd) { return sync_by(real_fdatasync, fd); }
