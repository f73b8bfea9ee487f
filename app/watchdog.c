#include "app/watchdog.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static uv_timer_t turning;
static volatile sig_atomic_t turned; /* set by the loop, cleared by the look */
static volatile sig_atomic_t still;  /* looks in a row that found nothing */

static void loop_turned(uv_timer_t *timer)
{
    (void)timer;
    turned = 1;
}

/* In a signal handler: only what POSIX allows there. */
static void look(int signal_number)
{
    static const char words[] = "liveshelf: the loop stands still, this node ends itself\n";
    (void)signal_number;
    still = turned ? 0 : still + 1;
    turned = 0;
    if (still < 2)
        return;
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    raise(SIGABRT);
    _exit(1);
}

enum result watchdog_start(uv_loop_t *loop, unsigned look_ms)
{
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
    struct timeval look_every = {.tv_sec = look_ms / 1000, .tv_usec = look_ms % 1000 * 1000};
    struct itimerval every = {.it_interval = look_every, .it_value = look_every};
    sigemptyset(&action.sa_mask);
    turned = 1;
    still = 0;
    if (uv_timer_init(loop, &turning) != 0)
        return RESULT_IO;
    uv_timer_start(&turning, loop_turned, 0, look_ms / 5);
    uv_unref((uv_handle_t *)&turning);
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &every, NULL) != 0)
        return RESULT_IO;
    return RESULT_OK;
}

void watchdog_stop(void)
{
    struct itimerval never = {0};
    setitimer(ITIMER_REAL, &never, NULL);
    if (turning.loop != NULL && !uv_is_closing((uv_handle_t *)&turning))
        uv_close((uv_handle_t *)&turning, NULL);
}
