/*
 * An echo server in one thread, by epoll: as little as it can take.
 *
 *     cc -O2 -o echo_epoll echo_epoll.c
 *     ./echo_epoll
 *
 * Prints its port, and serves until it is killed.
 */
#define _GNU_SOURCE /* for accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, BUFFER = 65536 };

struct connection {
  int fd;
  char *rest; /* what the system did not take yet */
  size_t length, sent;
};

static int epoll;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void want(int op, int fd, uint32_t events, void *ptr) {
  struct epoll_event event = {.events = events, .data.ptr = ptr};
  if (epoll_ctl(epoll, op, fd, &event) < 0) fail("epoll_ctl");
}

static void finish(struct connection *c) {
  close(c->fd);
  free(c->rest);
  free(c);
}

/* Whether the connection is still there. */
static int receive(struct connection *c) {
  static char buffer[BUFFER];
  ssize_t n = read(c->fd, buffer, BUFFER);
  if (n < 0 && errno == EAGAIN) return 1;
  if (n <= 0) return 0;
  ssize_t sent = write(c->fd, buffer, n);
  if (sent < 0 && errno != EAGAIN) return 0;
  if (sent < 0) sent = 0;
  if (sent == n) return 1;
  c->length = n - sent;
  c->sent = 0;
  c->rest = malloc(c->length);
  if (!c->rest) fail("malloc");
  memcpy(c->rest, buffer + sent, c->length);
  want(EPOLL_CTL_MOD, c->fd, EPOLLOUT, c); /* and receive nothing meanwhile */
  return 1;
}

static int send_rest(struct connection *c) {
  ssize_t n = write(c->fd, c->rest + c->sent, c->length - c->sent);
  if (n < 0) return errno == EAGAIN;
  c->sent += n;
  if (c->sent < c->length) return 1;
  free(c->rest);
  c->rest = NULL;
  want(EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
  return 1;
}

static void accept_all(int listener) {
  for (;;) {
    int on = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) fail("calloc");
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    want(EPOLL_CTL_ADD, fd, EPOLLIN, c);
  }
}

int main(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof addr;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(listener, (struct sockaddr *)&addr, sizeof addr)) fail("bind");
  if (listen(listener, 4096)) fail("listen");
  getsockname(listener, (struct sockaddr *)&addr, &length);
  epoll = epoll_create1(0);
  want(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
  printf("%d\n", ntohs(addr.sin_port));
  fflush(stdout);

  struct epoll_event events[EVENTS];
  for (;;) {
    int n = epoll_wait(epoll, events, EVENTS, -1);
    if (n < 0) fail("epoll_wait");
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == NULL) accept_all(listener);
      else if (!(c->rest ? send_rest(c) : receive(c))) finish(c);
    }
  }
}
