/*
 * The events of sources, with the names and numbers of POSIX `poll` and of
 * Linux `epoll`; those of `selectors` are CPython's.
 */

/** There is something to take: octets, a connection, the end, or an error. */
export const POLLIN = 0x001;
/** There is urgent data; Deno never tells. */
export const POLLPRI = 0x002;
/** Something can be sent: nothing is on its way out. */
export const POLLOUT = 0x004;
/** It has failed; always reported. */
export const POLLERR = 0x008;
/** Both sides have said that nothing more comes, or it broke; always reported. */
export const POLLHUP = 0x010;
/** It is closed; always reported by {@linkcode Poll}. */
export const POLLNVAL = 0x020;
/** The other side has said that nothing more comes. */
export const POLLRDHUP = 0x2000;

/** As {@linkcode POLLIN}. */
export const EPOLLIN: number = POLLIN;
/** As {@linkcode POLLPRI}. */
export const EPOLLPRI: number = POLLPRI;
/** As {@linkcode POLLOUT}. */
export const EPOLLOUT: number = POLLOUT;
/** As {@linkcode POLLERR}. */
export const EPOLLERR: number = POLLERR;
/** As {@linkcode POLLHUP}. */
export const EPOLLHUP: number = POLLHUP;
/** As {@linkcode POLLRDHUP}. */
export const EPOLLRDHUP: number = POLLRDHUP;
/** Reports once, then nothing until `modify()`. */
export const EPOLLONESHOT = 0x4000_0000;
/** Reports when something comes, not as long as it is there. */
export const EPOLLET = 0x8000_0000;

/** Wait until there is something to take. */
export const EVENT_READ = 1;
/** Wait until something can be sent. */
export const EVENT_WRITE = 2;
