/** Sleeping with and without blocking, and a timer that is cancelled. */
import { sleep, sleepSync, Timer } from "../sync/mod.ts";

let ticks = 0;
const ticking = setInterval(() => ticks++, 1);

await sleep(25);
console.log(ticks > 0 ? "others went on while I slept" : "nobody moved");

const before = ticks;
sleepSync(25);
console.log(ticks === before ? "nobody moved while I blocked" : "others moved");
clearInterval(ticking);

const tea = new Timer(5, () => console.log("tea is ready"));
const coffee = new Timer(5, () => console.log("coffee is ready"));
const both = [tea.start(), coffee.start()];
coffee.cancel();
console.log("called:", await Promise.all(both));
