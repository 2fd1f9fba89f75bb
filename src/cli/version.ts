// `rollout --version`: which program this is, on which Node, and where it lies.

/** As package.json says; a test holds the two together, since the bundle carries no package.json. */
export const VERSION = '0.1.0';

/** `rollout 0.1.0, node v24.21.0, /opt/rollout-action/bundle-1f0e9a55c2d7/cli/index.js`: the bundle's name is its hash. */
export function versionLine(): string {
  return `rollout ${VERSION}, node ${process.version}, ${process.argv[1] ?? process.execPath}`;
}
