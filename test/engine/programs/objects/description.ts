/** A JSON value. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** One resource: `module` and `kind` name the SDK's class (`core/v1`, `Secret`). */
export interface ObjectDescription {
  name: string;
  module: string;
  kind: string;
  args?: { [key: string]: Value };
  /** Read the object of this id instead of managing one. */
  get?: string;
  options?: {
    /** Names of earlier objects. */
    dependsOn?: string[];
    /** Earlier names of this resource. */
    aliases?: string[];
    customTimeouts?: { create?: string; update?: string; delete?: string };
    ignoreChanges?: string[];
    import?: string;
    protect?: boolean;
  };
}

/** What the program `objects` is to create. */
export interface Description {
  /** Path of a kubeconfig; its content goes to the provider as a secret. */
  kubeconfig: string;
  /** More settings of the provider. */
  provider?: { [key: string]: Value };
  objects: ObjectDescription[];
  /** Stack outputs: `name.path`. */
  outputs?: string[];
}
