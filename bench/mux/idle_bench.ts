/*
 * What connections cost that say nothing: 100 are busy, with and without 9,000 more
 * (or as many as this process may open) that are registered too. Goal: at most 1.25
 * times as long, so that the cost of a wait follows those that are ready.
 */
import { room } from "./_crowd.ts";
import { epollServer, selectorServer } from "./_servers.ts";

const MESSAGES = 5_000;
const busy = 100;
const bytes = 64;
const many = Math.min(9_000, await room() - busy);

for (
  const [name, makeServer] of Object.entries({
    "Selector": selectorServer,
    "Epoll, EPOLLET": epollServer,
  })
) {
  for (const idle of [0, many]) {
    const serve = await makeServer({ busy, idle, bytes });
    Deno.bench(idle === 0 ? "100 alone" : "100 among many idle", {
      group: `${name}, ${MESSAGES} messages`,
      baseline: idle === 0,
    }, async () => {
      await serve(MESSAGES);
    });
  }
}
