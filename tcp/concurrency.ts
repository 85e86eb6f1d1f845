/**
 * How a {@linkcode TcpServer} runs its handlers.
 *
 * | model         | socket is with            | handler may block | platforms    | for                           | differs from the one above by  |
 * | ------------- | ------------------------- | ----------------- | ------------ | ----------------------------- | ------------------------------ |
 * | `serial`      | this thread               | no                | all          | one client at a time          |                                |
 * | `async`       | this thread               | no                | all          | most servers                  | not waiting for one handler    |
 * | `coroutines`  | this thread, a task each  | no                | all          | cancelling, holding an RLock  | `spawn()` around the handler   |
 * | `nonblocking` | this thread, in rounds    | no                | all          | to see how it is done         | trying all, again and again    |
 * | `select`      | this thread               | no                | all          | few connections               | lists of all in each wait      |
 * | `poll`        | this thread               | no                | all          | some connections              | registering each when it waits |
 * | `epoll`       | this thread               | no                | all          | many, of which few are busy   | registering once, `ONESHOT`    |
 * | `threads`     | this thread, which relays | yes               | all          | code that blocks or computes  | a pipe to a thread for each    |
 * | `pool`        | one of several threads    | no                | Linux        | all cores, in one process     | a listener for each thread     |
 * | `processes`   | one of several processes  | no                | Linux, macOS | isolation of each connection  | handing over what was accepted |
 * | `prefork`     | one of several processes  | no                | Linux, macOS | all cores, isolated           | handing over the listener      |
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
