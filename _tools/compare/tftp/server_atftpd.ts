import { ATFTPD } from "../../../tests/tftp/_peers.ts";
import { measureServer, need, versionOf } from "./measure.ts";

need(ATFTPD);
await measureServer(
  await versionOf(ATFTPD.command, "-V"),
  ATFTPD.command,
  ({ hostname, port }, root) => [
    ...["--daemon", "--no-fork", "--user", "root.root"],
    ...["--port", String(port), "--bind-address", hostname, root],
  ],
);
