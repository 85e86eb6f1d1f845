/*
 * What it costs to wait for 100 connections at once, rather than for each by a
 * function of its own: messages of 64 octets that are sent back. The clients are in
 * a second process and send again as soon as the echo is there, so that the time is
 * that of the server where both sides have a core. Goal: a Selector within 1.5 times
 * of the loop. The number decides whether a server may be written with selectors.
 */
import {
  epollServer,
  rawServer,
  selectorServer,
  selectServer,
} from "./_servers.ts";

const MESSAGES = 5_000;
const crowd = { busy: 100, idle: 0, bytes: 64 };

const servers = {
  "read() and write()": rawServer,
  "Selector": selectorServer,
  "Epoll, EPOLLET": epollServer,
  "select()": selectServer,
};
for (const [name, makeServer] of Object.entries(servers)) {
  const serve = await makeServer(crowd);
  Deno.bench(name, {
    group: `echo ${MESSAGES} messages of 100 connections`,
    baseline: makeServer === rawServer,
  }, async () => {
    await serve(MESSAGES);
  });
}
