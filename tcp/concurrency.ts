/**
 * How a {@linkcode TcpServer} runs its handlers.
 *
 * | model         | socket is with             | handler may block | platforms    | for                            |
 * | ------------- | -------------------------- | ----------------- | ------------ | ------------------------------ |
 * | `serial`      | this thread                | no, but nobody    | all          | one client at a time           |
 * |               |                            | else is served    |              |                                |
 * | `async`       | this thread                | no                | all          | most servers                   |
 * | `coroutines`  | this thread, a task each   | no                | all          | tasks that are cancelled, or   |
 * |               |                            |                   |              | hold an `RLock`                |
 * | `nonblocking` | this thread, in rounds     | no                | all          | to see how it is done          |
 * | `select`      | this thread                | no                | all          | few connections                |
 * | `poll`        | this thread                | no                | all          | some connections               |
 * | `epoll`       | this thread                | no                | all          | many, of which few are busy    |
 * | `threads`     | this thread, which relays  | yes               | all          | code that blocks or computes   |
 * | `pool`        | one of several threads     | no                | Linux        | all cores, in one process      |
 * | `processes`   | one of several processes   | no                | Linux, macOS | isolation of each connection   |
 * | `prefork`     | one of several processes   | no                | Linux, macOS | all cores, isolated            |
 *
 * `threads`: a connection gets a thread, and a {@linkcode BlockingSocket} there,
 * with its first octet; so its client has to speak first. A thread takes some 12
 * MiB: `maxConnections` limits how many there are, `size` how many are kept. A
 * handler that goes on a second after its signal was aborted is ended, with its
 * thread.
 *
 * `pool`: each thread accepts by a listener of its own, and serves as `async` does;
 * the module, with its hooks and variables, is loaded in each. The constructor
 * blocks until the first thread has bound the port. When a thread dies, its
 * connections and those that wait for it are reset, and another one takes its
 * place.
 *
 * `processes`: each connection is accepted here, and handed to the process that has
 * the fewest. `verify` and `onError` are called here, `onTimeout` where the handler
 * is; `verify` may send, but what it receives is lost to the handler, which is an
 * error.
 *
 * `prefork`: the processes inherit the listener, for which they need no permission,
 * and serve as `async` does, whatever this one does meanwhile. One takes all who
 * come at the same moment, so a few may wait for it while another has room.
 *
 * Both start `deno run` with `processFlags`; a process that dies takes its
 * connections along, and is replaced. It ends with this one, but not by SIGINT,
 * SIGTERM or SIGHUP, which may be for the whole group: name those in `signals`, so
 * that the server drains. It takes some 40 MiB. Modules are loaded without a
 * permission to read. What is encrypted cannot be handed over, and a compiled
 * program cannot start others of its kind.
 */
export type Concurrency = (typeof CONCURRENCIES)[number];

/** All models of {@linkcode Concurrency}. */
export const CONCURRENCIES = [
  "serial",
  "async",
  "coroutines",
  "nonblocking",
  "select",
  "poll",
  "epoll",
  "threads",
  "pool",
  "processes",
  "prefork",
] as const;
