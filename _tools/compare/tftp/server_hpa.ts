import { TFTPD } from "../../../tests/tftp/_peers.ts";
import { measureServer, need, versionOf } from "./measure.ts";

need(TFTPD);
await measureServer(
  await versionOf(TFTPD.command, "-V"),
  TFTPD.command,
  ({ hostname, port }, root) => [
    ...["-L", "-a", `${hostname}:${port}`, "-s", root, "-u", "root"],
  ],
  { windows: false },
);
