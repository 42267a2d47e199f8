/** What is wrong with the settings of a server that holds leases. */
export interface SettingsFault {
  /** `stop`: leases would vanish while the server runs. */
  readonly level: "warn" | "stop";
  readonly message: string;
}

/**
 * Looks at what `INFO` and `CONFIG GET appendfsync` say. What a server does not tell is not looked at: managed services keep much to themselves.
 *
 * @param info lines `name:value`
 */
export function settingsFaults(info: string, key: string): readonly SettingsFault[] {
  const fields = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const faults: SettingsFault[] = [];
  const policy = fields.get("maxmemory_policy") ?? "";
  if (policy.startsWith("allkeys-") && fields.get("maxmemory") !== "0")
    faults.push({
      level: "stop",
      message: `Redis takes any key away when its memory is full (maxmemory-policy ${policy}), the leases in ${key} among them: set it to noeviction or a volatile policy, or give the leases a server of their own`,
    });
  if (fields.get("aof_enabled") === "0")
    faults.push({
      level: "warn",
      message:
        "Redis has no log of its writes (appendonly no): leases since the last snapshot are forgotten when it ends, and records land twice; set appendonly yes and appendfsync always",
    });
  else if (["everysec", "no"].includes(fields.get("appendfsync") ?? ""))
    faults.push({
      level: "warn",
      message: `Redis answers before its log is on the disk (appendfsync ${fields.get("appendfsync")}): writes of about a second are forgotten when its machine ends, and records land twice; set appendfsync always`,
    });
  return faults;
}
