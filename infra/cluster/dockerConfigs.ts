/** The docker configs of a stack's Secrets, made of its logins. Secret wherever a password is in one. */
import * as pulumi from "@pulumi/pulumi";
import type { ProvisionedAccess } from "../access/access.ts";
import { type DockerConfig, dockerConfigOf, mergeDockerConfigs } from "../documents/dockerConfig.ts";
import { readDockerConfig } from "../documents/givenDockerConfig.ts";
import type { Environment } from "../environment.ts";
import { type HostLogin, hostLogins } from "../registries/hostLogins.ts";
import type { LoginConfig, PullSecretConfig } from "../sections/pullSecrets.ts";

type Part = pulumi.Input<DockerConfig>;

/** The one of builders: logins that follow from registry and access, and those of the stack file. */
export function builderDockerConfig(environment: Environment, access: ProvisionedAccess): pulumi.Output<DockerConfig> {
  const { config } = environment;
  const own = hostLogins(config).map((login) => ownPart(environment, access, login));
  return merged([...own, ...listedParts(environment, config.cluster.pullSecret)]);
}

/** The one of a Secret that a stack file lists. */
export function listedDockerConfig(
  environment: Environment,
  listed: Pick<PullSecretConfig, "logins" | "dockerConfigSecrets">,
): pulumi.Output<DockerConfig> {
  return merged(listedParts(environment, listed));
}

function listedParts(
  environment: Environment,
  { logins, dockerConfigSecrets }: Pick<PullSecretConfig, "logins" | "dockerConfigSecrets">,
): Part[] {
  const named = logins.map((login: LoginConfig): Part => {
    if ("helper" in login) return dockerConfigOf(login);
    const { host, username, passwordSecret } = login;
    return withPassword(host, username, environment.secret(passwordSecret));
  });
  return [...named, ...dockerConfigSecrets.map((name) => environment.secret(name).apply(readDockerConfig))];
}

function ownPart(environment: Environment, access: ProvisionedAccess, login: HostLogin): Part {
  const { host } = login;
  switch (login.by) {
    case "helper":
      return dockerConfigOf({ host, helper: login.helper });
    case "password":
      return withPassword(host, login.username, environment.secret(login.passwordSecret));
    case "key":
      if (access.key === null) throw new pulumi.RunError(`no key was made to log in to ${host} with`);
      return withPassword(host, login.username, access.key);
  }
}

function withPassword(host: string, username: string, password: pulumi.Output<string>): Part {
  return password.apply((text) => dockerConfigOf({ host, username, password: text }));
}

function merged(parts: readonly Part[]): pulumi.Output<DockerConfig> {
  return pulumi.all([...parts]).apply(mergeDockerConfigs);
}
