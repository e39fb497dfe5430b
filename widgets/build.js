// Bundle each widget's modules into the one file that anywidget sends to the browser:
// widgets/<name>/src/<name>.js, with all that it imports, becomes widgets/<name>/<name>.bundle.js.
//
// node widgets/build.js           write the bundles whose sources have changed
// node widgets/build.js --check   write nothing; exit with 1 where a bundle is not up to date
// node widgets/build.js --watch   write them anew at each change, until Ctrl+C
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} text */
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** The names of the folders in widgets/ that hold a widget with JavaScript. */
function widgetNames() {
  return readdirSync(join(ROOT, "widgets"))
    .filter((name) => existsSync(join(ROOT, "widgets", name, "src", `${name}.js`)))
    .sort();
}

/**
 * The bundle as it is written. Its head holds the hashes by which tests/widgets/test_bundles.py
 * knows, without Node, whether it belongs to the sources and has been left as it was built.
 * @param {string} code
 * @param {string[]} sources paths from the root
 */
function withHead(code, sources) {
  const all = sources.map((path) => readFileSync(join(ROOT, path), "utf8")).join("");
  return [
    "// Built by `npm run build`; change the sources, not this file.",
    ...sources.map((path) => `// source: ${path}`),
    `// sha256 of the sources: ${sha256(all)}`,
    `// sha256 of the lines below: ${sha256(code)}`,
    code,
  ].join("\n");
}

/**
 * What esbuild is told for a widget; `done` is called with each bundle that it makes.
 * @param {string} name
 * @param {(path: string, bundle: string) => void} done
 * @returns {esbuild.BuildOptions}
 */
function options(name, done) {
  return {
    absWorkingDir: ROOT,
    entryPoints: [`widgets/${name}/src/${name}.js`],
    outfile: `widgets/${name}/${name}.bundle.js`,
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    metafile: true,
    write: false,
    logLevel: "warning",
    plugins: [
      {
        name: "bundle with a head",
        setup(build) {
          build.onEnd(({ outputFiles, metafile }) => {
            const [file] = outputFiles ?? [];
            if (!file || !metafile) return;
            done(file.path, withHead(file.text, Object.keys(metafile.inputs).sort()));
          });
        },
      },
    ],
  };
}

/** @param {string} path */
const contentOf = (path) => (existsSync(path) ? readFileSync(path, "utf8") : null);

/**
 * @param {string} path
 * @param {string} bundle
 */
function write(path, bundle) {
  if (contentOf(path) === bundle) return;
  writeFileSync(path, bundle);
  console.log(`built ${path.slice(ROOT.length + 1)}`);
}

/**
 * @param {string} path
 * @param {string} bundle
 */
function check(path, bundle) {
  if (contentOf(path) === bundle) return;
  console.error(`${path.slice(ROOT.length + 1)} is not up to date: run npm run build`);
  process.exitCode = 1;
}

const [mode] = process.argv.slice(2);
for (const name of widgetNames()) {
  if (mode === "--watch") await (await esbuild.context(options(name, write))).watch();
  else await esbuild.build(options(name, mode === "--check" ? check : write));
}
