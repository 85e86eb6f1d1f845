/*
 * Many clients of an echo server, in one thread, by epoll.
 *
 *     cc -O2 -o load load.c
 *     ./load HOST PORT CONNECTIONS SIZE SECONDS
 *
 * Connects all, lets each send one message and get it back, says "ready" on
 * stderr, and waits for a line on stdin. Then every connection has one message on
 * its way for so many seconds. What comes back is compared octet by octet. Prints
 * one line of JSON, with round trips in microseconds; keeps the connections until
 * stdin ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, SHIFTS = 4096, BUFFER = 1 << 18 };

struct client {
  int fd;
  size_t sent, received; /* of the message on its way */
  size_t shift;          /* where in the noise that message begins */
  unsigned long messages;
  double since;
};

static char *noise; /* all messages are parts of it */
static size_t size;
static int epoll;
static float *times; /* microseconds */
static unsigned long count, room;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void want(struct client *c, int op, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(epoll, op, c->fd, &event) < 0) fail("epoll_ctl");
}

/* Sends what the system takes; waits for room only if it has to. */
static void send_some(struct client *c) {
  size_t before = c->sent;
  while (c->sent < size) {
    ssize_t n = write(c->fd, noise + c->shift + c->sent, size - c->sent);
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) fail("write");
    c->sent += n;
  }
  int waits = c->sent < size;
  if (waits || before > 0) {
    want(c, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

static void begin(struct client *c) {
  c->sent = c->received = 0;
  c->shift = (c->shift + 31) % SHIFTS;
  c->since = now();
  send_some(c);
}

static void add_time(float us) {
  if (count == room) {
    room = room ? 2 * room : 1 << 20;
    times = realloc(times, room * sizeof *times);
    if (!times) fail("realloc");
  }
  times[count++] = us;
}

/* Whether the message has come back. */
static int receive_some(struct client *c) {
  static char buffer[BUFFER];
  while (c->received < size) {
    size_t left = size - c->received;
    ssize_t n = read(c->fd, buffer, left < BUFFER ? left : BUFFER);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0) fail("read");
    if (n == 0 || memcmp(buffer, noise + c->shift + c->received, n)) {
      fprintf(stderr, n ? "came back changed\n" : "closed by the server\n");
      exit(1);
    }
    c->received += n;
  }
  return 1;
}

/* Lets all clients go on until then, and to the end of their messages. */
static void run(struct client *clients, int connections, double until) {
  struct epoll_event events[EVENTS];
  int busy = connections;
  for (int i = 0; i < connections; i++) begin(&clients[i]);
  while (busy > 0) {
    int n = epoll_wait(epoll, events, EVENTS, -1);
    if (n < 0) fail("epoll_wait");
    for (int i = 0; i < n; i++) {
      struct client *c = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) send_some(c);
      if (!(events[i].events & ~EPOLLOUT) || !receive_some(c)) continue;
      double t = now();
      add_time(t - c->since);
      c->messages++;
      if (t < until) begin(c);
      else busy--;
    }
  }
}

static void join(struct client *c, struct sockaddr_in *addr) {
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) fail("socket");
  if (connect(c->fd, (struct sockaddr *)addr, sizeof *addr)) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  want(c, EPOLL_CTL_ADD, EPOLLIN);
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void report(struct client *clients, int connections, double seconds) {
  double sum = 0, squares = 0;
  unsigned long fewest = -1, most = 0;
  for (int i = 0; i < connections; i++) {
    unsigned long n = clients[i].messages;
    sum += n;
    squares += (double)n * n;
    if (n < fewest) fewest = n;
    if (n > most) most = n;
  }
  qsort(times, count, sizeof *times, ascending);
  printf("{\"connections\":%d,\"bytes\":%zu,\"seconds\":%.3f,"
         "\"messages\":%lu,\"perSecond\":%.0f,\"p50Us\":%.1f,\"p99Us\":%.1f,"
         "\"worstUs\":%.1f,\"fewest\":%lu,\"most\":%lu,\"jain\":%.4f}\n",
         connections, size, seconds, count, count / seconds,
         times[count / 2], times[count * 99 / 100], times[count - 1], fewest,
         most, sum * sum / (connections * squares));
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: load HOST PORT CONNECTIONS SIZE SECONDS\n");
    return 2;
  }
  struct sockaddr_in addr = {.sin_family = AF_INET,
                             .sin_port = htons(atoi(argv[2]))};
  int connections = atoi(argv[3]);
  size = atol(argv[4]);
  double seconds = atof(argv[5]);
  if (inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1 || connections < 1 ||
      size < 1) {
    fprintf(stderr, "load: bad arguments\n");
    return 2;
  }

  noise = malloc(size + SHIFTS);
  struct client *clients = calloc(connections, sizeof *clients);
  if (!noise || !clients) fail("malloc");
  for (size_t i = 0; i < size + SHIFTS; i++) noise[i] = rand() >> 7;
  epoll = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    clients[i].shift = i % SHIFTS;
    join(&clients[i], &addr);
  }

  run(clients, connections, 0); /* one message each, which does not count */
  count = 0;
  for (int i = 0; i < connections; i++) clients[i].messages = 0;
  fprintf(stderr, "ready\n");
  getchar();

  double start = now();
  run(clients, connections, start + seconds * 1e6);
  report(clients, connections, (now() - start) / 1e6);
  while (getchar() != EOF) {
  }
  return 0;
}
