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
