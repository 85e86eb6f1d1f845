/**
 * Discovery: three answer, one asks who is there.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1,0.0.0.0,239.255.76.83 \
 *       examples/udp_discover.ts
 */
import { formatAddr } from "@lockstep/lockstep/mux";
import { answerDiscovery, discover } from "@lockstep/lockstep/udp";

let port = 0; // any, so that this example disturbs nobody
await using responders = new AsyncDisposableStack();
for (const [index, name] of ["attic", "kitchen", "cellar"].entries()) {
  const responder = await answerDiscovery({
    service: "printer",
    name,
    servicePort: 9100 + index,
    info: index === 2 ? "colour" : "",
    port,
  });
  responders.use(responder);
  port = responder.addr.port; // all share it
}

const found = await discover({ service: "printer", limit: 3, port });
for (const { name, addr, info = "black" } of found) {
  console.log(`${name} at ${formatAddr(addr)}, ${info}`);
}
console.log(`${found.length} found`);
