/** Providers of clouds, each made once: for a place, by whom they act as. */

/**
 * What finds the provider of a place and an actor, or makes it under a name. Who it acts as is no part of the name of the first. What
 * moves to a provider of another name stays as it is, though: the engine replaces only what the new provider says it has to
 * (pulumi/pulumi, step_generator.go, providerChanged).
 */
export function providerFinder<Provider>(): (
  place: string,
  actor: string,
  make: (name: string) => Provider,
) => Provider {
  /** place -> the providers there, by whom they act as */
  const providers = new Map<string, Map<string, Provider>>();
  return (place, actor, make) => {
    const there = providers.get(place) ?? new Map<string, Provider>();
    providers.set(place, there);
    const provider = there.get(actor) ?? make(there.size === 0 ? place : `${place}-${there.size + 1}`);
    there.set(actor, provider);
    return provider;
  };
}
