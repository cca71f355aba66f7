/** What an image's root looks like after its layers are laid over one another. Pure. */

/** A member of a layer's archive. */
export interface LayerEntry {
  /** as it stands in the archive */
  readonly name: string;
  readonly type: string;
  /** permission bits, 0o0000 to 0o7777 */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** of a file's content */
  readonly sha256?: string;
  /** target of a symbolic link, or name of the entry that a hard link is another name of */
  readonly link?: string;
  /** of a device: major and minor number */
  readonly device?: string;
  /** extended attributes by name, their values in hexadecimal */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Something in an image; two names of one file share one object. */
export type Node = Omit<LayerEntry, "name">;

/** path without a leading slash -> what is there. The root itself is not in it: no runtime takes its entry from an image. */
export type Tree = ReadonlyMap<string, Node>;

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * Lays layers over one another, the lowest first, by the rules of
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
 * @throws Error for a hard link to nothing
 */
export function treeOf(layers: readonly (readonly LayerEntry[])[]): Tree {
  const tree = new Map<string, Node>();
  for (const layer of layers) {
    const entries = layer.map((entry) => ({ ...entry, path: clean(entry.name) }));
    // A whiteout hides what lower layers have, never what its own layer has.
    for (const { path } of entries) {
      const [parent, base] = split(path);
      if (base === OPAQUE) removeBelow(tree, parent);
      else if (base.startsWith(WHITEOUT)) remove(tree, join(parent, base.slice(WHITEOUT.length)));
    }
    for (const { path, name: _, ...node } of entries) {
      if (path === "" || split(path)[1].startsWith(WHITEOUT)) continue;
      put(tree, path, node);
    }
  }
  return tree;
}

function put(tree: Map<string, Node>, path: string, entry: Node): void {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    // An archive may leave out directories: whoever unpacks it makes them.
    if (tree.get(parent)?.type !== "directory") tree.set(parent, { type: "directory", mode: 0o755, uid: 0, gid: 0 });
  }
  if (entry.type !== "directory") removeBelow(tree, path);
  if (entry.type !== "link") {
    tree.set(path, entry);
    return;
  }
  const target = tree.get(clean(entry.link ?? ""));
  if (target === undefined) throw new Error(`${path} is a hard link to ${entry.link}, which is not there`);
  tree.set(path, target);
}

function remove(tree: Map<string, Node>, path: string): void {
  tree.delete(path);
  removeBelow(tree, path);
}

function removeBelow(tree: Map<string, Node>, path: string): void {
  for (const name of tree.keys()) if (path === "" || name.startsWith(`${path}/`)) tree.delete(name);
}

/** Other names of the file at each path that has any, sorted. */
export function hardLinks(tree: Tree): Map<string, readonly string[]> {
  const names = new Map<Node, string[]>();
  for (const [path, node] of tree) {
    if (node.type !== "directory") names.set(node, [...(names.get(node) ?? []), path]);
  }
  const found = new Map<string, readonly string[]>();
  for (const paths of names.values()) {
    for (const path of paths.length > 1 ? paths : []) found.set(path, paths.filter((other) => other !== path).sort());
  }
  return found;
}

function clean(name: string): string {
  return name.replace(/^(?:\.?\/)+|^\.$|\/+$/g, "");
}

function split(path: string): [parent: string, base: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
}

function join(parent: string, base: string): string {
  return parent === "" ? base : `${parent}/${base}`;
}
