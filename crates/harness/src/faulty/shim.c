/* Counts what a process does to the files below one directory, and fails it where it is asked to. Preloaded by the
 * drills, never by anything that serves citizens; shim.rs names the variables and tells what each fault means. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { GO_ON = 0, FAIL = -1, TEAR = 1 };

static const char *directory, *switch_file, *clock_file;
static size_t directory_length;
static char fault[16];
static unsigned long fault_at, done;
static int report = -1, no_sync;

/* The library must be loaded with these set; what it can't read must not pass for a run without faults. */
__attribute__((constructor)) static void begin(void) {
    directory = getenv("TONGDAI_SHIM_DIRECTORY");
    if (!directory) return;
    directory_length = strlen(directory);
    switch_file = getenv("TONGDAI_SHIM_SWITCH");
    clock_file = getenv("TONGDAI_SHIM_CLOCK");
    no_sync = getenv("TONGDAI_SHIM_NO_SYNC") != NULL;
    const char *name = getenv("TONGDAI_SHIM_REPORT");
    if (name) report = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *asked = getenv("TONGDAI_SHIM_FAULT");
    int wrong = name && report < 0;
    wrong |= asked && sscanf(asked, "%15[a-z]:%lu", fault, &fault_at) != 2;
    if (wrong) {
        static const char text[] = "shim: the report or the fault can't be used\n";
        syscall(SYS_write, 2, text, sizeof text - 1);
        _exit(99);
    }
}

static int is_below(const char *path) {
    return directory && path && !strncmp(path, directory, directory_length) &&
           (path[directory_length] == '/' || !path[directory_length]);
}

/* The path of a descriptor, or NULL where it is none below the directory. */
static const char *path_of(int fd, char path[PATH_MAX]) {
    char link[32];
    if (!directory) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    return is_below(path) ? path : NULL;
}

static void tell(unsigned long number, const char *kind, const char *path, const char *what) {
    char line[PATH_MAX + 64];
    const char *name = path[directory_length] ? path + directory_length + 1 : ".";
    int length = snprintf(line, sizeof line, "%lu %s %s%s\n", number, kind, name, what);
    if (report >= 0) syscall(SYS_write, report, line, (size_t)length);
}

static int fail(const char *word) {
    errno = !strcmp(word, "enospc") ? ENOSPC : !strcmp(word, "erofs") ? EROFS : EIO;
    return FAIL;
}

/* The text of a small file; empty where it is not there. */
static void read_text(const char *name, char text[128]) {
    text[0] = 0;
    int fd = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    long length = syscall(SYS_read, fd, text, 127);
    syscall(SYS_close, fd);
    text[length > 0 ? length : 0] = 0;
}

/* What the switch says of this kind: "KIND FAULT", or "KIND delay MILLISECONDS"; "sync" stands for all three. */
static int look_at_switch(const char *kind) {
    char text[128], wanted[16] = "", word[16] = "";
    unsigned long milliseconds = 0;
    read_text(switch_file, text);
    sscanf(text, "%15s %15s %lu", wanted, word, &milliseconds);
    int meant = !strcmp(wanted, kind) || (!strcmp(wanted, "sync") && strstr(kind, "sync"));
    if (!meant) return GO_ON;
    if (strcmp(word, "delay")) return fail(word);
    struct timespec rest = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    nanosleep(&rest, NULL);
    return GO_ON;
}

/* Counts one operation, and says whether it may be done. */
static int step(const char *kind, const char *path) {
    if (!path) return GO_ON;
    unsigned long number = __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    int here = fault_at && number == fault_at;
    tell(number, kind, path, here ? " <- fault" : "");
    if (!here) return look_at_switch(kind);
    if (!strcmp(fault, "tear") && !strcmp(kind, "write")) return TEAR;
    if (!strcmp(fault, "kill") || !strcmp(fault, "tear")) kill(getpid(), SIGKILL);
    return fail(fault);
}

/* Writes that no sync has made durable, so that a failed one can take them back: after it memory and disk part. */
struct unsynced {
    struct unsynced *before;
    dev_t device;
    ino_t inode;
    off_t offset, length_before;
    size_t length;
    char old[];
};
static struct unsynced *last;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void remember(int fd, off_t offset, size_t length) {
    struct stat at;
    if (strcmp(fault, "eio") || fstat(fd, &at)) return;
    struct unsynced *entry = malloc(sizeof *entry + length);
    if (!entry) return;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int reader = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    memset(entry->old, 0, length);
    if (reader >= 0) {
        syscall(SYS_pread64, reader, entry->old, length, offset);
        syscall(SYS_close, reader);
    }
    entry->device = at.st_dev, entry->inode = at.st_ino, entry->length_before = at.st_size;
    entry->offset = offset, entry->length = length;
    pthread_mutex_lock(&lock);
    entry->before = last, last = entry;
    pthread_mutex_unlock(&lock);
}

/* Drops what is remembered of a file, or puts it back. */
static void settle(int fd, int take_back) {
    struct stat at;
    char path[PATH_MAX];
    if (fstat(fd, &at)) return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int writer = take_back ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC) : -1;
    pthread_mutex_lock(&lock);
    for (struct unsynced **place = &last; *place;) {
        struct unsynced *entry = *place;
        if (entry->device != at.st_dev || entry->inode != at.st_ino) {
            place = &entry->before;
            continue;
        }
        if (writer >= 0) {
            syscall(SYS_pwrite64, writer, entry->old, entry->length, entry->offset);
            syscall(SYS_ftruncate, writer, entry->length_before);
        }
        *place = entry->before;
        free(entry);
    }
    pthread_mutex_unlock(&lock);
    if (writer >= 0) syscall(SYS_close, writer);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_it(const char *path, int flags, mode_t mode) {
    if (step("open", is_below(path) ? path : NULL) == FAIL) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_it(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_it(path, flags | O_LARGEFILE, mode);
}

ssize_t pwrite64(int fd, const void *octets, size_t length, off64_t offset) {
    char path[PATH_MAX];
    const char *below = path_of(fd, path);
    int verdict = step("write", below);
    if (verdict == FAIL) return -1;
    if (below) remember(fd, offset, length);
    if (verdict == TEAR) {
        syscall(SYS_pwrite64, fd, octets, length / 2, offset);
        kill(getpid(), SIGKILL);
    }
    return syscall(SYS_pwrite64, fd, octets, length, offset);
}

ssize_t pwrite(int fd, const void *octets, size_t length, off_t offset) {
    return pwrite64(fd, octets, length, offset);
}

ssize_t write(int fd, const void *octets, size_t length) {
    char path[PATH_MAX];
    const char *below = path_of(fd, path);
    int verdict = step("write", below);
    if (verdict == FAIL) return -1;
    if (below) remember(fd, (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR), length);
    if (verdict == TEAR) {
        syscall(SYS_write, fd, octets, length / 2);
        kill(getpid(), SIGKILL);
    }
    return syscall(SYS_write, fd, octets, length);
}

static int sync_it(const char *kind, long number, int fd) {
    char path[PATH_MAX];
    const char *below = path_of(fd, path);
    int verdict = step(kind, below);
    if (below && verdict == FAIL) {
        int error = errno;
        settle(fd, 1);
        errno = error;
        return -1;
    }
    if (below && no_sync) return 0;
    int result = (int)syscall(number, fd);
    if (below && !result) settle(fd, 0);
    return result;
}

int fsync(int fd) { return sync_it("fsync", SYS_fsync, fd); }

int fdatasync(int fd) { return sync_it("fdatasync", SYS_fdatasync, fd); }

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    char path[PATH_MAX];
    const char *below = path_of(fd, path);
    if (step("sync-range", below) == FAIL) return -1;
    return below && no_sync ? 0 : (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    char path[PATH_MAX];
    if (step("allocate", path_of(fd, path)) == FAIL) return -1;
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int ftruncate64(int fd, off64_t length) {
    char path[PATH_MAX];
    if (step("truncate", path_of(fd, path)) == FAIL) return -1;
    return (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
    if (step("rename", is_below(from) && is_below(to) ? to : NULL) == FAIL) return -1;
    return NEXT(rename)(from, to);
}

int unlink(const char *path) {
    if (step("unlink", is_below(path) ? path : NULL) == FAIL) return -1;
    return NEXT(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
    if (step("mkdir", is_below(path) ? path : NULL) == FAIL) return -1;
    return NEXT(mkdir)(path, mode);
}

/* The wall clock, put forward or back by the seconds that the file says; no other clock is touched. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result || clock != CLOCK_REALTIME || !clock_file) return result;
    char text[128];
    read_text(clock_file, text);
    now->tv_sec += atoll(text);
    return 0;
}
