/** Configuration file of the CNCF distribution registry (distribution.github.io/distribution/about/configuration). */

/** Where things are inside the registry's container. */
export const REGISTRY_PATHS = {
  configuration: "/etc/registry",
  credentials: "/etc/registry-auth",
  storage: "/var/lib/registry",
} as const;

/** Name of the configuration file and of the password file in their folders. */
export const REGISTRY_FILES = { configuration: "config.yml", credentials: "htpasswd" } as const;

/** Labels of the registry's pod. */
export const REGISTRY_LABELS: Readonly<Record<string, string>> = { "app.kubernetes.io/name": "registry" };

/** Port that the registry listens on inside its pod. */
export const REGISTRY_PORT = 5000;

/**
 * The configuration as JSON, which is YAML. Deleting is on, so that old images can be removed; upload addresses are
 * relative, because clients reach the registry by more than one address.
 */
export function registryConfiguration(options: { readonly basicAuth: boolean }): string {
  return JSON.stringify(
    {
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: REGISTRY_PATHS.storage }, delete: { enabled: true } },
      http: { addr: `:${REGISTRY_PORT}`, relativeurls: true },
      ...(options.basicAuth
        ? {
            auth: {
              htpasswd: { realm: "pergola", path: `${REGISTRY_PATHS.credentials}/${REGISTRY_FILES.credentials}` },
            },
          }
        : {}),
    },
    null,
    2,
  );
}
